//! An identity provider: what the settings say of it, what it says of itself, and its keys.

use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::World;
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::client::{Client, Trouble, is_this_machine, read, safe_address};
use super::jwks::{self, VerifyingKey};
use crate::config::OidcProvider;

/// How long what a provider says of itself is taken for true.
const FRESH: Duration = Duration::from_secs(3600);
/// Keys are not fetched more often than this, whatever tokens come.
const KEYS_AGAIN: Duration = Duration::from_secs(30);
/// A provider that did not answer is left alone for this long: nobody waits in line for it.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// What a provider says of itself (OpenID Connect Discovery 1.0).
#[derive(Debug, Clone, Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// The same, checked.
#[derive(Debug, Clone)]
pub(super) struct Metadata {
    pub(super) authorization: Url,
    pub(super) token: Url,
    pub(super) userinfo: Option<Url>,
    keys: Url,
    /// Whether the secret goes into the body instead of the header.
    pub(super) secret_in_body: bool,
    /// Whether it always says who answers.
    pub(super) names_itself: bool,
}

#[derive(Debug, Clone)]
struct Known {
    metadata: Arc<Metadata>,
    keys: Arc<[VerifyingKey]>,
    at: Duration,
    keys_at: Duration,
}

/// A provider. What is known of it is kept for a while.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(super) settings: OidcProvider,
    client: Client,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    known: Option<Known>,
    failed_at: Option<Duration>,
}

/// What is needed to send somebody there and to understand what they bring back.
#[derive(Debug, Clone)]
pub(super) struct Introduction {
    pub(super) metadata: Arc<Metadata>,
    pub(super) keys: Arc<[VerifyingKey]>,
}

impl Provider {
    pub(super) fn new(settings: OidcProvider, client: Client) -> Self {
        Self { settings, client, memory: Mutex::default() }
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// What is known of the provider; asks it when that is nothing, or old.
    ///
    /// # Errors
    /// When it is nothing and the provider does not answer well.
    pub(super) async fn introduce(&self, world: &World) -> Result<Introduction, Trouble> {
        let mut memory = self.memory.lock().await;
        let now = world.monotonic();
        let just_failed = memory.failed_at.is_some_and(|at| now.saturating_sub(at) < ASK_AGAIN);
        match &memory.known {
            Some(known) if just_failed || now.saturating_sub(known.at) < FRESH => return Ok(known.introduction()),
            None if just_failed => return Err(Trouble::Away),
            _ => {}
        }
        match self.ask(now).await {
            Ok(new) => {
                *memory = Memory { known: Some(new.clone()), failed_at: None };
                Ok(new.introduction())
            }
            Err(trouble) => {
                memory.failed_at = Some(now);
                // What was true an hour ago is better than closing the door.
                let old = memory.known.as_ref().map(Known::introduction);
                tracing::warn!(provider = %self.settings.id, error = %trouble, "an identity provider does not answer well");
                old.ok_or(trouble)
            }
        }
    }

    /// The keys again, because a token names one that is not known; at most every half minute.
    ///
    /// # Errors
    /// When the provider does not answer well.
    pub(super) async fn fresh_keys(&self, world: &World) -> Result<Introduction, Trouble> {
        let mut memory = self.memory.lock().await;
        let now = world.monotonic();
        let Some(known) = memory.known.as_mut() else {
            return Err(Trouble::Malformed("nothing is known of it".into()));
        };
        if now.saturating_sub(known.keys_at) >= KEYS_AGAIN {
            known.keys_at = now;
            known.keys = self.ask_keys(&known.metadata.keys).await?;
        }
        Ok(known.introduction())
    }

    async fn ask(&self, now: Duration) -> Result<Known, Trouble> {
        let issuer = &self.settings.issuer;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let address = Url::parse(&address).map_err(|e| Trouble::Malformed(e.to_string()))?;
        let document: Document = read(&self.client.get(&address, None).await?)?;
        let metadata = checked(document, issuer)?;
        let keys = self.ask_keys(&metadata.keys).await?;
        Ok(Known { metadata: Arc::new(metadata), keys, at: now, keys_at: now })
    }

    async fn ask_keys(&self, at: &Url) -> Result<Arc<[VerifyingKey]>, Trouble> {
        let json = self.client.get(at, None).await?;
        jwks::parse(&json).map(Into::into).ok_or_else(|| Trouble::Malformed("it publishes no key set".into()))
    }
}

impl Known {
    fn introduction(&self) -> Introduction {
        Introduction { metadata: self.metadata.clone(), keys: self.keys.clone() }
    }
}

fn checked(document: Document, issuer: &str) -> Result<Metadata, Trouble> {
    if document.issuer != issuer {
        return Err(Trouble::Malformed("it says that it is somebody else".to_owned()));
    }
    let plain_allowed = Url::parse(issuer).is_ok_and(|url| url.scheme() == "http" && is_this_machine(&url));
    let address = |what: &str, text: &str| {
        safe_address(text, plain_allowed).ok_or_else(|| Trouble::Malformed(format!("its {what} is not a safe address")))
    };
    let methods = document.token_endpoint_auth_methods_supported;
    let has = |name: &str| methods.as_ref().is_some_and(|m| m.iter().any(|method| method == name));
    Ok(Metadata {
        authorization: address("authorization_endpoint", &document.authorization_endpoint)?,
        token: address("token_endpoint", &document.token_endpoint)?,
        userinfo: document.userinfo_endpoint.map(|text| address("userinfo_endpoint", &text)).transpose()?,
        keys: address("jwks_uri", &document.jwks_uri)?,
        secret_in_body: has("client_secret_post") && !has("client_secret_basic"),
        names_itself: document.authorization_response_iss_parameter_supported,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn document(change: impl FnOnce(&mut Value)) -> Result<Metadata, Trouble> {
        let mut value = json!({
            "issuer": "https://login.example",
            "authorization_endpoint": "https://login.example/authorize",
            "token_endpoint": "https://api.login.example/token",
            "jwks_uri": "https://login.example/keys",
        });
        change(&mut value);
        checked(serde_json::from_value(value).unwrap(), "https://login.example")
    }

    #[test]
    fn a_document_that_leads_astray_is_refused() {
        assert!(document(|_| {}).is_ok());
        for (field, value) in [
            ("issuer", "https://login.example/"),
            ("issuer", "https://evil.example"),
            ("authorization_endpoint", "http://login.example/authorize"),
            ("authorization_endpoint", "javascript:alert(1)"),
            ("token_endpoint", "http://127.0.0.1/token"),
            ("token_endpoint", "https://a:b@login.example/token"),
            ("jwks_uri", "file:///etc/passwd"),
            ("userinfo_endpoint", "http://169.254.169.254/latest"),
        ] {
            assert!(document(|d| d[field] = json!(value)).is_err(), "{field} {value}");
        }
    }

    #[test]
    fn the_secret_goes_where_the_provider_wants_it() {
        let in_body =
            |methods: Value| document(|d| d["token_endpoint_auth_methods_supported"] = methods).unwrap().secret_in_body;
        assert!(!document(|_| {}).unwrap().secret_in_body, "the header is the default");
        assert!(in_body(json!(["client_secret_post"])));
        assert!(!in_body(json!(["client_secret_post", "client_secret_basic"])));
    }
}
