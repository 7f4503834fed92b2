//! What a machine is to the fleet.

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Id, Problem};
use serde::{Deserialize, Serialize};

use crate::facts::MachineFacts;
use crate::label::Labels;

diwan_kernel::id_kinds! {
    /// A machine.
    Machine = "mch",
}

/// The id of a machine.
pub type MachineId = Id<Machine>;

/// Whether a machine may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It may.
    Active,
    /// Two places used its identity: it may again after it has joined anew and somebody unlocked it.
    Locked,
    /// It may not, and never will.
    Revoked,
}

impl Standing {
    /// The name used in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Revoked => "revoked",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Locked, Self::Revoked].into_iter().find(|standing| standing.as_str() == text)
    }
}

/// How a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MachineState {
    /// It is there.
    Online,
    /// It is there and carries out commands.
    Busy,
    /// It is not connected to this server.
    Offline,
    /// It is there, and something about it needs a person: `troubles` says what.
    Error,
    /// Two places used its identity.
    Locked,
    /// It was put out.
    Revoked,
}

/// A machine, as it is written down.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) id: MachineId,
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) standing: Standing,
    pub(crate) facts: MachineFacts,
    /// SHA-256 of its policy, once it was connected.
    pub(crate) policy_hash: Option<Vec<u8>>,
    pub(crate) policy_fault: Option<String>,
    /// How far its clock is ahead of ours.
    pub(crate) skew_ms: Option<i64>,
    pub(crate) joined_at: Timestamp,
    pub(crate) joined_by: Option<String>,
    /// When it last joined anew, with another key.
    pub(crate) rejoined_at: Option<Timestamp>,
    pub(crate) last_seen_at: Option<Timestamp>,
    pub(crate) locked_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
}

/// A name that people type: the part before the colon in `diwan cp`.
pub(crate) fn check_name(name: &str) -> Result<String, Problem> {
    let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let fits = name.len() <= 63
        && name.bytes().next().is_some_and(letters)
        && name.bytes().all(|b| letters(b) || matches!(b, b'-' | b'.'));
    // It must not be taken for an id.
    if fits && !name.starts_with("mch_") {
        return Ok(name.to_owned());
    }
    let message = "A name has up to 63 lower-case letters, digits, dots and dashes, and begins with a letter or digit.";
    Err(Problem::invalid_field("name", "machine_name_invalid", message))
}
