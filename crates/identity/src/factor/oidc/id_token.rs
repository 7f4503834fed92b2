//! Checking an ID token (OpenID Connect Core 3.1.3.7): the signature first, then every claim that
//! says for whom, by whom, when and for which sign-in it was made.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diwan_kernel::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::jwks::{Algorithm, VerifyingKey};
use crate::keys::same;

/// The clocks of two machines may differ this much.
const LEEWAY: Duration = Duration::from_secs(60);
/// A token is made during the sign-in it is for, so it is never older than that may take.
const OLDEST: Duration = Duration::from_secs(15 * 60);
const MAX_BYTES: usize = 16 * 1024;
const MAX_SUBJECT: usize = 255;

/// Why an ID token was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("it is not a signed token")]
    Malformed,
    #[error("it is signed in a way that is not accepted")]
    Algorithm,
    #[error("it is signed with a key that the provider does not publish")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("it was issued by somebody else")]
    Issuer,
    #[error("it was issued for somebody else")]
    Audience,
    #[error("it has expired, or was issued long ago")]
    Expired,
    #[error("it is not valid yet")]
    Early,
    #[error("it was issued for another sign-in")]
    Nonce,
    #[error("it names nobody")]
    Subject,
}

/// What a token must agree with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

/// What a provider says about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    /// Who it is, in the provider's own terms: the only thing that identifies them.
    pub(crate) subject: String,
    /// An address, whether or not it is theirs.
    pub(crate) email: Option<String>,
    /// Whether the provider vouches for the address.
    pub(crate) email_verified: bool,
    /// What they are called.
    pub(crate) name: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Body {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    #[serde(flatten)]
    person: Person,
}

/// The claims about the person, in an ID token and from the userinfo endpoint alike.
#[derive(Debug, Deserialize)]
pub(super) struct Person {
    pub(super) email: Option<String>,
    pub(super) email_verified: Option<Value>,
    pub(super) name: Option<String>,
}

impl Person {
    /// Some providers write the truth as text.
    pub(super) fn is_email_verified(&self) -> bool {
        matches!(&self.email_verified, Some(Value::Bool(true)))
            || matches!(&self.email_verified, Some(Value::String(text)) if text == "true")
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Checks a token and gives what it says.
pub(super) fn verify(token: &str, keys: &[VerifyingKey], expected: Expected<'_>) -> Result<Claims, Refused> {
    if token.len() > MAX_BYTES {
        return Err(Refused::Malformed);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Refused::Malformed)?;
    let (header, body) = message.split_once('.').ok_or(Refused::Malformed)?;
    let header: Header = part(header)?;
    let decoded = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refused::Malformed)?;
    check_signature(&header, keys, message.as_bytes(), &decoded)?;
    check_claims(part(body)?, expected)
}

fn part<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, Refused> {
    let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| Refused::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| Refused::Malformed)
}

fn check_signature(header: &Header, keys: &[VerifyingKey], message: &[u8], signature: &[u8]) -> Result<(), Refused> {
    let algorithm = Algorithm::parse(&header.alg).ok_or(Refused::Algorithm)?;
    // An access or logout token is no proof of a sign-in, and what is critical we would not know.
    let is_id_token = header.typ.as_deref().is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
    if !is_id_token || header.crit.is_some() {
        return Err(Refused::Algorithm);
    }
    let mut fitting = keys.iter().filter(|key| key.fits(algorithm));
    let key = match &header.kid {
        Some(kid) => fitting.find(|key| key.kid.as_ref() == Some(kid)),
        // Without a name there must be no doubt which key it is.
        None => fitting.next().filter(|_| fitting.next().is_none()),
    };
    let key = key.ok_or(Refused::UnknownKey)?;
    if key.verify(algorithm, message, signature) { Ok(()) } else { Err(Refused::Signature) }
}

fn check_claims(body: Body, expected: Expected<'_>) -> Result<Claims, Refused> {
    if body.iss != expected.issuer {
        return Err(Refused::Issuer);
    }
    let for_us = match &body.aud {
        Audience::One(one) => one == expected.client_id,
        // With more than one audience the token must say that it was made for us.
        Audience::Many(many) if many.len() == 1 => many[0] == expected.client_id,
        Audience::Many(many) => many.iter().any(|a| a == expected.client_id) && body.azp.is_some(),
    };
    if !for_us || body.azp.as_deref().is_some_and(|azp| azp != expected.client_id) {
        return Err(Refused::Audience);
    }
    let (now, leeway) = (seconds(expected.now), LEEWAY.as_secs_f64());
    if body.exp <= now - leeway || body.iat < now - OLDEST.as_secs_f64() {
        return Err(Refused::Expired);
    }
    if body.iat > now + leeway || body.nbf.is_some_and(|nbf| nbf > now + leeway) {
        return Err(Refused::Early);
    }
    let nonce = body.nonce.unwrap_or_default();
    if !same(nonce.as_bytes(), expected.nonce.as_bytes()) {
        return Err(Refused::Nonce);
    }
    if !is_subject(&body.sub) {
        return Err(Refused::Subject);
    }
    let email_verified = body.person.is_email_verified();
    Ok(Claims { subject: body.sub, email: body.person.email, email_verified, name: body.person.name })
}

fn is_subject(subject: &str) -> bool {
    !subject.is_empty() && subject.len() <= MAX_SUBJECT && !subject.chars().any(char::is_control)
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit a double exactly for millions of years")]
fn seconds(at: Timestamp) -> f64 {
    at.as_millis() as f64 / 1000.0
}

#[cfg(test)]
#[path = "id_token_tests.rs"]
mod tests;
