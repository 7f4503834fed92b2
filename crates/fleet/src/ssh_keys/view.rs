//! SSH keys on machines as the API shows them.

use diwan_kernel::Timestamp;
use diwan_vault::SecretId;
use serde::Serialize;

use super::id::SshKeyId;
use super::table::{Line, SshKey};
use crate::commands::{CommandId, CommandProblem};
use crate::machine::MachineId;

/// How a key on a machine is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MachineSshKeyState {
    /// It is on its way: it is put there and proven as soon as the machine is there.
    Pending,
    /// It opens the door, which a login has proven.
    InPlace,
    /// A newer version is on its way; the one before still opens the door.
    Rotating,
    /// Something is in the way: `problem` says what. Whatever opened the door still does.
    Attention,
    /// It is not wanted any more, and is taken away as soon as the machine is there.
    Removing,
}

/// A key of the vault that is wanted on a machine.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = MachineSshKey)]
pub(crate) struct SshKeyView {
    /// Its id.
    pub(crate) id: SshKeyId,
    /// Which machine.
    machine_id: MachineId,
    /// Which secret of the vault.
    #[schema(value_type = String)]
    secret_id: SecretId,
    /// What that was called when it was last looked up.
    secret_name: String,
    /// The user of the machine whose key it is.
    user: String,
    /// Where the machine's own SSH server listens.
    port: u16,
    /// How it is doing.
    state: MachineSshKeyState,
    /// What is in the way.
    problem: Option<CommandProblem>,
    /// The command that waits for somebody's yes.
    asked_as: Option<CommandId>,
    /// The versions that are on the machine, or may be, oldest first.
    versions: Vec<MachineSshKeyVersion>,
    /// Who wants it there.
    created_by: String,
    /// Since when.
    created_at: Timestamp,
    /// Since when it is not wanted any more.
    removed_at: Option<Timestamp>,
    /// When it is looked at next.
    next_at: Timestamp,
}

/// A version of a key on a machine.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct MachineSshKeyVersion {
    /// Its number in the vault.
    version: i64,
    /// SHA-256 of its public half, as OpenSSH shows it.
    fingerprint: String,
    /// Since when it is there.
    installed_at: Option<Timestamp>,
    /// When a login last proved that it opens the door.
    proven_at: Option<Timestamp>,
}

impl SshKeyView {
    pub(crate) fn new(key: SshKey, lines: Vec<Line>) -> Self {
        let state = state_of(&key, &lines);
        let version = |line: Line| MachineSshKeyVersion {
            version: line.version,
            fingerprint: line.fingerprint,
            installed_at: line.installed_at,
            proven_at: line.proven_at,
        };
        Self {
            id: key.id,
            machine_id: key.machine,
            secret_id: key.secret,
            secret_name: key.secret_name,
            user: key.user,
            port: key.port,
            state,
            problem: key.problem,
            asked_as: key.asked_as,
            versions: lines.into_iter().map(version).collect(),
            created_by: key.wanted_by.name,
            created_at: key.created_at,
            removed_at: key.removed_at,
            next_at: key.next_at,
        }
    }
}

fn state_of(key: &SshKey, lines: &[Line]) -> MachineSshKeyState {
    let is_proven = |line: &Line| line.proven_at.is_some();
    match lines {
        _ if key.problem.is_some() => MachineSshKeyState::Attention,
        _ if key.removed_at.is_some() => MachineSshKeyState::Removing,
        [only] if is_proven(only) => MachineSshKeyState::InPlace,
        lines if lines.iter().any(is_proven) => MachineSshKeyState::Rotating,
        _ => MachineSshKeyState::Pending,
    }
}
