//! Errands: commands that another capability has carried out. They are written down in that capability's own unit
//! of work, so that both know of them or neither does, and are sent after its commit.
//!
//! What it deliberately does not know: why an errand is wanted, and what follows from how it went.

use std::collections::BTreeMap;
use std::sync::Arc;

use diwan_kernel::{Ctx, DbError, Problem, Timestamp, Tx};
use diwan_protocol::Operation;
use diwan_protocol::control::ability;

use crate::commands::{
    BatchId, Borrower, Command, CommandActor, CommandId, CommandLimits, CommandOperation, CommandOutcome, CommandState,
    CommandUsage, Lent, Manner, NotLent, NotPrepared, Prepared, Target, Variables, Wish, find_command, must_be_able,
};
use crate::connections::Connected;
use crate::fleet::Fleet;
use crate::keys::Keys;
use crate::label::Selector;
use crate::machine::{MachineId, MachineState, Standing};
use crate::table::machine::{self, Wanted};

/// More machines are not looked at at once.
const MOST_MACHINES: usize = 100_000;

/// Something that another capability wants of a machine.
#[derive(Debug, Clone)]
pub struct Errand {
    /// Which machine.
    pub machine: MachineId,
    /// Who wants it.
    pub actor: CommandActor,
    /// What is to be done.
    pub operation: CommandOperation,
    /// After how long the program is ended.
    pub timeout_ms: Option<u64>,
    /// What it is given in its environment.
    pub variables: Variables,
    /// Patterns of the files that it leaves and that are kept, where the bridge can do that.
    pub artifacts: Vec<String>,
    /// Limits of its own, besides those of the machine's policy.
    pub limits: CommandLimits,
}

/// The way to machines that are there, for one unit of work.
#[derive(Debug)]
pub struct Way {
    there: BTreeMap<MachineId, (Arc<Connected>, String)>,
    keys: Option<Arc<Keys>>,
}

impl Way {
    /// What a machine is called.
    pub fn name_of(&self, machine: MachineId) -> Option<&str> {
        self.there.get(&machine).map(|(_, name)| name.as_str())
    }

    /// Whether the bridge of a machine can give variables to programs. One that is not there cannot.
    pub fn takes_variables(&self, machine: MachineId) -> bool {
        self.there.get(&machine).is_some_and(|(connected, _)| connected.hello.is_able(ability::VARIABLES))
    }

    /// Refuses what the bridge of a machine is too old for. Of one that is not there nothing is known.
    ///
    /// # Errors
    /// [`NotLent`]: nothing is to be sent there.
    pub fn must_be_able(
        &self,
        machine: MachineId,
        operation: &CommandOperation,
        needs_variables: bool,
        limits: CommandLimits,
    ) -> Result<(), NotLent> {
        match self.there.get(&machine) {
            Some((connected, _)) => must_be_able(&connected.hello, operation, needs_variables, limits),
            None => Ok(()),
        }
    }
}

/// An errand that is written down and not sent.
#[derive(Debug)]
pub struct Written(Prepared);

/// Why an errand was not written down.
#[derive(Debug)]
pub enum NotWritten {
    /// The database says so.
    Db(DbError),
    /// It cannot be meant.
    Invalid(Problem),
}

impl NotWritten {
    /// Whether another server used the same number for the machine: the unit has to be begun anew after
    /// [`Fleet::count_anew`].
    pub fn has_lost_count(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_unique("fleet_command", "sequence"))
    }
}

/// How an errand went so far.
#[derive(Debug, Clone)]
pub struct Report {
    /// The command that it is.
    pub command: CommandId,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// How it ended, if it has.
    pub end: Option<End>,
}

/// How an errand ended.
#[derive(Debug, Clone)]
pub struct End {
    /// How.
    pub how: How,
    /// When.
    pub at: Timestamp,
    /// More about that, for people.
    pub detail: Option<String>,
    /// What it took.
    pub usage: Option<CommandUsage>,
    /// How much output there is.
    pub output_bytes: u64,
    /// How much error output there is.
    pub error_bytes: u64,
}

/// How.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// It took longer than it may.
    TimedOut,
    /// It said more than it may, or took more memory.
    OverLimit,
    /// Somebody stopped it.
    Cancelled,
    /// The machine could not begin with it.
    NotStarted,
    /// The machine's policy refused it.
    Refused,
    /// The machine's policy wants somebody else to say yes.
    NeedsApproval,
    /// It never came to the machine: nothing was done.
    NeverArrived,
    /// Nobody knows what became of it.
    Unknown,
}

/// A machine, as somebody sees it who has work for it.
#[derive(Debug, Clone)]
pub struct Worker {
    /// Which.
    pub id: MachineId,
    /// What it is called.
    pub name: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Whether it may come in at all.
    pub is_active: bool,
    /// Whether it takes commands now.
    pub is_ready: bool,
    /// How many processors it has, once that was told.
    pub processors: u32,
}

