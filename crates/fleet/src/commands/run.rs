//! From what somebody wants to what is sent: written down first, in one commit, then sent in the order of
//! the numbers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use diwan_kernel::{Ctx, DbError, Entry, Problem, Timestamp, Tx};
use diwan_protocol::command::{Actor, Approval, LONGEST_LIFE_MS, Limits, VERSION};
use diwan_protocol::control::ability;
use diwan_protocol::{Opening, Operation, encode};
use futures::FutureExt;

use super::approve;
use super::event::{About, CommandEnded, CommandWritten};
use super::follow;
use super::id::{BatchId, CommandId};
use super::lend::{Borrower, Lent, NotLent};
use super::line::Ticket;
use super::live::LiveCommand;
use super::operation::{CommandOperation, Manner};
use super::state::{CommandState, Told};
use super::table::{self, Command, CommandActor, CommandApproval, Signed};
use super::variables::Variables;
use super::words::CommandProblem;
use crate::connections::Connected;
use crate::fleet::Fleet;
use crate::keys::Keys;
use crate::machine::MachineId;

/// A command that was not sent within this time is not carried out any more.
const LIFE: Duration = Duration::from_millis(LONGEST_LIFE_MS as u64);
/// Another server may have used the same number for this machine.
const TRIES: u32 = 4;
/// The code of a command whose machine is not there.
const OFFLINE: &str = "machine_offline";

/// What was lent for each machine, or why nothing was.
type LentTo = BTreeMap<MachineId, Result<Lent, NotLent>>;

/// What is wanted, by whom.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) batch: BatchId,
    pub(crate) actor: CommandActor,
    pub(crate) operation: CommandOperation,
    /// The same as it is told to machines.
    pub(crate) wire: Operation,
    pub(crate) manner: Manner,
    pub(crate) retry_safe: bool,
    pub(crate) retry_of: Option<CommandId>,
    pub(crate) approval: Option<CommandApproval>,
    /// For how long a machine that is not there is waited for.
    pub(crate) wait: Option<Duration>,
    /// What it is given in its environment.
    pub(crate) variables: Variables,
    /// Patterns of the files that it leaves and that are kept.
    pub(crate) artifacts: Vec<String>,
    /// Limits of its own.
    pub(crate) limits: Option<Limits>,
}

impl Wish {
    /// As the vault is asked for what it needs.
    fn borrower(&self) -> Borrower<'_> {
        let Self { actor, operation, variables, .. } = self;
        Borrower { actor, operation, timeout_ms: self.manner.timeout_ms, variables }
    }
}

/// A machine that it is wanted of.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) id: MachineId,
    pub(crate) name: String,
}

/// A command that was written down, and where its progress is seen.
#[derive(Debug, Clone)]
pub(crate) struct Begun {
    pub(crate) command: Command,
    pub(crate) live: Arc<LiveCommand>,
}

/// A command in its unit of work, before the commit.
#[derive(Debug)]
pub(crate) struct Prepared {
    begun: Begun,
    way: Option<Way>,
}

/// How a command gets to its machine, and what was lent for it.
#[derive(Debug)]
struct Way {
    ticket: Ticket,
    connected: Arc<Connected>,
    lent: Option<Lent>,
}

impl Prepared {
    /// Which command it is.
    pub(crate) const fn id(&self) -> CommandId {
        self.begun.command.id
    }
}

/// Why commands were not written down.
pub(crate) enum NotPrepared {
    /// The database says so.
    Db(DbError),
    /// Somebody else said yes before.
    Approved,
}

