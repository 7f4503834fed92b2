//! A request for rules, and where it stands.

use diwan_kernel::{Id, Timestamp, id_kinds};
use diwan_protocol::rules::{Judged, RuleFault};
use serde::{Deserialize, Serialize};

use crate::commands::{ApprovalId, CommandActor, CommandProblem, plain};
use crate::machine::MachineId;

/// No rule is told in more words.
const LONGEST: usize = 2000;
const MOST: usize = 64;

id_kinds! {
    /// Rules that somebody asks a machine's owner for.
    RuleRequestKind = "rrq",
}

/// The id of a request.
pub(crate) type RuleRequestId = Id<RuleRequestKind>;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RuleRequestState {
    /// Its machine has not heard of it yet.
    Waiting,
    /// The rules are sound, and the machine's owner decides.
    Asked,
    /// The machine's policy holds the rules.
    Granted,
    /// The owner, somebody here, or the machine said no: `problem` says who and why.
    Refused,
    /// The text is no rules, or does not go with the machine's policy: `faults` says where.
    Faulty,
    /// Whoever asked took it back.
    Withdrawn,
    /// Nobody decided in time.
    Expired,
}

impl RuleRequestState {
    const ALL: [Self; 7] =
        [Self::Waiting, Self::Asked, Self::Granted, Self::Refused, Self::Faulty, Self::Withdrawn, Self::Expired];

    /// The name used in the API and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Asked => "asked",
            Self::Granted => "granted",
            Self::Refused => "refused",
            Self::Faulty => "faulty",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether something may still become of it.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Asked)
    }
}

/// A request, as stored.
#[derive(Debug, Clone)]
pub(crate) struct RuleRequest {
    pub(crate) id: RuleRequestId,
    pub(crate) machine: MachineId,
    pub(crate) machine_name: String,
    pub(crate) actor: CommandActor,
    pub(crate) reason: String,
    pub(crate) text: String,
    pub(crate) state: RuleRequestState,
    pub(crate) told: RulesTold,
    /// The policy that the machine judged with.
    pub(crate) policy: Option<[u8; 32]>,
    pub(crate) from_afar: bool,
    pub(crate) approval: Option<RuleApproval>,
    pub(crate) problem: Option<CommandProblem>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

/// What the machine says of the rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RulesTold {
    pub(crate) words: Vec<String>,
    pub(crate) faults: Vec<RuleTextFault>,
}

/// Something that is wrong with the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct RuleTextFault {
    /// The line of the text, from 1.
    line: u32,
    /// What, in the words of the machine.
    words: String,
}

/// Somebody's yes from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct RuleApproval {
    /// Its id.
    pub(crate) id: ApprovalId,
    /// Who gave it.
    pub(crate) by: CommandActor,
    /// When.
    pub(crate) at: Timestamp,
}

impl RulesTold {
    /// Sound rules.
    pub(crate) fn sound(judged: &Judged) -> Self {
        Self { words: judged.words.iter().take(MOST).map(|words| plain(words, LONGEST)).collect(), faults: vec![] }
    }

    /// Others.
    pub(crate) fn faulty(faults: &[RuleFault]) -> Self {
        let told = |fault: &RuleFault| RuleTextFault { line: fault.line, words: plain(&fault.words, LONGEST) };
        Self { words: vec![], faults: faults.iter().take(MOST).map(told).collect() }
    }
}
