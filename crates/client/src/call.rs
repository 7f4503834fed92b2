//! One request: sent, and sent again where that is safe.
//!
//! Every write carries an `Idempotency-Key`, so that a repetition after a lost answer is the same
//! write. What the server refuses is not repeated, except when it says "in a moment".

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{
    AUTHORIZATION, CONNECTION, DATE, HeaderValue, RANGE, RETRY_AFTER, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::{Method, Response, StatusCode};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::Value;

use crate::client::Client;
use crate::error::{ClientError, Problem};
use crate::reply::Reply;
use crate::tls::distrust;

const PAUSES: [Duration; 2] = [Duration::from_millis(150), Duration::from_millis(600)];
/// The longest "in a moment" that is waited for without saying anything.
const LONGEST_MOMENT: Duration = Duration::from_secs(5);
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// What is asked for in a list.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(&'static str, String)>);

impl Query {
    /// Nothing in particular.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this, if it is given.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.0.extend(value.map(|value| (name, value.to_string())));
        self
    }
}

/// A request before it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Query,
    pub(crate) body: Option<Value>,
    key: Option<String>,
    /// What a WebSocket is asked for with.
    pub(crate) nonce: Option<String>,
    /// From which place on the answer is wanted.
    from: u64,
}

impl Call {
    pub(crate) fn get(path: impl Into<String>, query: Query) -> Self {
        Self { method: Method::GET, path: path.into(), query, body: None, key: None, nonce: None, from: 0 }
    }

    /// Only what comes from this place on.
    #[must_use]
    pub(crate) fn beginning_at(self, from: u64) -> Self {
        Self { from, ..self }
    }

    /// A write; its key is made once, however often it is sent.
    pub(crate) fn write(method: Method, path: impl Into<String>, body: Option<Value>) -> Result<Self, ClientError> {
        let key = chance()?.iter().map(|b| format!("{b:02x}")).collect();
        Ok(Self { method, path: path.into(), query: Query::new(), body, key: Some(key), nonce: None, from: 0 })
    }

    /// Asks for a WebSocket.
    pub(crate) fn socket(path: impl Into<String>, query: Query) -> Result<Self, ClientError> {
        let nonce = STANDARD.encode(chance()?);
        Ok(Self { nonce: Some(nonce), ..Self::get(path, query) })
    }
}

impl Client {
    /// Sends a request with these credentials, and again where that is safe.
    pub(crate) async fn send(&self, call: &Call, token: Option<&str>) -> Result<Response, ClientError> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let wait = match self.send_once(call, token).await {
                Ok(response) => match moment(&response) {
                    None => return Ok(response),
                    Some(moment) => match pauses.next() {
                        None => return Ok(response),
                        Some(pause) => pause.max(moment),
                    },
                },
                Err(error) => match pauses.next().filter(|_| may_repeat(call, token, &error)) {
                    None => return Err(self.unreachable(&error)),
                    Some(pause) => pause,
                },
            };
            tokio::time::sleep(wait).await;
        }
    }

    async fn send_once(&self, call: &Call, token: Option<&str>) -> reqwest::Result<Response> {
        let mut url = self.server().operation(&call.path);
        if !call.query.0.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query.0);
        }
        let mut request = self.http().request(call.method.clone(), url);
        if let Some(token) = token
            && let Ok(mut value) = HeaderValue::try_from(format!("Bearer {token}"))
        {
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        if let Some(key) = &call.key {
            request = request.header("Idempotency-Key", key);
        }
        if call.from > 0 {
            request = request.header(RANGE, format!("bytes={}-", call.from));
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        if let Some(nonce) = &call.nonce {
            request = request.header(CONNECTION, "Upgrade").header(UPGRADE, "websocket");
            request = request.header(SEC_WEBSOCKET_VERSION, "13").header(SEC_WEBSOCKET_KEY, nonce);
        }
        request.send().await
    }

    /// Turns an answer into a reply, or into the server's refusal.
    pub(crate) async fn reply<T>(&self, response: Response) -> Result<Reply<T>, ClientError> {
        let response = self.accepted(response).await?;
        let date = response.headers().get(DATE).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let text = self.text(response).await?;
        Ok(Reply::new(text, self.server().clone(), date))
    }

    /// The answer if it is a success, the server's refusal otherwise.
    pub(crate) async fn accepted(&self, response: Response) -> Result<Response, ClientError> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = self.text(response).await?;
        match serde_json::from_str::<Problem>(&text) {
            Ok(problem) => Err(ClientError::Refused(Box::new(problem))),
            Err(_) => Err(self.unexpected(format!("status {}", status.as_u16()))),
        }
    }

    async fn text(&self, mut response: Response) -> Result<String, ClientError> {
        let mut bytes = vec![];
        while let Some(chunk) = response.chunk().await.map_err(|e| self.unreachable(&e))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LARGEST_ANSWER {
                return Err(self.unexpected("the answer does not end".into()));
            }
        }
        String::from_utf8(bytes).map_err(|_| self.unexpected("the answer is not text".into()))
    }

    pub(crate) fn unreachable(&self, error: &reqwest::Error) -> ClientError {
        // The innermost cause is the one that a person can do something about.
        let mut cause: &dyn std::error::Error = error;
        loop {
            if let Some(why) = distrust(cause) {
                return ClientError::Untrusted { server: self.server().clone(), why };
            }
            match cause.source() {
                Some(deeper) => cause = deeper,
                None => break,
            }
        }
        let why = if error.is_timeout() { "it did not answer in time".to_owned() } else { cause.to_string() };
        ClientError::Unreachable { server: self.server().clone(), why }
    }

    pub(crate) fn unexpected(&self, what: String) -> ClientError {
        ClientError::Unexpected { server: self.server().clone(), what }
    }
}

fn chance() -> Result<[u8; 16], ClientError> {
    let mut bytes = [0; 16];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| ClientError::Setup("the system gives no randomness".into()))?;
    Ok(bytes)
}

/// Whether the request can be sent again without being carried out twice. Keys belong to whoever is
/// signed in, so an open write (a refresh!) is repeated only if it cannot have arrived.
fn may_repeat(call: &Call, token: Option<&str>, error: &reqwest::Error) -> bool {
    let is_open_write = call.key.is_some() && token.is_none();
    !error.is_builder() && (error.is_connect() || !is_open_write)
}

/// How long the server asks to wait, when it is a moment only.
fn moment(response: &Response) -> Option<Duration> {
    let busy = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&response.status());
    let after = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)?;
    (busy && after <= LONGEST_MOMENT).then_some(after)
}