/// Whether these are the labels that a selector asks for.
pub fn has_labels(labels: &[String], selector: &str) -> bool {
    Selector::read("selector", selector).is_ok_and(|selector| selector.fits(labels))
}

/// Refuses what is no selector of labels.
///
/// # Errors
/// 422 about this field.
pub fn check_selector(field: &str, text: &str) -> Result<(), Problem> {
    Selector::read(field, text).map(drop)
}

impl CommandOperation {
    /// Whether it can be an errand, and as it is told to a machine.
    ///
    /// # Errors
    /// 422 with everything about it that cannot be meant.
    pub fn check(&self, timeout_ms: Option<u64>) -> Result<(), Problem> {
        if self.is_terminal() || self.has_pipe() || self.is_own() {
            let message = "Terminals, files and SSH keys have ways of their own.";
            return Err(Problem::invalid_field("operation.kind", "no_errand", message));
        }
        self.to_errand(timeout_ms).map(drop)
    }

    fn to_errand(&self, timeout_ms: Option<u64>) -> Result<Operation, Problem> {
        // Only programs are told how long they may run; everything else is stopped when its time is over.
        let timeout_ms = timeout_ms.filter(|_| self.has_time_limit());
        self.read(Manner { has_input: false, timeout_ms })
    }
}

impl Fleet {
    /// All machines that are known.
    ///
    /// # Errors
    /// What the database says.
    pub async fn workers(&self) -> Result<Vec<Worker>, DbError> {
        let known = machine::list(self.db(), &Wanted::default(), None, MOST_MACHINES).await?;
        let worker = |known: crate::machine::Known| Worker {
            is_active: known.standing == Standing::Active,
            is_ready: known.standing == Standing::Active && self.is_ready(known.id),
            labels: known.labels.as_slice().to_vec(),
            processors: known.facts.processors,
            id: known.id,
            name: known.name,
        };
        Ok(known.into_iter().map(worker).collect())
    }

    /// Whether no machine of the fleet has this id, and none will: it was put out, or never was.
    ///
    /// # Errors
    /// What the database says.
    pub async fn is_out(&self, machine: MachineId) -> Result<bool, DbError> {
        let known = machine::find(self.db(), machine).await?;
        Ok(known.is_none_or(|known| known.standing == Standing::Revoked))
    }

    /// Whether a machine takes commands now.
    pub fn is_ready(&self, machine: MachineId) -> bool {
        matches!(self.presence(machine), MachineState::Online | MachineState::Busy)
    }

    /// Whether a machine is connected.
    pub fn is_there(&self, machine: MachineId) -> bool {
        self.connections().find(machine).is_some()
    }

    /// Gets ready to write errands down for these machines. Those that are not there have no way.
    ///
    /// # Errors
    /// 503 while the vault is sealed, and what the database says.
    pub async fn way_to(&self, machines: impl IntoIterator<Item = MachineId>) -> Result<Way, Problem> {
        let mut there = BTreeMap::new();
        for machine in machines {
            if let Some(connected) = self.connections().find(machine) {
                self.commands().get_ready(self, &connected).await?;
                let name = machine::find(self.db(), machine).await?.map(|known| known.name).unwrap_or_default();
                there.insert(machine, (connected, name));
            }
        }
        let keys = if there.is_empty() { None } else { Some(self.keys().await?) };
        Ok(Way { there, keys })
    }

    /// Has the vault lend the secrets that an errand needs: before the unit of work, since the vault writes down what
    /// it lends. What is not sent is given back by itself. `None` when its machine is not there.
    ///
    /// # Errors
    /// [`NotLent`]: nothing is sent then.
    pub async fn lend(&self, ctx: &Ctx, way: &Way, errand: &Errand) -> Result<Option<Lent>, NotLent> {
        let Some((connected, _)) = way.there.get(&errand.machine) else { return Ok(None) };
        let Errand { actor, operation, variables, .. } = errand;
        let borrower = Borrower { actor, operation, timeout_ms: errand.timeout_ms, variables };
        self.lend_to(ctx, borrower, connected).await.map(Some)
    }

