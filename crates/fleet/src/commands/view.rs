//! Commands as the API shows them.

use std::collections::BTreeMap;

use diwan_kernel::Timestamp;
use serde::Serialize;

use super::id::{BatchId, CommandId};
use super::live::{LiveCommands, Progress};
use super::operation::CommandOperation;
use super::state::{CommandOutcome, CommandState, CommandUsage};
use super::table::{Command, CommandActor, CommandApproval};
use super::terminal::TerminalView;
use super::variables::SecretVariable;
use super::words::{CommandProblem, CommandVerdict};
use crate::machine::MachineId;

/// Something that a machine is asked to do.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Command)]
pub(crate) struct CommandView {
    /// Its id.
    pub(crate) id: CommandId,
    /// The commands that were wanted together with it.
    batch_id: BatchId,
    /// Which machine.
    machine_id: MachineId,
    /// What the machine was called then.
    machine_name: String,
    /// Who wants it.
    actor: CommandActor,
    /// What is to be done.
    operation: CommandOperation,
    /// Where it stands.
    pub(crate) state: CommandState,
    /// Whether it is given input.
    has_input: bool,
    /// After how long it is ended.
    timeout_ms: Option<u64>,
    /// Whether it may be done again when nobody knows whether it was done.
    retry_safe: bool,
    /// The command that it repeats because nobody knows whether that was done.
    retry_of: Option<CommandId>,
    /// Somebody's yes.
    approval: Option<CommandApproval>,
    /// The command that was sent after somebody said yes to this one.
    approved_as: Option<CommandId>,
    /// When it was signed, or began to wait.
    issued_at: Timestamp,
    /// From when on it is not begun any more.
    expires_at: Timestamp,
    /// Its number among the commands of the machine.
    sequence: Option<u64>,
    /// The hash of the policy that was in force when it was signed.
    policy_hash: Option<String>,
    /// Since when it is to stop.
    cancel_asked_at: Option<Timestamp>,
    /// What the machine's policy says.
    verdict: Option<CommandVerdict>,
    /// What went wrong on the way, or with its output.
    problem: Option<CommandProblem>,
    /// When it began, by the machine's clock.
    started_at: Option<Timestamp>,
    /// When it ended.
    ended_at: Option<Timestamp>,
    /// How it ended.
    outcome: Option<CommandOutcome>,
    /// More about that.
    detail: Option<String>,
    /// With which status it ended by itself.
    exit_code: Option<i32>,
    /// Which signal ended it.
    signal: Option<i32>,
    /// What it took.
    usage: Option<CommandUsage>,
    /// How large it is and who looks on, if it is a terminal that is open.
    terminal: Option<TerminalView>,
    /// How much of its output is here; of a terminal, how long its recording is.
    output_bytes: u64,
    /// How much of its error output is here.
    error_bytes: u64,
    /// How much input it has taken.
    input_bytes: u64,
    /// Since when its output is not kept any longer.
    output_deleted_at: Option<Timestamp>,
    /// The plain variables that it is given.
    env: BTreeMap<String, String>,
    /// The variables whose values are secrets. Their values are shown nowhere.
    secrets: Vec<SecretVariable>,
}

impl CommandView {
    /// The same for a list of many.
    #[must_use]
    pub(crate) fn in_a_list(self) -> Self {
        Self { operation: self.operation.in_a_list(), ..self }
    }

    /// A command as it is stored, and as it stands now as far as that is known here.
    pub(crate) fn new(stored: Command, live: &LiveCommands) -> Self {
        let progress =
            live.find(stored.id).filter(|_| stored.state.is_open()).map(|live| live.progress.borrow().clone());
        match progress {
            Some(Progress { over: Some(over), .. }) => Self::of((*over).clone(), None),
            other => Self::of(stored, other.as_ref()),
        }
    }

    /// A command as it stands by this progress.
    pub(crate) fn at(stored: Command, now: &Progress) -> Self {
        Self::of(stored, Some(now))
    }

    fn of(command: Command, now: Option<&Progress>) -> Self {
        let state = now.and_then(|now| now.state).unwrap_or(command.state);
        let [output_bytes, error_bytes] = now.map_or([command.output_bytes, command.error_bytes], |now| now.lengths);
        let hash = command.sent.as_ref().map(|sent| hex(&sent.policy));
        let terminal = TerminalView::of(&command.operation).filter(|_| state.is_open());
        let terminal_now = now.and_then(|now| now.terminal.as_deref().cloned());
        Self {
            id: command.id,
            batch_id: command.batch,
            machine_id: command.machine,
            machine_name: command.machine_name,
            actor: command.actor,
            operation: command.operation,
            state,
            has_input: command.has_input,
            timeout_ms: command.timeout_ms,
            retry_safe: command.retry_safe,
            retry_of: command.retry_of,
            approval: command.approval,
            approved_as: command.approved_as,
            issued_at: command.issued_at,
            expires_at: command.expires_at,
            sequence: command.sent.map(|sent| sent.sequence),
            policy_hash: hash,
            cancel_asked_at: command.cancel_asked_at,
            verdict: now.and_then(|now| now.verdict.clone()).or(command.verdict),
            problem: now.and_then(|now| now.problem.clone()).or(command.problem),
            started_at: now.and_then(|now| now.started_at).or(command.started_at),
            ended_at: command.ended_at,
            outcome: command.told.outcome,
            detail: command.told.detail,
            exit_code: command.told.exit_code,
            signal: command.told.signal,
            usage: command.usage,
            terminal: terminal.map(|opened| terminal_now.unwrap_or(opened)),
            output_bytes,
            error_bytes,
            input_bytes: now.map_or(command.input_bytes, |now| now.input_taken),
            output_deleted_at: command.output_gone_at,
            env: command.variables.env,
            secrets: command.variables.secrets,
        }
    }
}

/// Commands that were wanted together.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = CommandBatch)]
pub(crate) struct BatchView {
    /// Its id.
    pub(crate) id: BatchId,
    /// One command a machine.
    pub(crate) commands: Vec<CommandView>,
    /// How many of them have not come to an end.
    pub(crate) open: usize,
    /// How many ended with status 0.
    pub(crate) succeeded: usize,
}

impl BatchView {
    pub(crate) fn new(id: BatchId, commands: Vec<CommandView>) -> Self {
        let open = commands.iter().filter(|command| command.state.is_open()).count();
        let has_succeeded = |c: &&CommandView| c.state == CommandState::Ended && c.exit_code == Some(0);
        let succeeded = commands.iter().filter(has_succeeded).count();
        Self { id, commands, open, succeeded }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing into memory cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