impl From<DbError> for NotPrepared {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl Fleet {
    /// Writes commands down, one a machine, and sends them to the machines that are there.
    ///
    /// # Errors
    /// 503 while the vault is sealed, unless it is waited for, and what the database says. Nothing was sent then.
    pub(crate) async fn carry_out(
        &self,
        ctx: &Ctx,
        wish: &Wish,
        targets: &[Target],
        entry: Entry,
    ) -> Result<Vec<Begun>, Problem> {
        let (mut tries, mut there) = (0, BTreeMap::new());
        for target in targets {
            if let Some(connected) = self.connections().find(target.id) {
                self.commands().get_ready(self, &connected).await?;
                there.insert(target.id, connected);
            }
        }
        let keys = match self.keys_for(&there).await {
            // Whoever can wait for a machine can wait for the vault.
            Err(problem) if problem.code() == "vault_sealed" && wish.wait.is_some() => {
                there.clear();
                None
            }
            keys => keys?,
        };
        // The vault writes down what it lends: it cannot be asked within the unit of work.
        let mut lent = self.lend_to_all(ctx, wish.borrower(), &there).await;
        loop {
            match self.write_commands_down(ctx, wish, targets, (&there, keys.as_deref(), &lent), entry.clone()).await {
                Ok(mut prepared) => {
                    prepared.iter_mut().for_each(|one| one.take_along(&mut lent));
                    return Ok(prepared.into_iter().map(|p| self.set_off(p)).collect());
                }
                Err(NotPrepared::Db(error)) if error.is_unique("fleet_command", "sequence") && tries < TRIES => {
                    tries += 1;
                    for machine in there.keys() {
                        self.commands().look_up_last(self, *machine).await?;
                    }
                }
                Err(NotPrepared::Db(error)) => return Err(error.into()),
                Err(NotPrepared::Approved) => return Err(approve::nothing_to_approve()),
            }
        }
    }

    async fn keys_for(&self, there: &BTreeMap<MachineId, Arc<Connected>>) -> Result<Option<Arc<Keys>>, Problem> {
        if there.is_empty() { Ok(None) } else { self.keys().await.map(Some) }
    }

    async fn write_commands_down(
        &self,
        ctx: &Ctx,
        wish: &Wish,
        targets: &[Target],
        (there, keys, lent): (&BTreeMap<MachineId, Arc<Connected>>, Option<&Keys>, &LentTo),
        entry: Entry,
    ) -> Result<Vec<Prepared>, NotPrepared> {
        let mut tx = self.db().begin(ctx).await?;
        let mut all = Vec::with_capacity(targets.len());
        for target in targets {
            let mut command = self.new_command(wish, target, ctx.now());
            let lent = lent.get(&target.id);
            let way = there.get(&target.id).zip(keys).zip(lent.and_then(|lent| lent.as_ref().ok()));
            let way = way.and_then(|((connected, keys), lent)| {
                let ticket = self.commands().line(target.id).stand()?;
                sign(keys, &mut command, &wish.wire, (connected, ticket.sequence), lent);
                Some(Way { ticket, connected: Arc::clone(connected), lent: None })
            });
            match (&way, lent.and_then(|lent| lent.as_ref().err()), wish.wait) {
                (Some(_), ..) => command.state = CommandState::Written,
                (None, Some(why), None) => is_refused(&mut command, why.problem(), ctx.now()),
                (None, Some(why), _) if !why.may_pass => is_refused(&mut command, why.problem(), ctx.now()),
                (None, _, Some(wait)) => command.expires_at = ctx.now().plus(wait),
                (None, None, None) => is_refused(&mut command, is_offline(), ctx.now()),
            }
            all.push(self.prepare(&mut tx, command, way).await?);
        }
        tx.commit(with_those_away(entry, &all)).await?;
        Ok(all)
    }

    /// Writes a command down for a machine that is there, in somebody else's unit of work; `None` when all numbers
    /// for the machine were used.
    pub(crate) async fn prepare_to_send(
        &self,
        ctx: &Ctx,
        tx: &mut Tx,
        wish: &Wish,
        target: &Target,
        (connected, keys): (&Arc<Connected>, &Keys),
        lent: Lent,
    ) -> Result<Option<Prepared>, NotPrepared> {
        let Some(ticket) = self.commands().line(target.id).stand() else { return Ok(None) };
        let mut command = self.new_command(wish, target, ctx.now());
        sign(keys, &mut command, &wish.wire, (connected, ticket.sequence), &lent);
        command.state = CommandState::Written;
        let way = Way { ticket, connected: Arc::clone(connected), lent: Some(lent) };
        Ok(Some(self.prepare(tx, command, Some(way)).await?))
    }

