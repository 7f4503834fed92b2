//! Talking to identity providers: short, bounded, and never anywhere that an answer points to.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::{Host, Url};

/// Whole conversations take less.
const PATIENCE: Duration = Duration::from_secs(10);
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// Key sets and tokens are a few kilobytes.
const MOST_BYTES: usize = 256 * 1024;

/// Why a provider did not give what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("the provider did not answer a moment ago")]
    Away,
    #[error("the provider cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("the provider answered {status}: {error}")]
    Refused { status: u16, error: String },
    #[error("the provider's answer is larger than any honest one")]
    TooLarge,
    #[error("the provider's answer is not what the standard says: {0}")]
    Malformed(String),
}

/// Asks providers.
#[derive(Debug, Clone)]
pub(super) struct Client {
    http: reqwest::Client,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
}

impl Client {
    /// A client that trusts what this machine trusts.
    ///
    /// # Errors
    /// When the machine's certificates cannot be read.
    pub(super) fn new() -> Result<Self, Trouble> {
        // Another part of the process may have chosen the same before: then this changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .connect_timeout(CONNECT_PATIENCE)
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(2)
            .referer(false)
            .no_proxy()
            .user_agent(concat!("diwan/", env!("CARGO_PKG_VERSION")));
        Ok(Self { http: builder.build()? })
    }

    /// Reads a document.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn get(&self, url: &Url, bearer: Option<&str>) -> Result<Vec<u8>, Trouble> {
        let mut request = self.http.get(url.clone()).header("accept", "application/json");
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        answer(request).await
    }

    /// Sends a form and reads the answer.
    ///
    /// # Errors
    /// When the provider refuses.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> Result<T, Trouble> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = self
            .http
            .post(url.clone())
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        if let Some((name, secret)) = basic {
            request = request.basic_auth(encoded(name), Some(encoded(secret)));
        }
        read(&answer(request).await?)
    }
}

/// Reads a document of the standard.
pub(super) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Trouble> {
    serde_json::from_slice(json).map_err(|e| Trouble::Malformed(e.to_string()))
}

/// A name or secret as RFC 6749 (2.3.1) wants it in the Authorization header.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn answer(request: RequestBuilder) -> Result<Vec<u8>, Trouble> {
    let response = request.send().await?;
    let status = response.status();
    let body = whole_body(response).await?;
    if status.is_success() {
        return Ok(body);
    }
    let error = serde_json::from_slice::<ErrorAnswer>(&body).map_or_else(|_| "no reason".to_owned(), |e| e.error);
    // What a provider says goes to the log: no longer than a line.
    let error = error.chars().filter(|c| !c.is_control()).take(80).collect();
    Err(Trouble::Refused { status: status.as_u16(), error })
}

async fn whole_body(mut response: Response) -> Result<Vec<u8>, Trouble> {
    let mut body = vec![];
    while let Some(part) = response.chunk().await? {
        if body.len() + part.len() > MOST_BYTES {
            return Err(Trouble::TooLarge);
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

/// An address that may be talked to: https, or plain http on this machine when `plain_allowed`.
pub(super) fn safe_address(text: &str, plain_allowed: bool) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_plain = url.scheme() == "http" && plain_allowed && is_this_machine(&url);
    let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    ((url.scheme() == "https" || is_plain) && url.has_host() && is_bare).then_some(url)
}

/// Whether an address is on this machine.
pub(super) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_encrypted_addresses_are_talked_to_beyond_this_machine() {
        for (text, plain_allowed, safe) in [
            ("https://login.example/token", false, true),
            ("http://login.example/token", true, false),
            ("http://127.0.0.1:9000/token", true, true),
            ("http://[::1]:9000/token", true, true),
            ("http://localhost:9000/token", true, true),
            ("http://127.0.0.1:9000/token", false, false),
            ("http://localhost.evil.example/token", true, false),
            ("http://127.0.0.1.evil.example/", true, false),
            ("https://user:word@login.example/", false, false),
            ("https://login.example/#x", false, false),
            ("file:///etc/passwd", true, false),
            ("ftp://login.example", true, false),
            ("javascript:alert(1)", true, false),
            ("", true, false),
        ] {
            assert_eq!(safe_address(text, plain_allowed).is_some(), safe, "{text}");
        }
    }

    #[test]
    fn names_and_secrets_are_encoded_before_they_are_joined() {
        assert_eq!(encoded("a b:c%é+"), "a+b%3Ac%25%C3%A9%2B");
    }
}
