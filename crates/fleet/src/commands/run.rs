//! From what somebody wants to what is sent: written down first, in one commit, then sent in the order of
//! the numbers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use diwan_kernel::{Ctx, DbError, Entry, Problem, Timestamp, Tx};
use diwan_protocol::command::{Actor, Approval, LONGEST_LIFE_MS, VERSION};
use diwan_protocol::{Opening, Operation, encode};
use futures::FutureExt;

use super::approve;
use super::event::{About, CommandEnded, CommandWritten};
use super::follow;
use super::id::{BatchId, CommandId};
use super::line::Ticket;
use super::live::LiveCommand;
use super::operation::{CommandOperation, Manner};
use super::state::{CommandState, Told};
use super::table::{self, Command, CommandActor, CommandApproval, Signed};
use super::words::CommandProblem;
use crate::connections::Connected;
use crate::fleet::Fleet;
use crate::keys::Keys;
use crate::machine::MachineId;

/// A command that was not sent within this time is not carried out any more.
const LIFE: Duration = Duration::from_millis(LONGEST_LIFE_MS as u64);
/// Another server may have used the same number for this machine.
const TRIES: u32 = 4;

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
    way: Option<(Ticket, Arc<Connected>)>,
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
    /// 503 while the vault is sealed, and what the database says. Nothing was sent then.
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
        let keys = if there.is_empty() { None } else { Some(self.keys().await?) };
        loop {
            match self.write_commands_down(ctx, wish, targets, (&there, keys.as_deref()), entry.clone()).await {
                Ok(prepared) => return Ok(prepared.into_iter().map(|p| self.set_off(p)).collect()),
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

    async fn write_commands_down(
        &self,
        ctx: &Ctx,
        wish: &Wish,
        targets: &[Target],
        (there, keys): (&BTreeMap<MachineId, Arc<Connected>>, Option<&Keys>),
        entry: Entry,
    ) -> Result<Vec<Prepared>, NotPrepared> {
        let mut tx = self.db().begin(ctx).await?;
        let mut all = Vec::with_capacity(targets.len());
        for target in targets {
            let mut command = self.new_command(wish, target, ctx.now());
            let way = there.get(&target.id).zip(keys).and_then(|(connected, keys)| {
                let ticket = self.commands().line(target.id).stand()?;
                command.sent = Some(sign(keys, &command, &wish.wire, connected, ticket.sequence));
                Some((ticket, Arc::clone(connected)))
            });
            match (&way, wish.wait) {
                (Some(_), _) => command.state = CommandState::Written,
                (None, Some(wait)) => command.expires_at = ctx.now().plus(wait),
                (None, None) => is_offline(&mut command, ctx.now()),
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
    ) -> Result<Option<Prepared>, NotPrepared> {
        let Some(ticket) = self.commands().line(target.id).stand() else { return Ok(None) };
        let mut command = self.new_command(wish, target, ctx.now());
        command.sent = Some(sign(keys, &command, &wish.wire, connected, ticket.sequence));
        command.state = CommandState::Written;
        Ok(Some(self.prepare(tx, command, Some((ticket, Arc::clone(connected)))).await?))
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
        }
    }

    async fn prepare(
        &self,
        tx: &mut Tx,
        command: Command,
        way: Option<(Ticket, Arc<Connected>)>,
    ) -> Result<Prepared, NotPrepared> {
        let live = self.commands().live().enter(command.id);
        if let Some((_, connected)) = &way {
            // Before anybody can see it: it need not be asked for on this connection.
            live.bind(connected);
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
        if let Some((ticket, connected)) = way {
            let (fleet, sent) = (self.clone(), begun.clone());
            ticket.send(move || fleet.send_command(&connected, sent));
        }
        begun
    }

    /// Sends a command that waited for its machine. It goes on waiting when that cannot be done now.
    ///
    /// # Errors
    /// What the vault or the database says.
    pub(crate) async fn send_waiting(&self, connected: &Arc<Connected>, mut command: Command) -> Result<(), Problem> {
        self.commands().get_ready(self, connected).await?;
        let ctx = Ctx::system(self.world(), "fleet");
        let manner = Manner { has_input: command.has_input, timeout_ms: command.timeout_ms };
        let (wire, keys, now) = (command.operation.read(manner)?, self.keys().await?, ctx.now());
        let live = self.commands().live().enter(command.id);
        let mut tx = self.db().begin(&ctx).await?;
        let Some(ticket) = self.commands().line(command.machine).stand() else { return Ok(()) };
        (command.state, command.issued_at, command.expires_at) = (CommandState::Written, now, now.plus(LIFE));
        command.sent = Some(sign(&keys, &command, &wire, connected, ticket.sequence));
        live.bind(connected);
        if !table::set_signed(&mut tx, &command).await? {
            return Ok(());
        }
        let entry = Entry::done("command.send").on("command", command.id).with("machine", command.machine.to_string());
        tx.commit(entry).await?;
        let (fleet, connected) = (self.clone(), Arc::clone(connected));
        ticket.send(move || fleet.send_command(&connected, Begun { command, live }));
        Ok(())
    }

    /// Hands a command over to the connection, without waiting, and has it followed.
    fn send_command(&self, connected: &Arc<Connected>, begun: Begun) {
        let bytes = begun.command.sent.as_ref().map(|sent| Bytes::from(sent.bytes.clone())).unwrap_or_default();
        let opened = connected.link.open(follow::priority(&begun.command), encode(&Opening::Run).into());
        let stream = opened.ok().and_then(|mut stream| {
            // A new stream has room for a command.
            let is_taken = matches!(stream.send(bytes).now_or_never(), Some(Ok(())));
            is_taken.then_some(stream)
        });
        begun.live.progress.send_modify(|progress| progress.state = Some(CommandState::Sent));
        follow::spawn(self, Arc::clone(connected), begun, follow::Begins::Sent(stream));
    }
}

/// The entry says which machines were not there: their commands are over with it.
fn with_those_away(entry: Entry, all: &[Prepared]) -> Entry {
    let over = all.iter().filter(|prepared| !prepared.begun.command.state.is_open());
    let away: Vec<String> = over.map(|prepared| prepared.begun.command.machine.to_string()).collect();
    if away.is_empty() { entry } else { entry.with("not_connected", away) }
}

/// It is not waited for.
fn is_offline(command: &mut Command, now: Timestamp) {
    command.state = CommandState::Refused;
    command.ended_at = Some(now);
    command.problem = Some(CommandProblem::new("machine_offline", "The machine is not connected."));
}

fn sign(keys: &Keys, command: &Command, wire: &Operation, connected: &Connected, sequence: u64) -> Signed {
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
    });
    Signed { sequence, policy: *policy, bytes: encode(&signed) }
}
