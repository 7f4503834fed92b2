//! Access tokens: JWTs of exactly one kind.
//!
//! There is one algorithm (HS256), one header, byte for byte, and one set of claims. A token with any
//! other header never reaches a parser: not `alg: none`, not another algorithm, no `kid`, no `jku`.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diwan_kernel::id::{SessionId, UserId};
use diwan_kernel::world::Timestamp;
use ring::hmac;
use serde::{Deserialize, Serialize};

/// How long an access token lives.
pub(crate) const LIFETIME: Duration = Duration::from_secs(3600);
/// Who access tokens are for.
const AUDIENCE: &str = "diwan-api";
/// `{"alg":"HS256","typ":"at+jwt"}`
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9";
/// No token of ours is longer.
const MAX_LENGTH: usize = 1024;
/// How far the clocks of two nodes may be apart.
const SKEW_S: i64 = 30;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    /// Which installation gave it.
    pub(crate) iss: String,
    /// Who it is for.
    pub(crate) aud: String,
    /// Who carries it.
    pub(crate) sub: UserId,
    /// In which session; when that ends, so does the token.
    pub(crate) sid: SessionId,
    /// Which token it is.
    pub(crate) jti: String,
    /// When it was made, in seconds.
    pub(crate) iat: i64,
    /// From when it counts.
    pub(crate) nbf: i64,
    /// Until when it counts.
    pub(crate) exp: i64,
}

impl Claims {
    /// What a token made now says.
    pub(crate) fn new(issuer: &str, user: UserId, session: SessionId, jti: [u8; 16], now: Timestamp) -> Self {
        let now_s = now.as_secs();
        Self {
            iss: issuer.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user,
            sid: session,
            jti: URL_SAFE_NO_PAD.encode(jti),
            iat: now_s,
            nbf: now_s,
            exp: now_s + LIFETIME.as_secs().cast_signed(),
        }
    }
}

/// Why a token does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rejected {
    /// It is not a token of ours, or it was changed.
    Forged,
    /// It is ours, for somebody or something else.
    Misplaced,
    /// It does not count yet.
    TooEarly,
    /// It counts no more.
    Expired,
}

