//! What looks suspicious: rules over entries that are written down already.

use std::time::Duration;

use diwan_kernel::{Id, Timestamp, id_kinds};
use serde::{Deserialize, Serialize};

use crate::entry::AuditActor;

id_kinds! {
    /// A suspicious activity.
    Suspicion = "sus",
}

/// The id of a suspicious activity.
pub type SuspicionId = Id<Suspicion>;

/// Particulars by which an entry says something about itself, whatever its action is called:
/// somebody came in from an address that was never used before,
pub(crate) const NEW_ADDRESS: &str = "new_address";
/// how many requests it stands for that were refused before anything was tried,
pub(crate) const COUNT: &str = "count";
/// whose account it is about, when that is neither the actor nor the resource.
pub(crate) const USER: &str = "user";
/// The code that says that a refresh token came back after it was used.
const REUSE: &str = "refresh_reused";

/// What makes an activity suspicious.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuspicionKind {
    /// At least five failures within an hour.
    RepeatedFailures,
    /// A person signed in from an address they never used before.
    NewAddress,
    /// At least twenty refusals within ten minutes.
    RefusalBurst,
    /// A refresh token was used twice: somebody has a copy.
    RefreshTokenReuse,
}

impl SuspicionKind {
    pub(crate) const ALL: [Self; 4] =
        [Self::RepeatedFailures, Self::NewAddress, Self::RefusalBurst, Self::RefreshTokenReuse];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::RepeatedFailures => "repeated_failures",
            Self::NewAddress => "new_address",
            Self::RefusalBurst => "refusal_burst",
            Self::RefreshTokenReuse => "refresh_token_reuse",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// How long things belong together.
    pub(crate) const fn window(self) -> Duration {
        match self {
            Self::RepeatedFailures | Self::RefreshTokenReuse => Duration::from_secs(3600),
            Self::RefusalBurst => Duration::from_secs(600),
            // Every new address stands for itself.
            Self::NewAddress => Duration::ZERO,
        }
    }

    /// How often it must happen within that time.
    pub(crate) const fn threshold(self) -> i64 {
        match self {
            Self::RepeatedFailures => 5,
            Self::RefusalBurst => 20,
            Self::NewAddress | Self::RefreshTokenReuse => 1,
        }
    }

    /// The sentence about it.
    pub(crate) fn detail(self, count: i64, who: &str) -> String {
        match self {
            Self::RepeatedFailures => format!("{count} failures within an hour by {who}."),
            Self::RefusalBurst => format!("{count} refusals within ten minutes for {who}."),
            Self::NewAddress => format!("{who} signed in from an address never used before."),
            Self::RefreshTokenReuse => format!("A refresh token of {who} was used again after it had been exchanged."),
        }
    }
}

/// Something that an admin should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SuspiciousActivity {
    /// Its id.
    pub id: SuspicionId,
    /// What makes it suspicious.
    pub kind: SuspicionKind,
    /// Who it was, as far as is known.
    pub actor: AuditActor,
    /// How often it happened.
    pub count: i64,
    /// When it began.
    pub first_at: Timestamp,
    /// When it happened last.
    pub last_at: Timestamp,
    /// From which address, the last time.
    #[schema(required)]
    pub address: Option<String>,
    /// What happened, in a sentence.
    pub detail: String,
}

/// Whether this error says that a refresh token came back.
pub(crate) fn is_reuse(error: Option<&str>) -> bool {
    error == Some(REUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_kinds_read_back() {
        for kind in SuspicionKind::ALL {
            assert_eq!(SuspicionKind::parse(kind.as_str()), Some(kind));
        }
    }
}
