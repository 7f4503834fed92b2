//! A request for rules as the API shows it.

use diwan_kernel::Timestamp;
use serde::Serialize;

use crate::authority::hex;
use crate::commands::{CommandActor, CommandProblem};
use crate::machine::MachineId;
use crate::rules::request::{RuleApproval, RuleRequest, RuleRequestId, RuleRequestState, RuleTextFault};

/// Rules that somebody asks a machine's owner for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RuleRequest)]
pub(super) struct RuleRequestView {
    /// Its id.
    id: RuleRequestId,
    /// Which machine.
    machine_id: MachineId,
    /// What the machine was called then.
    machine_name: String,
    /// Who asks.
    actor: CommandActor,
    /// What for.
    reason: String,
    /// The rules: `[[rules]]` of a policy.
    text: String,
    /// Where it stands.
    state: RuleRequestState,
    /// What each rule would newly say, in the words of the machine; empty until it has judged.
    words: Vec<String>,
    /// What is wrong with the text, in the words of the machine.
    faults: Vec<RuleTextFault>,
    /// The hash of the policy that the machine judged with.
    policy_hash: Option<String>,
    /// Whether somebody here may grant it: the policy takes that, and the rules stay in the sandbox.
    from_afar: bool,
    /// Somebody's yes from here.
    approval: Option<RuleApproval>,
    /// Who said no and why, or why the machine did not take it.
    problem: Option<CommandProblem>,
    /// When it was asked.
    created_at: Timestamp,
    /// Until when it may be granted.
    expires_at: Timestamp,
    /// When it was over.
    ended_at: Option<Timestamp>,
}

impl From<RuleRequest> for RuleRequestView {
    fn from(request: RuleRequest) -> Self {
        Self {
            id: request.id,
            machine_id: request.machine,
            machine_name: request.machine_name,
            actor: request.actor,
            reason: request.reason,
            text: request.text,
            state: request.state,
            words: request.told.words,
            faults: request.told.faults,
            policy_hash: request.policy.as_ref().map(|hash| hex(hash)),
            from_afar: request.from_afar,
            approval: request.approval,
            problem: request.problem,
            created_at: request.created_at,
            expires_at: request.expires_at,
            ended_at: request.ended_at,
        }
    }
}
