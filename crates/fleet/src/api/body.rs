//! What several of these operations answer.

use diwan_kernel::Problem;
use diwan_kernel::world::Timestamp;
use serde::Serialize;

use crate::authority::hex;
use crate::facts::MachineFacts;
use crate::fleet::Fleet;
use crate::join_token::{JoinTokenId, MachinePolicy};
use crate::machine::{Known, MachineId, MachineState};
use crate::presence::Presence;
use crate::samples::SamplePoint;
use crate::table;
use crate::table::join_token::JoinToken;

/// A machine.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Machine)]
pub(super) struct MachineView {
    /// Its id.
    id: MachineId,
    /// What it is called here.
    name: String,
    /// Its labels, like `env=prod` or `gpu`.
    labels: Vec<String>,
    /// How it is. `offline` means: not connected to this server.
    state: MachineState,
    /// What about it needs a person: `policy_faulty`, `clock_differs`.
    troubles: Vec<&'static str>,
    /// What it is, as it said itself.
    facts: MachineFacts,
    /// SHA-256 of its policy.
    policy_hash: Option<String>,
    /// What is wrong with a newer policy, which is not in force therefore.
    policy_fault: Option<String>,
    /// How many milliseconds its clock is ahead of ours, or was when it connected last.
    clock_skew_ms: Option<i64>,
    /// How it was doing a moment ago.
    pulse: Option<SamplePoint>,
    /// When it joined.
    joined_at: Timestamp,
    /// Who let it join: a person's or a token's id.
    joined_by: Option<String>,
    /// When it last joined anew, with another key.
    rejoined_at: Option<Timestamp>,
    /// When it was last heard.
    last_seen_at: Option<Timestamp>,
    /// When it was locked.
    locked_at: Option<Timestamp>,
    /// When it was put out.
    revoked_at: Option<Timestamp>,
}

impl MachineView {
    pub(super) fn new(fleet: &Fleet, known: Known) -> Self {
        let presence = Presence::of(fleet, known.id);
        Self::with(known, presence)
    }

    /// A machine of which this was seen in memory.
    pub(super) fn with(known: Known, presence: Presence) -> Self {
        let state = presence.state(&known);
        let Presence { connected, troubles, pulse, .. } = presence;
        let heard = connected.as_ref().map(|here| pulse.map_or(here.since, |pulse| pulse.at.max(here.since)));
        Self {
            id: known.id,
            labels: known.labels.as_slice().to_vec(),
            state,
            troubles,
            policy_hash: known.policy_hash.as_deref().map(hex),
            policy_fault: known.policy_fault,
            clock_skew_ms: connected.map(|connected| connected.skew_ms()).or(known.skew_ms),
            pulse,
            joined_at: known.joined_at,
            joined_by: known.joined_by,
            rejoined_at: known.rejoined_at,
            last_seen_at: heard.max(known.last_seen_at),
            locked_at: known.locked_at,
            revoked_at: known.revoked_at,
            name: known.name,
            facts: known.facts,
        }
    }
}

/// What became of a join token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum JoinTokenState {
    /// It waits for its machine.
    Waiting,
    /// A machine joined with it and has not connected yet.
    Joined,
    /// The machine that joined with it is connected.
    Connected,
    /// It expired before anybody used it.
    Expired,
    /// Somebody withdrew it.
    Withdrawn,
}

/// A join token. Not the token itself, which is shown once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = JoinToken)]
pub(super) struct JoinTokenView {
    /// Its id.
    id: JoinTokenId,
    /// What became of it.
    state: JoinTokenState,
    /// What the machine will be called.
    name: String,
    /// The labels that the machine will have.
    labels: Vec<String>,
    /// The policy that the machine begins with.
    policy: MachinePolicy,
    /// The machine that joins anew with it.
    rejoins: Option<MachineId>,
    /// The machine that joined with it.
    machine: Option<MachineId>,
    /// When it was made.
    created_at: Timestamp,
    /// By whom: a person's or a token's id.
    created_by: Option<String>,
    /// Until when it may be used.
    expires_at: Timestamp,
    /// When it was used.
    used_at: Option<Timestamp>,
}

impl JoinTokenView {
    pub(super) fn new(fleet: &Fleet, token: JoinToken) -> Self {
        Self {
            id: token.id,
            state: state_of(fleet, &token),
            labels: token.labels.as_slice().to_vec(),
            name: token.name,
            policy: token.policy,
            rejoins: token.rejoins,
            machine: token.machine,
            created_at: token.created_at,
            created_by: token.created_by,
            expires_at: token.expires_at,
            used_at: token.used_at,
        }
    }
}

fn state_of(fleet: &Fleet, token: &JoinToken) -> JoinTokenState {
    match token.machine {
        Some(machine) if fleet.connections().find(machine).is_some() => JoinTokenState::Connected,
        Some(_) => JoinTokenState::Joined,
        None if token.withdrawn_at.is_some() => JoinTokenState::Withdrawn,
        None if token.expires_at <= fleet.world().now() => JoinTokenState::Expired,
        None => JoinTokenState::Waiting,
    }
}

impl Fleet {
    /// The machine with this id.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) async fn require_machine(&self, id: MachineId) -> Result<Known, Problem> {
        table::machine::find(self.db(), id).await?.ok_or_else(|| Problem::not_found("machine"))
    }
}
