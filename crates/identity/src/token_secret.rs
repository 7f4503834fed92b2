//! The secret of an API token: `dwn_`, 256 bits of chance, and a checksum, so that a typing mistake
//! is told from a wrong token and a leaked one is recognised by scanners.

use diwan_kernel::World;
use ring::hmac;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::keys::{digest, mac};

/// What every API token begins with.
pub(crate) const PREFIX: &str = "dwn_";
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const SECRET_LETTERS: usize = 52;
const CHECK_LETTERS: usize = 6;

/// The secret of an API token.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct TokenSecret(String);

impl std::fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(diwan_kernel::redact::REDACTED)
    }
}

impl TokenSecret {
    /// A fresh one.
    pub(crate) fn fresh(world: &World) -> Self {
        let chance: [u8; 33] = world.random();
        // 52 letters of 5 bits each: 260 bits of chance, 256 of which were asked for.
        let letters = letters(&chance, SECRET_LETTERS);
        Self(format!("{PREFIX}{letters}{}", checksum(&letters)))
    }

    /// Reads one whose checksum is right.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX).filter(|rest| rest.len() == SECRET_LETTERS + CHECK_LETTERS)?;
        let is_plain = rest.bytes().all(|b| ALPHABET.contains(&b));
        let (letters, check) = rest.split_at_checked(SECRET_LETTERS)?;
        (is_plain && checksum(letters) == check).then(|| Self(text.to_owned()))
    }

    /// How it is handed out, once.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// How it is recognised in lists.
    pub(crate) fn prefix(&self) -> String {
        self.0.chars().take(PREFIX.len() + 6).collect()
    }

    /// What is stored of it.
    pub(crate) fn hash(&self, key: &hmac::Key) -> [u8; 32] {
        mac(key, "api token", &[self.0.as_bytes()])
    }
}

fn checksum(letters_of_secret: &str) -> String {
    letters(&digest(letters_of_secret.as_bytes()), CHECK_LETTERS)
}

/// The first `5 × count` bits as letters.
fn letters(bytes: &[u8], count: usize) -> String {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |b| usize::from(b >> (7 - at % 8) & 1));
    let letter = |place: usize| (0..5).fold(0, |value, at| value << 1 | bit(place * 5 + at));
    (0..count).map(|place| char::from(ALPHABET[letter(place)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_secret_is_read_back_and_no_two_are_alike() {
        let (one, two) = (TokenSecret::fresh(&World::real()), TokenSecret::fresh(&World::real()));
        assert_eq!(TokenSecret::parse(one.text()).map(|s| s.0.clone()), Some(one.0.clone()));
        assert_ne!(one.0, two.0);
        assert!(one.text().starts_with(&one.prefix()) && one.prefix().len() == 10);
    }

    #[test]
    fn a_typing_mistake_is_noticed() {
        let secret = TokenSecret::fresh(&World::real()).0.clone();
        for at in 0..secret.len() {
            let mut changed = secret.clone().into_bytes();
            changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
            assert!(TokenSecret::parse(&String::from_utf8(changed).unwrap()).is_none(), "letter {at}");
        }
        assert!(TokenSecret::parse(&secret.to_uppercase()).is_none());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,80}") {
            let _ = TokenSecret::parse(&text);
            let _ = TokenSecret::parse(&format!("{PREFIX}{text}"));
        }
    }
}