    /// Writes an errand down, with what was lent for it, which is nothing for one without secrets; `None` when its
    /// machine is not there.
    ///
    /// # Errors
    /// [`NotWritten`].
    pub async fn write_errand(
        &self,
        ctx: &Ctx,
        way: &Way,
        tx: &mut Tx,
        errand: &Errand,
        lent: Lent,
    ) -> Result<Option<Written>, NotWritten> {
        let (Some((connected, name)), Some(keys)) = (way.there.get(&errand.machine), way.keys.as_deref()) else {
            return Ok(None);
        };
        if !lent.is_for(&errand.variables) {
            return Err(NotWritten::Invalid(Problem::internal("what was lent is not what the errand needs")));
        }
        let wish = Wish {
            batch: BatchId::new(self.world()),
            actor: errand.actor.clone(),
            wire: errand.operation.to_errand(errand.timeout_ms).map_err(NotWritten::Invalid)?,
            operation: errand.operation.clone(),
            manner: Manner {
                has_input: false,
                timeout_ms: errand.timeout_ms.filter(|_| errand.operation.has_time_limit()),
            },
            retry_safe: false,
            retry_of: None,
            approval: None,
            wait: None,
            variables: errand.variables.clone(),
            artifacts: errand.artifacts.clone(),
            limits: errand.limits.to_wire(),
        };
        let target = Target { id: errand.machine, name: name.clone() };
        match self.prepare_to_send(ctx, tx, &wish, &target, (connected, keys), lent).await {
            Ok(prepared) => Ok(prepared.map(Written)),
            Err(NotPrepared::Db(error)) => Err(NotWritten::Db(error)),
            // Nobody was asked.
            Err(NotPrepared::Approved) => Ok(None),
        }
    }

    /// Looks up anew where the numbers for these machines stand.
    ///
    /// # Errors
    /// What the database says.
    pub async fn count_anew(&self, machines: impl IntoIterator<Item = MachineId>) -> Result<(), DbError> {
        for machine in machines {
            self.commands().look_up_last(self, machine).await?;
        }
        Ok(())
    }

    /// Sends an errand, after the commit of the unit that it was written down in.
    pub fn send_errand(&self, written: Written) {
        self.set_off(written.0);
    }

    /// How an errand went so far.
    ///
    /// # Errors
    /// What the database says.
    pub async fn report(&self, command: CommandId) -> Result<Option<Report>, DbError> {
        let Some(command) = find_command(self.db(), command).await? else { return Ok(None) };
        let live = self.commands().live().find(command.id);
        let began = live.and_then(|live| live.progress.borrow().started_at);
        Ok(Some(Report { command: command.id, started_at: command.started_at.or(began), end: end_of(&command) }))
    }

    /// Has an errand stopped: now, or when its machine comes back.
    ///
    /// # Errors
    /// 404; 409 when it is over.
    pub async fn stop_errand(&self, ctx: &Ctx, command: CommandId) -> Result<(), Problem> {
        self.cancel_command(ctx, command).await
    }
}

impl Written {
    /// The command that it is.
    pub const fn command(&self) -> CommandId {
        self.0.id()
    }
}

fn end_of(command: &Command) -> Option<End> {
    let told = &command.told;
    let how = match (command.state, told.outcome) {
        (state, _) if state.is_open() => return None,
        (CommandState::Ended, Some(CommandOutcome::Exited)) => How::Exited(told.exit_code.unwrap_or(-1)),
        (CommandState::Ended, Some(CommandOutcome::Signalled)) => How::Signalled(told.signal.unwrap_or(0)),
        (CommandState::Ended, Some(CommandOutcome::TimedOut)) => How::TimedOut,
        (CommandState::Ended, Some(CommandOutcome::OverLimit)) => How::OverLimit,
        (CommandState::Ended, Some(CommandOutcome::Cancelled)) => How::Cancelled,
        (CommandState::Ended, Some(CommandOutcome::NotStarted)) => How::NotStarted,
        (CommandState::Refused, _)
            if command.problem.as_ref().is_some_and(|p| p.code == "never_arrived" || p.code == "machine_offline") =>
        {
            How::NeverArrived
        }
        (CommandState::Refused, _) if disbelieved(command) => How::NeverArrived,
        (CommandState::Refused, _) => How::Refused,
        (CommandState::NeedsApproval, _) => How::NeedsApproval,
        (CommandState::Expired, _) => How::NeverArrived,
        _ => How::Unknown,
    };
    let reasons = command.verdict.iter().flat_map(|verdict| &verdict.reasons).map(|reason| reason.words.clone()).next();
    let problem = command.problem.as_ref().map(|problem| problem.detail.clone());
    Some(End {
        how,
        at: command.ended_at.unwrap_or(command.issued_at),
        detail: told.detail.clone().or(problem).or(reasons),
        usage: command.usage,
        output_bytes: command.output_bytes,
        error_bytes: command.error_bytes,
    })
}

/// What a machine refuses without having asked its policy, another try may find otherwise.
fn disbelieved(command: &Command) -> bool {
    const PASSING: [&str; 7] =
        ["expired", "clock_skew", "other_policy", "earlier_boot", "too_many", "leaving", "secrets_missing"];
    let verdict = command.verdict.as_ref().filter(|verdict| verdict.rule.is_none());
    let first = verdict.and_then(|verdict| verdict.reasons.first());
    first.is_some_and(|reason| PASSING.contains(&reason.code.as_str()))
}
