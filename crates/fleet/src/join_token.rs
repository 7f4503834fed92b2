//! Join tokens: what the line that joins a machine carries. Each lets one machine in, once, for a short time.

use std::time::Duration;

use diwan_kernel::{Id, World};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

diwan_kernel::id_kinds! {
    /// A join token.
    JoinToken = "jtk",
}

/// The id of a join token. It is not the token.
pub(crate) type JoinTokenId = Id<JoinToken>;

/// How long a token lives.
pub(crate) const LIFE: Duration = Duration::from_secs(15 * 60);
/// What every token begins with, so that one that leaked is recognised.
const PREFIX: &str = "djt_";
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Of five bits each: 260 bits of chance.
const LETTERS: usize = 52;

/// Which policy a machine begins with. It is written on the machine, by whoever joins it; afterwards only its
/// owner changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MachinePolicy {
    /// What is usual: well-known tools, in their sandbox.
    #[default]
    Standard,
    /// Hardly anything.
    Strict,
    /// For the machine of whoever joins it.
    OwnMachine,
}

impl MachinePolicy {
    /// The name used in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Strict => "strict",
            Self::OwnMachine => "own_machine",
        }
    }

    /// The name used in the line.
    pub(crate) const fn in_line(self) -> &'static str {
        match self {
            Self::OwnMachine => "own-machine",
            other => other.as_str(),
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Standard, Self::Strict, Self::OwnMachine].into_iter().find(|policy| policy.as_str() == text)
    }
}

/// The token itself, as it is handed out.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct TokenText(String);

impl std::fmt::Debug for TokenText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(diwan_kernel::redact::REDACTED)
    }
}

impl TokenText {
    /// A fresh one.
    pub(crate) fn fresh(world: &World) -> Self {
        let chance: [u8; LETTERS] = world.random();
        let letters = chance.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
        Self(PREFIX.chars().chain(letters).collect())
    }

    /// How it is handed out, once.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// What is stored of a token. It is drawn by lot, so nobody finds one by trying; nothing slower is needed.
pub(crate) fn hash_of(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_differ_and_are_never_printed() {
        let world = World::real();
        let (one, other) = (TokenText::fresh(&world), TokenText::fresh(&world));
        assert!(one.text().starts_with("djt_") && one.text().len() == 56 && one.text() != other.text());
        assert_ne!(hash_of(one.text()), hash_of(other.text()));
        assert!(!format!("{one:?}").contains(one.text()));
    }
}
