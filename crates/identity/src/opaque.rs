//! Secrets that carry nothing but chance: refresh tokens, one-time links, challenges.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diwan_kernel::World;
use ring::hmac;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::keys::{digest, mac};

/// 256 bits of chance. Only its digest is ever stored.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Opaque([u8; 32]);

impl std::fmt::Debug for Opaque {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(diwan_kernel::redact::REDACTED)
    }
}

impl Opaque {
    /// A fresh one.
    pub(crate) fn fresh(world: &World) -> Self {
        Self(world.random())
    }

    /// Reads one; `None` when the text is not exactly what [`Opaque::text`] writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // 43 characters hold 32 bytes; the decoder refuses spare bits, so each has one spelling.
        let bytes = URL_SAFE_NO_PAD.decode(Some(text).filter(|t| t.len() == 43)?).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// How it is handed out.
    pub(crate) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is stored of it.
    pub(crate) fn digest(&self) -> [u8; 32] {
        digest(&self.0)
    }

    /// The one that replaces it. It follows from this one under the server's key, so that whoever
    /// lost the answer to a renewal gets the same one again and nothing in clear is kept for that.
    pub(crate) fn successor(&self, key: &hmac::Key, of: &str) -> Self {
        Self(mac(key, "successor", &[of.as_bytes(), &self.0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(bytes: [u8; 32]) {
            let secret = Opaque(bytes);
            prop_assert_eq!(Opaque::parse(&secret.text()).map(|o| o.0), Some(bytes));
        }

        #[test]
        fn whatever_is_read_is_spelled_one_way(text in "[A-Za-z0-9_-]{43}") {
            if let Some(secret) = Opaque::parse(&text) {
                prop_assert_eq!(secret.text(), text);
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*") {
            let _ = Opaque::parse(&text);
        }
    }
}