/// Makes a token.
pub(crate) fn sign(key: &hmac::Key, claims: &Claims) -> String {
    // Claims are strings and numbers: they always serialise.
    let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).unwrap_or_default());
    let signed = format!("{HEADER}.{payload}");
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(key, signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// Reads a token that counts now.
pub(crate) fn verify(key: &hmac::Key, issuer: &str, now: Timestamp, token: &str) -> Result<Claims, Rejected> {
    let claims = authentic(key, token).ok_or(Rejected::Forged)?;
    let now_s = now.as_secs();
    let lifetime = claims.exp.checked_sub(claims.iat).ok_or(Rejected::Misplaced)?;
    if claims.iss != issuer || claims.aud != AUDIENCE || !(1..=LIFETIME.as_secs().cast_signed()).contains(&lifetime) {
        return Err(Rejected::Misplaced);
    }
    if claims.nbf.max(claims.iat) > now_s.saturating_add(SKEW_S) {
        return Err(Rejected::TooEarly);
    }
    if claims.exp <= now_s {
        return Err(Rejected::Expired);
    }
    Ok(claims)
}

/// The claims of a token whose signature is right. The signature is checked before anything is parsed.
fn authentic(key: &hmac::Key, token: &str) -> Option<Claims> {
    let token = Some(token).filter(|t| t.len() <= MAX_LENGTH)?;
    let (signed, signature) = token.rsplit_once('.')?;
    let payload = signed.strip_prefix(HEADER)?.strip_prefix('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    hmac::verify(key, signed.as_bytes(), &signature).ok()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use diwan_kernel::Id;
    use proptest::prelude::*;

    const ISSUER: &str = "https://diwan.example/";
    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn key() -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[7; 32])
    }

    fn claims() -> Claims {
        Claims::new(ISSUER, Id::from_bits(1), Id::from_bits(2), [3; 16], NOW)
    }

    fn check(token: &str) -> Result<Claims, Rejected> {
        verify(&key(), ISSUER, NOW, token)
    }

    /// A token with any header and payload, signed with the right key.
    fn forge(header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key(), signed.as_bytes())))
    }

    fn payload(change: impl FnOnce(&mut Claims)) -> String {
        let mut claims = claims();
        change(&mut claims);
        serde_json::to_string(&claims).unwrap()
    }

    #[test]
    fn a_fresh_token_counts_and_says_what_was_put_in() {
        assert_eq!(check(&sign(&key(), &claims())), Ok(claims()));
        assert_eq!(URL_SAFE_NO_PAD.decode(HEADER).unwrap(), br#"{"alg":"HS256","typ":"at+jwt"}"#);
    }

    #[test]
    fn every_other_header_is_refused_even_with_a_right_signature() {
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"none","typ":"at+jwt"}"#,
            r#"{"alg":"None","typ":"at+jwt"}"#,
            r#"{"alg":"HS384","typ":"at+jwt"}"#,
            r#"{"alg":"RS256","typ":"at+jwt"}"#,
            r#"{"alg":"HS256","typ":"JWT"}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"typ":"at+jwt","alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"at+jwt" }"#,
            r#"{"alg":"HS256","typ":"at+jwt","kid":"../../dev/null"}"#,
            r#"{"alg":"HS256","typ":"at+jwt","jku":"https://evil.example/keys"}"#,
            r#"{"alg":"HS256","typ":"at+jwt","x5u":"https://evil.example/cert"}"#,
            r#"{"alg":"HS256","typ":"at+jwt","jwk":{"kty":"oct","k":"AAAA"}}"#,
            r#"{"alg":"HS256","typ":"at+jwt","crit":["exp"]}"#,
            r#"{"alg":"HS256","typ":"at+jwt","zip":"DEF"}"#,
            r#"{"alg":"HS256","alg":"none","typ":"at+jwt"}"#,
            "",
            "null",
        ] {
            assert_eq!(check(&forge(header, &payload(|_| {}))), Err(Rejected::Forged), "{header}");
        }
    }

    #[test]
    fn an_unsigned_or_differently_signed_token_is_refused() {
        let good = sign(&key(), &claims());
        let (signed, _) = good.rsplit_once('.').unwrap();
        let other = hmac::Key::new(hmac::HMAC_SHA256, &[8; 32]);
        let longer = hmac::Key::new(hmac::HMAC_SHA512, &[7; 32]);
        for forged in [
            signed.to_owned(),
            format!("{signed}."),
            format!("{signed}.AA"),
            format!("{good}."),
            format!("{good}.{good}"),
            format!(".{good}"),
            format!("{good}="),
            format!(" {good}"),
            sign(&other, &claims()),
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&longer, signed.as_bytes()))),
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&hmac::sign(&key(), signed.as_bytes()).as_ref()[..16])),
        ] {
            assert_eq!(check(&forged), Err(Rejected::Forged), "{forged}");
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let good = sign(&key(), &claims()).into_bytes();
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut changed = good.clone();
                changed[at] ^= 1 << bit;
                if let Ok(text) = String::from_utf8(changed) {
                    assert_eq!(check(&text), Err(Rejected::Forged), "byte {at} bit {bit}");
                }
            }
        }
    }

    #[test]
    fn a_last_letter_with_spare_bits_is_refused() {
        let good = sign(&key(), &claims());
        let (head, last) = good.split_at(good.len() - 1);
        let refused = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars();
        for letter in refused.filter(|l| l.to_string() != last) {
            assert_eq!(check(&format!("{head}{letter}")), Err(Rejected::Forged), "{letter}");
        }
    }

    #[test]
    fn claims_for_others_are_refused() {
        let header = r#"{"alg":"HS256","typ":"at+jwt"}"#;
        let year = 366 * 86_400;
        for (payload, why) in [
            (payload(|c| c.iss = "https://other.example/".into()), Rejected::Misplaced),
            (payload(|c| c.aud = "other".into()), Rejected::Misplaced),
            (payload(|c| c.aud = String::new()), Rejected::Misplaced),
            (payload(|c| c.exp += year), Rejected::Misplaced),
            (payload(|c| (c.iat, c.exp) = (i64::MIN, i64::MAX)), Rejected::Misplaced),
            (payload(|c| c.exp = c.iat), Rejected::Misplaced),
            (payload(|c| c.nbf += 31), Rejected::TooEarly),
            (payload(|c| (c.iat, c.exp) = (c.iat + 31, c.exp + 31)), Rejected::TooEarly),
            (payload(|c| (c.iat, c.nbf, c.exp) = (c.iat - 3600, c.nbf - 3600, c.exp - 3600)), Rejected::Expired),
            (payload(|_| {}).replace("}", r#","admin":true}"#), Rejected::Forged),
            (payload(|_| {}).replacen("{", r#"{"sub":"usr_00000000000000000000000009","#, 1), Rejected::Forged),
            (payload(|_| {}).replace("usr_", "ses_"), Rejected::Forged),
            (payload(|_| {}).replace(r#""aud":"diwan-api""#, r#""aud":["diwan-api"]"#), Rejected::Forged),
            ("{}".into(), Rejected::Forged),
            ("[]".into(), Rejected::Forged),
        ] {
            assert_eq!(check(&forge(header, &payload)), Err(why), "{payload}");
        }
    }

    #[test]
    fn a_token_dies_on_the_second() {
        let token = sign(&key(), &claims());
        let at = |s: i64| verify(&key(), ISSUER, Timestamp::from_millis(NOW.as_millis() + s * 1000), &token);
        assert!(at(3599).is_ok());
        assert_eq!(at(3600), Err(Rejected::Expired));
        assert!(at(-30).is_ok());
        assert_eq!(at(-31), Err(Rejected::TooEarly));
    }

    #[test]
    fn a_huge_token_is_refused_unread() {
        let huge = format!("{HEADER}.{}.{}", "A".repeat(1 << 20), "A".repeat(43));
        assert_eq!(check(&huge), Err(Rejected::Forged));
        let signed_huge = forge(r#"{"alg":"HS256","typ":"at+jwt"}"#, &payload(|c| c.jti = "x".repeat(2000)));
        assert_eq!(check(&signed_huge), Err(Rejected::Forged));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_or_counts(text in "\\PC{0,300}") {
            prop_assert_eq!(check(&text), Err(Rejected::Forged));
            prop_assert_eq!(check(&format!("{HEADER}.{text}")), Err(Rejected::Forged));
        }
    }
}
