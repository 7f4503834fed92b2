//! How a connection is ended from here: why, and when the machine may come again.

use std::time::Duration;

use crate::machine::Standing;

/// What a machine is told when it is sent away. The text begins with a word for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Farewell {
    pub(crate) retry_after: Duration,
    pub(crate) reason: String,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

impl Farewell {
    fn new(retry_after: Duration, code: &str, words: &str) -> Self {
        Self { retry_after, reason: format!("{code}: {words}") }
    }

    /// It did something that nobody does.
    pub(crate) fn protocol(words: &str) -> Self {
        Self::new(MINUTE, "protocol", words)
    }

    /// It was put out.
    pub(crate) fn revoked() -> Self {
        Self::new(HOUR, "revoked", "this machine was put out of the fleet; to come back it must join as a new one")
    }

    /// Nobody knows it, or not with this key.
    pub(crate) fn unknown() -> Self {
        Self::new(HOUR, "unknown", "this identity is not one of the fleet's any more; join again with a new line")
    }

    /// Two places use its identity.
    pub(crate) fn locked() -> Self {
        let words =
            "two places used the identity of this machine; join it again with a new line, then have it unlocked";
        Self::new(10 * MINUTE, "locked", words)
    }

    /// It may not be there, for this is how it stands.
    pub(crate) fn for_standing(standing: Option<Standing>) -> Self {
        match standing {
            Some(Standing::Revoked) => Self::revoked(),
            Some(Standing::Locked) => Self::locked(),
            Some(Standing::Active) | None => Self::unknown(),
        }
    }

    /// It speaks a version that is not spoken here any more.
    pub(crate) fn version() -> Self {
        Self::new(HOUR, "version", "this bridge is too old for the control plane; update it")
    }

    /// A newer connection of the machine has its place.
    pub(crate) fn replaced() -> Self {
        Self::new(MINUTE, "replaced", "a newer connection of this machine took the place of this one")
    }

    /// The server stops, or cannot take machines in now.
    pub(crate) fn later(retry_after: Duration) -> Self {
        Self::new(retry_after, "later", "the control plane takes a break")
    }

    /// Everything was said.
    pub(crate) fn done() -> Self {
        Self::new(Duration::ZERO, "done", "everything was said")
    }
}
