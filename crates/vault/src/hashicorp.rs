//! Talking to HashiCorp Vault or OpenBao by their published API: short, bounded, and never anywhere
//! that an answer points to.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use diwan_kernel::World;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Method, StatusCode};
use serde_json::{Value, json};
use url::Url;
use zeroize::Zeroizing;

/// Whole conversations take less.
const PATIENCE: Duration = Duration::from_secs(10);
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// A value of 64 KiB with everything around it is far smaller.
const MOST_BYTES: usize = 1024 * 1024;

/// Why it did not work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// It cannot be reached, or is sealed, or in standby.
    #[error("{0}")]
    Away(String),
    /// It refused.
    #[error("it answered {status}: {reason}")]
    Refused {
        /// With which status.
        status: u16,
        /// What it said.
        reason: String,
    },
    /// There is no such thing.
    #[error("there is no such thing")]
    Missing,
    /// Its answer makes no sense.
    #[error("its answer is not what its documentation says")]
    Malformed,
    /// The credential that we have for it cannot be read.
    #[error("the credential in {0} cannot be read")]
    Credential(String),
}

/// What we sign in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Auth {
    /// A token in a file.
    TokenFile(String),
    /// An AppRole.
    AppRole {
        /// Which role.
        role_id: String,
        /// The file that holds its secret.
        secret_id_file: String,
    },
}

/// Where it is and how we sign in.
#[derive(Debug, Clone)]
pub(crate) struct Address<'a> {
    pub(crate) address: &'a str,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) ca_file: Option<&'a str>,
    pub(crate) auth: Auth,
}

struct Token {
    text: Zeroizing<String>,
    /// By the monotonic clock: from here on a new one is fetched.
    renew_at: Option<Duration>,
}

/// One vault that somebody else runs.
pub(crate) struct Remote {
    world: World,
    http: Client,
    base: Url,
    namespace: Option<String>,
    auth: Auth,
    token: Mutex<Option<Token>>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Remote {
    /// A client for it; nothing is asked yet.
    ///
    /// # Errors
    /// When the address or the certificate file makes no sense.
    pub(crate) fn new(world: &World, at: &Address<'_>) -> Result<Self, String> {
        // Another part of the process may have chosen the same before: then this changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = Client::builder()
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .connect_timeout(CONNECT_PATIENCE)
            .pool_idle_timeout(Duration::from_secs(30))
            .referer(false)
            .no_proxy()
            .user_agent(concat!("diwan/", env!("CARGO_PKG_VERSION")));
        if let Some(file) = at.ca_file {
            let pem = world.disk().read(Path::new(file)).map_err(|e| format!("{file}: {e}"))?;
            let bundle = Certificate::from_pem_bundle(&pem).map_err(|_| format!("{file} holds no certificates"))?;
            http = http.tls_certs_only(bundle);
        }
        // Without the slash, what follows the last one would be replaced by our paths.
        let address = format!("{}/", at.address.trim_end_matches('/'));
        let base = Url::parse(&address).map_err(|e| format!("{address}: {e}"))?;
        Ok(Self {
            world: world.clone(),
            http: http.build().map_err(|e| e.to_string())?,
            base,
            namespace: at.namespace.map(str::to_owned),
            auth: at.auth.clone(),
            token: Mutex::new(None),
        })
    }

    /// Reads.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Trouble> {
        self.signed_in(Method::GET, path, None).await
    }

