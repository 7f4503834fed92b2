//! Who we are in a request: an API token, or a session whose tokens are exchanged in time.
//!
//! A refresh token works once; the server takes a second use for a theft and ends the session. So one
//! process exchanges it while the others wait, and whoever waited uses what the first one got.

use std::time::{Duration, UNIX_EPOCH};

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::call::{Call, Query};
use crate::client::Client;
use crate::credentials::{Account, Secrets};
use crate::error::ClientError;
use crate::model::TokenPair;
use crate::reply::Reply;

/// An access token that ends within this time is exchanged before it is used.
const MARGIN: Duration = Duration::from_secs(30);

impl Client {
    /// Carries out an operation as whoever is signed in.
    pub(crate) async fn call<T>(&self, call: Call) -> Result<Reply<T>, ClientError> {
        let response = self.respond(&call).await?;
        self.reply(response).await
    }

    /// Carries out an operation that is open to everybody.
    pub(crate) async fn call_openly<T>(&self, call: Call) -> Result<Reply<T>, ClientError> {
        let response = self.send(&call, None).await?;
        self.reply(response).await
    }

    /// The same as [`Client::call`], with the answer as it arrives.
    pub(crate) async fn respond(&self, call: &Call) -> Result<reqwest::Response, ClientError> {
        if let Some(token) = &self.options().token {
            return self.send(call, Some(token)).await;
        }
        let token = self.access_token(None).await?;
        let response = self.send(call, Some(&token)).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        // Our clock may be wrong about when the token ends: the server's word counts.
        match self.access_token(Some(&token)).await {
            Ok(fresh) if fresh != token => self.send(call, Some(&fresh)).await,
            Ok(_) => Ok(response),
            Err(error) => Err(error),
        }
    }

    /// A token for requests, exchanged first if it is about to end or is the `refused` one.
    async fn access_token(&self, refused: Option<&str>) -> Result<String, ClientError> {
        let Some(account) = self.kept()? else { return Err(self.not_signed_in()) };
        match usable(&account.secrets, refused) {
            Some(token) => Ok(token),
            None => self.exchange(refused).await,
        }
    }

    async fn exchange(&self, refused: Option<&str>) -> Result<String, ClientError> {
        let Some(file) = &self.options().credentials else { return Err(self.not_signed_in()) };
        let turn = file.take_turn().await?;
        let mut credentials = file.read()?;
        let Some(account) = credentials.servers.get_mut(self.server()) else { return Err(self.not_signed_in()) };
        // Somebody else may have exchanged it while we waited.
        if let Some(token) = usable(&account.secrets, refused) {
            return Ok(token);
        }
        let Secrets::Session { refresh_token, .. } = &account.secrets else { return Err(self.not_signed_in()) };
        let call = Call::write(Method::POST, "/api/v1/auth/refresh", Some(json!({"refresh_token": refresh_token})))?;
        let answer = self.call_openly::<TokenPair>(call).await.and_then(|reply| reply.read());
        match answer {
            Ok(pair) => {
                account.secrets = session(&pair);
                file.write(&turn, &credentials)?;
                Ok(pair.access_token)
            }
            Err(ClientError::Refused(problem)) if problem.status == StatusCode::UNAUTHORIZED.as_u16() => {
                credentials.servers.remove(self.server());
                file.write(&turn, &credentials)?;
                Err(self.not_signed_in())
            }
            Err(other) => Err(other),
        }
    }

    /// Keeps a pair of tokens for this server and makes it the one that is meant when none is named.
    ///
    /// # Errors
    /// When the credentials file cannot be written.
    pub async fn keep_session(&self, pair: &TokenPair) -> Result<(), ClientError> {
        self.keep(session(pair)).await
    }

    /// Keeps an API token for this server and makes it the one that is meant when none is named.
    ///
    /// # Errors
    /// When the credentials file cannot be written.
    pub async fn keep_api_token(&self, token: &str) -> Result<(), ClientError> {
        self.keep(Secrets::ApiToken { token: token.to_owned() }).await
    }

    async fn keep(&self, secrets: Secrets) -> Result<(), ClientError> {
        let Some(file) = &self.options().credentials else {
            return Err(ClientError::Setup("there is no place for credentials: set HOME or XDG_CONFIG_HOME".into()));
        };
        let account = Account { trust: self.trust(), secrets };
        file.change(|credentials| {
            credentials.servers.insert(self.server().clone(), account);
            credentials.current = Some(self.server().clone());
        })
        .await
    }

    /// Ends the session at the server, if it is one, and forgets what is kept. False when nothing was.
    ///
    /// # Errors
    /// When the credentials file cannot be written. A server that does not answer is no reason to
    /// keep the credentials.
    pub async fn sign_out(&self) -> Result<SignedOut, ClientError> {
        let Some(account) = self.kept()? else { return Ok(SignedOut::WasNot) };
        let at_the_server = match account.secrets {
            Secrets::ApiToken { .. } => Ok(()),
            Secrets::Session { .. } => {
                let call = Call::write(Method::POST, "/api/v1/auth/sign-out", None)?;
                self.call::<()>(call).await.map(drop)
            }
        };
        if let Some(file) = &self.options().credentials {
            file.change(|credentials| drop(credentials.servers.remove(self.server()))).await?;
        }
        Ok(match at_the_server {
            Ok(()) | Err(ClientError::NotSignedIn(_)) => SignedOut::Done,
            Err(error) => SignedOut::HereOnly(error),
        })
    }

    /// Whether anything is known to sign in with.
    ///
    /// # Errors
    /// When the credentials file cannot be read.
    pub fn has_credentials(&self) -> Result<bool, ClientError> {
        Ok(self.options().token.is_some() || self.kept()?.is_some())
    }

    fn not_signed_in(&self) -> ClientError {
        ClientError::NotSignedIn(self.server().clone())
    }

    /// Carries out a read that has no method of its own, openly.
    pub(crate) async fn get_openly<T>(&self, path: &str) -> Result<Reply<T>, ClientError> {
        self.call_openly(Call::get(path, Query::new())).await
    }
}

/// How a sign-out went.
#[derive(Debug)]
pub enum SignedOut {
    /// Here and at the server.
    Done,
    /// Here; the server could not be told.
    HereOnly(ClientError),
    /// Nobody was signed in.
    WasNot,
}

fn usable(secrets: &Secrets, refused: Option<&str>) -> Option<String> {
    let token = match secrets {
        Secrets::ApiToken { token } => return Some(token.clone()),
        Secrets::Session { access_token, expires_at_s, .. } => {
            let ends_soon = *expires_at_s <= now_s() + MARGIN.as_secs();
            (!ends_soon).then_some(access_token)?
        }
    };
    (refused != Some(token)).then(|| token.clone())
}

fn session(pair: &TokenPair) -> Secrets {
    Secrets::Session {
        access_token: pair.access_token.clone(),
        refresh_token: pair.refresh_token.clone(),
        expires_at_s: now_s().saturating_add(pair.expires_in_s),
    }
}

#[expect(clippy::disallowed_methods, reason = "this crate stands alone and reads the machine's clock here only")]
fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
