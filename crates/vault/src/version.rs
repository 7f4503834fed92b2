//! Versions of a secret, as the API shows them.

use diwan_kernel::world::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table;

/// How a version came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SecretOrigin)]
pub(crate) enum Origin {
    /// Somebody gave the value.
    Set,
    /// It was generated.
    Generated,
    /// It was generated because its time had come.
    Scheduled,
    /// It came from an import.
    Imported,
    /// An older version was made current again.
    RolledBack,
}

impl Origin {
    /// The name used in the API and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Generated => "generated",
            Self::Scheduled => "scheduled",
            Self::Imported => "imported",
            Self::RolledBack => "rolled_back",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let all = [Self::Set, Self::Generated, Self::Scheduled, Self::Imported, Self::RolledBack];
        all.into_iter().find(|o| o.as_str() == text)
    }
}

/// What a version can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SecretVersionState)]
pub(crate) enum VersionState {
    /// It is what readers get.
    Current,
    /// There is a newer one, and this one may still be used for a while.
    Overlapping,
    /// There is a newer one.
    Superseded,
    /// Its value is gone.
    Destroyed,
}

/// A version, without its value.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SecretVersion {
    /// Its number, from 1.
    version: i64,
    /// What it can be used for.
    state: VersionState,
    /// How it came about.
    origin: Origin,
    /// When.
    created_at: Timestamp,
    /// By whom: a person's or a token's id.
    created_by: Option<String>,
    /// Until when it may be used although there is a newer one.
    valid_until: Option<Timestamp>,
    /// When its value was destroyed.
    destroyed_at: Option<Timestamp>,
}

impl SecretVersion {
    pub(crate) fn new(version: table::version::Version, current: i64, now: Timestamp) -> Self {
        let state = match version {
            _ if version.destroyed_at.is_some() => VersionState::Destroyed,
            _ if version.version == current => VersionState::Current,
            _ if version.valid_until.is_some_and(|until| until > now) => VersionState::Overlapping,
            _ => VersionState::Superseded,
        };
        Self {
            version: version.version,
            state,
            origin: version.origin,
            created_at: version.created_at,
            created_by: version.created_by,
            valid_until: version.valid_until,
            destroyed_at: version.destroyed_at,
        }
    }
}
