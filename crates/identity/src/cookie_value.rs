//! What a browser's session cookie holds: which session, the how manyth value it is, and a MAC of
//! both under the server's key.
//!
//! The database holds nothing that a cookie could be made from, and a made-up cookie is refused
//! without asking the database. The value is replaced again and again; the session's row says which
//! values count.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diwan_kernel::id::SessionId;
use ring::hmac;

use crate::keys::{mac, same};

/// 16 bytes of id, 4 of generation, 32 of MAC, in base 64.
const LENGTH: usize = 70;

/// The value of a session cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CookieValue {
    /// Which session it is for.
    pub(crate) session: SessionId,
    /// The how manyth value of that session it is.
    pub(crate) generation: u32,
}

impl CookieValue {
    /// Reads a value of ours.
    pub(crate) fn parse(key: &hmac::Key, text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(Some(text).filter(|t| t.len() == LENGTH)?).ok()?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, tag) = rest.split_first_chunk::<4>()?;
        let session = SessionId::from_bits(u128::from_be_bytes(*id));
        let value = Self { session, generation: u32::from_be_bytes(*generation) };
        same(tag, &value.tag(key)).then_some(value)
    }

    /// How it is handed out.
    pub(crate) fn text(self, key: &hmac::Key) -> String {
        let mut bytes = self.session.bits().to_be_bytes().to_vec();
        bytes.extend(self.generation.to_be_bytes());
        bytes.extend(self.tag(key));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn tag(self, key: &hmac::Key) -> [u8; 32] {
        mac(key, "session cookie", &[&self.session.bits().to_be_bytes(), &self.generation.to_be_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[1; 32])
    }

    #[test]
    fn every_changed_letter_is_noticed() {
        let value = CookieValue { session: SessionId::from_bits(7), generation: 3 };
        let text = value.text(&key());
        for at in 0..text.len() {
            for letter in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
                let mut changed = text.clone().into_bytes();
                changed[at] = *letter;
                let changed = String::from_utf8(changed).unwrap();
                assert_eq!(CookieValue::parse(&key(), &changed).is_some(), changed == text, "{changed}");
            }
        }
        let other = hmac::Key::new(hmac::HMAC_SHA256, &[2; 32]);
        assert_eq!(CookieValue::parse(&other, &text), None);
    }

    proptest! {
        #[test]
        fn a_value_is_read_back(bits: u128, generation: u32) {
            let value = CookieValue { session: SessionId::from_bits(bits), generation };
            prop_assert_eq!(CookieValue::parse(&key(), &value.text(&key())), Some(value));
        }

        #[test]
        fn no_text_makes_the_parser_panic_or_counts(text in "\\PC{0,100}", long in "[A-Za-z0-9_-]{70}") {
            prop_assert!(CookieValue::parse(&key(), &text).is_none());
            prop_assert!(CookieValue::parse(&key(), &long).is_none());
        }
    }
}