    fn new_command(&self, wish: &Wish, target: &Target, now: Timestamp) -> Command {
        Command {
            id: CommandId::new(self.world()),
            batch: wish.batch,
            machine: target.id,
            machine_name: target.name.clone(),
            actor: wish.actor.clone(),
            operation: wish.operation.clone(),
            has_input: wish.manner.has_input,
            timeout_ms: wish.manner.timeout_ms,
            retry_safe: wish.retry_safe,
            retry_of: wish.retry_of,
            approval: wish.approval.clone(),
            approved_as: None,
            state: CommandState::Waiting,
            issued_at: now,
            expires_at: now.plus(LIFE),
            cancel_asked_at: None,
            sent: None,
            verdict: None,
            problem: None,
            started_at: None,
            ended_at: None,
            told: Told::default(),
            usage: None,
            output_bytes: 0,
            error_bytes: 0,
            input_bytes: 0,
            output_gone_at: None,
            variables: wish.variables.clone(),
            leases: vec![],
            artifacts: wish.artifacts.clone(),
            limits: wish.limits,
            left: None,
        }
    }

    async fn prepare(&self, tx: &mut Tx, command: Command, way: Option<Way>) -> Result<Prepared, NotPrepared> {
        let live = self.commands().live().enter(command.id);
        if let Some(way) = &way {
            // Before anybody can see it: it need not be asked for on this connection.
            live.bind(&way.connected);
        }
        table::insert(tx, &command).await?;
        if !approve::mark(tx, &command, approve::fresh()).await? {
            return Err(NotPrepared::Approved);
        }
        match command.state.is_open() {
            true => tx.emit(&CommandWritten(About::from(&command))),
            false => tx.emit(&CommandEnded(About::from(&command))),
        }
        Ok(Prepared { begun: Begun { command, live }, way })
    }

    /// After the commit.
    pub(crate) fn set_off(&self, prepared: Prepared) -> Begun {
        let Prepared { begun, way } = prepared;
        if !begun.command.state.is_open() {
            self.commands().live().is_over(&Arc::new(begun.command.clone()));
        }
        if let Some(Way { ticket, connected, lent }) = way {
            let (fleet, sent) = (self.clone(), begun.clone());
            ticket.send(move || fleet.send_command(&connected, sent, lent));
        }
        begun
    }

    /// Sends a command that waited for its machine. It goes on waiting when that cannot be done now, and is over when
    /// the vault does not lend what it needs.
    ///
    /// # Errors
    /// What the vault or the database says.
    pub(crate) async fn send_waiting(&self, connected: &Arc<Connected>, mut command: Command) -> Result<(), Problem> {
        self.commands().get_ready(self, connected).await?;
        let ctx = Ctx::system(self.world(), "fleet");
        let manner = Manner { has_input: command.has_input, timeout_ms: command.timeout_ms };
        let (wire, keys, now) = (command.operation.read(manner)?, self.keys().await?, ctx.now());
        let lent = match self.lend_to(&ctx, borrower(&command), connected).await {
            Ok(lent) => lent,
            Err(why) if why.may_pass => return Ok(()),
            Err(why) => {
                is_refused(&mut command, why.problem(), now);
                self.write_end(command, None).await;
                return Ok(());
            }
        };
        let live = self.commands().live().enter(command.id);
        let mut tx = self.db().begin(&ctx).await?;
        let Some(ticket) = self.commands().line(command.machine).stand() else { return Ok(()) };
        (command.state, command.issued_at, command.expires_at) = (CommandState::Written, now, now.plus(LIFE));
        sign(&keys, &mut command, &wire, (connected, ticket.sequence), &lent);
        live.bind(connected);
        if !table::set_signed(&mut tx, &command).await? {
            return Ok(());
        }
        let entry = Entry::done("command.send").on("command", command.id).with("machine", command.machine.to_string());
        tx.commit(with_secrets(entry, &command.variables)).await?;
        let (fleet, connected) = (self.clone(), Arc::clone(connected));
        ticket.send(move || fleet.send_command(&connected, Begun { command, live }, Some(lent)));
        Ok(())
    }