    /// Writes.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Trouble> {
        self.signed_in(Method::POST, path, Some(body)).await
    }

    /// Removes.
    pub(crate) async fn delete(&self, path: &str) -> Result<Value, Trouble> {
        self.signed_in(Method::DELETE, path, None).await
    }

    /// Sends a request with our token; when that is not accepted any more, once again with a new one.
    async fn signed_in(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Trouble> {
        let token = self.token().await?;
        match self.send(method.clone(), path, body, Some(&token)).await {
            Err(Trouble::Refused { status: 403, .. }) => {
                *self.lock() = None;
                let token = self.token().await?;
                self.send(method, path, body, Some(&token)).await
            }
            other => other,
        }
    }

    async fn token(&self) -> Result<Zeroizing<String>, Trouble> {
        let now = self.world.monotonic();
        if let Some(token) = self.lock().as_ref().filter(|t| t.renew_at.is_none_or(|at| at > now)) {
            return Ok(token.text.clone());
        }
        let token = match &self.auth {
            Auth::TokenFile(file) => Token { text: self.credential(file)?, renew_at: None },
            Auth::AppRole { role_id, secret_id_file } => self.sign_in(role_id, secret_id_file, now).await?,
        };
        let text = token.text.clone();
        *self.lock() = Some(token);
        Ok(text)
    }

    async fn sign_in(&self, role_id: &str, secret_id_file: &str, now: Duration) -> Result<Token, Trouble> {
        let secret_id = self.credential(secret_id_file)?;
        let body = json!({"role_id": role_id, "secret_id": *secret_id});
        let answer = self.send(Method::POST, "auth/approle/login", Some(&body), None).await?;
        let text = answer["auth"]["client_token"].as_str().ok_or(Trouble::Malformed)?;
        let seconds = answer["auth"]["lease_duration"].as_u64().unwrap_or(0);
        // Early enough that no request is under way with a token that ends.
        let renew_at = (seconds > 0).then(|| now + Duration::from_secs(seconds) * 2 / 3);
        Ok(Token { text: Zeroizing::new(text.to_owned()), renew_at })
    }

    fn credential(&self, file: &str) -> Result<Zeroizing<String>, Trouble> {
        let unreadable = || Trouble::Credential(file.to_owned());
        let bytes = Zeroizing::new(self.world.disk().read(Path::new(file)).map_err(|_| unreadable())?);
        let text = std::str::from_utf8(&bytes).map_err(|_| unreadable())?.trim();
        if text.is_empty() { Err(unreadable()) } else { Ok(Zeroizing::new(text.to_owned())) }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        token: Option<&str>,
    ) -> Result<Value, Trouble> {
        let url = self.base.join(&format!("v1/{path}")).map_err(|_| Trouble::Malformed)?;
        let mut request = self.http.request(method, url).header("X-Vault-Request", "true");
        if let Some(token) = token {
            request = request.header("X-Vault-Token", token);
        }
        if let Some(namespace) = &self.namespace {
            request = request.header("X-Vault-Namespace", namespace);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        // The address of the request is left out of what is told: it may name secrets.
        let away = |e: reqwest::Error| Trouble::Away(e.without_url().to_string());
        let mut response = request.send().await.map_err(away)?;
        let status = response.status();
        let mut bytes = Zeroizing::new(vec![]);
        while let Some(part) = response.chunk().await.map_err(away)? {
            if bytes.len() + part.len() > MOST_BYTES {
                return Err(Trouble::Malformed);
            }
            bytes.extend_from_slice(&part);
        }
        judge(status, &bytes)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Token>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn judge(status: StatusCode, bytes: &[u8]) -> Result<Value, Trouble> {
    if status == StatusCode::NO_CONTENT || bytes.is_empty() && status.is_success() {
        return Ok(Value::Null);
    }
    if status.is_success() {
        return serde_json::from_slice(bytes).map_err(|_| Trouble::Malformed);
    }
    // What it says goes to our log: no longer than a line, and only its own errors.
    let said: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let given = said["errors"][0].as_str().or_else(|| said["error"].as_str());
    let first = given.unwrap_or("no reason");
    let reason: String = first.chars().filter(|c| !c.is_control()).take(120).collect();
    match status.as_u16() {
        // With a reason it is not the document that is missing, but the engine or the mount.
        404 if given.is_none() => Err(Trouble::Missing),
        // 503 is sealed or in maintenance, 429 and 472, 473 a standby, 502 and 504 a proxy before it.
        429 | 472 | 473 | 502..=504 => Err(Trouble::Away(format!("it answered {status}: {reason}"))),
        status => Err(Trouble::Refused { status, reason }),
    }
}