    /// Hands a command over to the connection, without waiting, and has it followed.
    fn send_command(&self, connected: &Arc<Connected>, begun: Begun, lent: Option<Lent>) {
        let bytes = begun.command.sent.as_ref().map(|sent| Bytes::from(sent.bytes.clone())).unwrap_or_default();
        let opened = connected.link.open(follow::priority(&begun.command), encode(&Opening::Run).into());
        let stream = opened.ok().and_then(|mut stream| {
            // A new stream has room for a command.
            let is_taken = matches!(stream.send(bytes).now_or_never(), Some(Ok(())));
            is_taken.then_some(stream)
        });
        begun.live.progress.send_modify(|progress| progress.state = Some(CommandState::Sent));
        let secrets = lent.and_then(Lent::sent);
        follow::spawn(self, Arc::clone(connected), begun, follow::Begins::Sent(stream, secrets));
    }
}

impl Prepared {
    /// What was lent for it goes along.
    fn take_along(&mut self, lent: &mut LentTo) {
        if let Some(way) = &mut self.way {
            way.lent = lent.remove(&self.begun.command.machine).and_then(Result::ok);
        }
    }
}

/// The entry says which machines were not there, or could not be sent it: their commands are over with it.
fn with_those_away(entry: Entry, all: &[Prepared]) -> Entry {
    let over = || all.iter().map(|prepared| &prepared.begun.command).filter(|command| !command.state.is_open());
    let is_away = |command: &Command| command.problem.as_ref().is_some_and(|problem| problem.code == OFFLINE);
    let away: Vec<String> = over().filter(|c| is_away(c)).map(|command| command.machine.to_string()).collect();
    let entry = if away.is_empty() { entry } else { entry.with("not_connected", away) };
    let why = |command: &Command| command.problem.as_ref().map(|problem| problem.code.clone()).unwrap_or_default();
    let refused = over().filter(|command| !is_away(command));
    let refused: Vec<String> = refused.map(|command| format!("{}: {}", command.machine, why(command))).collect();
    if refused.is_empty() { entry } else { entry.with("refused", refused) }
}

/// The entry names what a command is given; never what it says.
pub(super) fn with_secrets(entry: Entry, variables: &Variables) -> Entry {
    let env: Vec<String> = variables.env.keys().cloned().collect();
    let entry = if env.is_empty() { entry } else { entry.with("env", env) };
    if variables.secrets.is_empty() { entry } else { entry.with("secrets", variables.secret_names()) }
}

fn borrower(command: &Command) -> Borrower<'_> {
    let Command { actor, operation, variables, .. } = command;
    Borrower { actor, operation, timeout_ms: command.timeout_ms, variables }
}

/// Nothing is sent.
fn is_refused(command: &mut Command, why: CommandProblem, now: Timestamp) {
    (command.state, command.ended_at, command.problem) = (CommandState::Refused, Some(now), Some(why));
}

/// It is not waited for.
fn is_offline() -> CommandProblem {
    CommandProblem::new(OFFLINE, "The machine is not connected.")
}

/// A bridge that cannot keep files carries the command out all the same.
fn artifacts_for(globs: &[String], connected: &Connected) -> Option<Vec<String>> {
    (!globs.is_empty() && connected.hello.is_able(ability::ARTIFACTS)).then(|| globs.to_vec())
}

/// Writes into a command what is sent, and which leases hang on it.
fn sign(keys: &Keys, command: &mut Command, wire: &Operation, (connected, sequence): (&Connected, u64), lent: &Lent) {
    let actor = |actor: &CommandActor| Actor { id: actor.id.clone(), name: actor.name.clone() };
    let policy = connected.policy.borrow().hash;
    let signed = keys.of(connected.generation).signing.sign(&diwan_protocol::Command {
        version: VERSION,
        id: command.id.to_string(),
        machine: command.machine.to_string(),
        boot: connected.hello.boot,
        sequence,
        issued_ms: command.issued_at.as_millis(),
        expires_ms: command.expires_at.as_millis(),
        policy,
        actor: actor(&command.actor),
        approval: command.approval.as_ref().map(|approval| Approval {
            id: approval.id.to_string(),
            by: actor(&approval.by),
            at_ms: approval.at.as_millis(),
        }),
        operation: wire.clone(),
        retry_safe: command.retry_safe,
        environment: lent.environment(&command.variables),
        artifacts: artifacts_for(&command.artifacts, connected),
        limits: command.limits,
    });
    command.leases = lent.leases();
    command.sent = Some(Signed { sequence, policy: *policy, bytes: encode(&signed) });
}
