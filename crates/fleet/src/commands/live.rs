//! Commands that have not ended: how far each has come, for whoever looks on, and what is to be told to it.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::{Buf, Bytes, BytesMut};
use diwan_kernel::Timestamp;
use diwan_kernel::id::UserId;
use diwan_protocol::run::ToCommand;
use tokio::sync::{Notify, mpsc, watch};

use super::id::CommandId;
use super::intake::CHANNELS;
use super::state::CommandState;
use super::table::Command;
use super::terminal::{Scrollback, TerminalView};
use super::words::{CommandProblem, CommandVerdict};
use crate::connections::Connected;

/// So much input waits here for a command that does not take it; who gives more waits.
pub(crate) const MOST_INPUT: usize = 1024 * 1024;
/// Signals and the like that wait to be sent.
const MOST_ORDERS: usize = 64;

/// How far a command has come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    pub(crate) state: Option<CommandState>,
    pub(crate) verdict: Option<CommandVerdict>,
    pub(crate) started_at: Option<Timestamp>,
    /// How much of its output can be read.
    pub(crate) lengths: [u64; CHANNELS],
    pub(crate) input_taken: u64,
    /// How large it is and who looks on, if it is a terminal.
    pub(crate) terminal: Option<Arc<TerminalView>>,
    /// Why its output is not kept, if that is so.
    pub(crate) problem: Option<CommandProblem>,
    /// How it ended, once that is written down.
    pub(crate) over: Option<Arc<Command>>,
}

/// A command that has not ended.
#[derive(Debug)]
pub(crate) struct LiveCommand {
    pub(crate) progress: watch::Sender<Progress>,
    input: Mutex<Input>,
    input_came: Notify,
    orders: Mutex<Option<mpsc::Sender<ToCommand>>>,
    /// Whether it is to stop, whoever follows it.
    is_cancelled: AtomicBool,
    /// Who follows it now: whoever came before lets go of it.
    turn: watch::Sender<u64>,
    /// Who has looked at it, and whether as somebody who may type.
    visitors: Mutex<HashSet<(UserId, bool)>>,
    /// Held by whoever follows it.
    pub(crate) following: tokio::sync::Mutex<()>,
    /// What it says, if it is a terminal.
    pub(crate) scrollback: Scrollback,
    /// The connection that it is sent on.
    bound_to: Mutex<Weak<Connected>>,
}

/// What a command is given to read: what the machine has not taken yet.
#[derive(Debug, Default)]
struct Input {
    taken: u64,
    held: BytesMut,
    has_ended: bool,
    /// Whether something is known of what was given before this process began.
    is_known: bool,
    /// Whether this process knows where what is held here belongs, or the machine has to say so first.
    has_place: bool,
    is_afloat: bool,
}

/// Why input is not taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoInput {
    /// It must go on from this place.
    Gap(u64),
    /// The end was told before.
    Ended,
    /// There is no room now.
    Full,
}

impl LiveCommand {
    fn new() -> Self {
        Self {
            progress: watch::Sender::default(),
            input: Mutex::default(),
            input_came: Notify::new(),
            orders: Mutex::default(),
            is_cancelled: AtomicBool::default(),
            turn: watch::Sender::default(),
            visitors: Mutex::default(),
            following: tokio::sync::Mutex::default(),
            scrollback: Scrollback::default(),
            bound_to: Mutex::default(),
        }
    }

    /// Says which connection it is sent on.
    pub(crate) fn bind(&self, connected: &Arc<Connected>) {
        *self.bound_to.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(connected);
    }

    /// Whether it is sent on this connection, so that there is nothing to ask for.
    pub(crate) fn is_bound_to(&self, connected: &Arc<Connected>) -> bool {
        let bound_to = self.bound_to.lock().unwrap_or_else(PoisonError::into_inner);
        bound_to.upgrade().is_some_and(|bound_to| Arc::ptr_eq(&bound_to, connected))
    }

    /// Whether somebody looks at it in this manner for the first time, as far as this process knows.
    pub(crate) fn is_first_visit(&self, user: UserId, read_only: bool) -> bool {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner).insert((user, read_only))
    }

    fn input(&self) -> MutexGuard<'_, Input> {
        self.input.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the following over from whoever does it now.
    pub(crate) fn take_turn(&self) -> Turn<'_> {
        let mut mine = 0;
        self.turn.send_modify(|turn| {
            *turn += 1;
            mine = *turn;
        });
        Turn { command: self, mine }
    }

    /// Says something to the command, if somebody follows it now.
    pub(crate) fn order(&self, order: ToCommand) -> bool {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.as_ref().is_some_and(|orders| orders.try_send(order).is_ok())
    }

    /// Whether somebody follows it now, who takes orders.
    pub(crate) fn takes_orders(&self) -> bool {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.as_ref().is_some_and(|orders| !orders.is_closed())
    }

    /// Has it stopped: now, or as soon as somebody follows it.
    pub(crate) fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::SeqCst);
        self.order(ToCommand::Cancel);
    }

    /// Opens the way for orders.
    pub(crate) fn take_orders(&self) -> mpsc::Receiver<ToCommand> {
        let (sender, receiver) = mpsc::channel(MOST_ORDERS);
        *self.orders.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        if self.is_cancelled.load(Ordering::SeqCst) {
            self.order(ToCommand::Cancel);
        }
        receiver
    }

    /// Gives input at a place: what was given before is passed over. Says up to where there is input now.
    ///
    /// # Errors
    /// [`NoInput`].
    pub(crate) fn give(&self, at: Option<u64>, bytes: &[u8], ends: bool) -> Result<u64, NoInput> {
        let mut input = self.input();
        let end = input.taken + input.held.len() as u64;
        let at = at.unwrap_or(end);
        if at > end {
            return Err(NoInput::Gap(end));
        }
        let new = usize::try_from(end - at).ok().and_then(|known| bytes.get(known..)).unwrap_or_default();
        if input.has_ended && !new.is_empty() {
            return Err(NoInput::Ended);
        }
        if !new.is_empty() && input.held.len() + new.len() > MOST_INPUT {
            return Err(NoInput::Full);
        }
        input.held.extend_from_slice(new);
        input.has_ended |= ends;
        (input.is_known, _) = (true, self.input_came.notify_one());
        Ok(end + new.len() as u64)
    }

    /// The machine has taken so much.
    pub(crate) fn input_was_taken(&self, count: u64) {
        let mut input = self.input();
        let end = input.taken + input.held.len() as u64;
        if std::mem::take(&mut input.is_afloat) {
            (input.taken, input.has_place) = (count, true);
            self.input_came.notify_one();
        } else if count > end && !input.is_known && input.held.is_empty() {
            // Given by a process before this one.
            input.taken = count;
        } else if count > input.taken && count <= end {
            let taken = (count - input.taken) as usize;
            input.held.advance(taken);
            input.taken = count;
        }
        let taken = input.taken;
        drop(input);
        self.progress.send_modify(|progress| progress.input_taken = taken);
    }

    /// It begins now: what is given to it is counted from here on.
    pub(crate) fn begin_input(&self) {
        self.input().has_place = true;
    }

    /// It goes on. What was given to it before this process began, only the machine knows: what is given from now on
    /// belongs where it says.
    pub(crate) fn go_on_with_input(&self) {
        let mut input = self.input();
        input.is_afloat = !input.has_place;
    }

    /// How much the machine has taken.
    pub(crate) fn input_taken(&self) -> u64 {
        self.input().taken
    }

    /// Waits for input from this place on: a piece of at most so many bytes with its place, or `None` at its end.
    pub(crate) async fn next_input(&self, from: u64, most: usize) -> Option<(u64, Bytes)> {
        loop {
            if let Some(next) = self.look_at_input(from, most) {
                return next;
            }
            self.input_came.notified().await;
        }
    }

    fn look_at_input(&self, from: u64, most: usize) -> Option<Option<(u64, Bytes)>> {
        let input = self.input();
        if input.is_afloat {
            return None;
        }
        let from = from.max(input.taken);
        let begin = (from - input.taken) as usize;
        let waiting = input.held.get(begin..).unwrap_or_default();
        match (waiting.is_empty(), input.has_ended) {
            (false, _) => Some(Some((from, Bytes::copy_from_slice(&waiting[..waiting.len().min(most)])))),
            (true, true) => Some(None),
            (true, false) => None,
        }
    }
}

/// The right to follow a command, until somebody else takes it.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    command: &'a LiveCommand,
    mine: u64,
}

impl Turn<'_> {
    /// Waits until somebody else follows the command.
    pub(crate) async fn is_taken(&self) {
        let mut turn = self.command.turn.subscribe();
        // The sender is in what is borrowed here.
        let _ = turn.wait_for(|turn| *turn != self.mine).await;
    }
}

/// All commands that have not ended, as far as anybody here looks at them.
#[derive(Debug, Default)]
pub(crate) struct LiveCommands {
    all: Mutex<HashMap<CommandId, Arc<LiveCommand>>>,
    looks: AtomicU64,
}

impl LiveCommands {
    fn lock(&self) -> MutexGuard<'_, HashMap<CommandId, Arc<LiveCommand>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The command, entered if it was not there. Whoever enters one looks into the table after that: an end
    /// that was written down before is not told here.
    pub(crate) fn enter(&self, id: CommandId) -> Arc<LiveCommand> {
        let mut all = self.lock();
        if self.looks.fetch_add(1, Ordering::Relaxed).is_multiple_of(1024) {
            // What was sent is kept until it is over: input may wait in it.
            all.retain(|_, command| Arc::strong_count(command) > 1 || command.progress.borrow().state.is_some());
        }
        Arc::clone(all.entry(id).or_insert_with(|| Arc::new(LiveCommand::new())))
    }

    /// The command, if somebody entered it.
    pub(crate) fn find(&self, id: CommandId) -> Option<Arc<LiveCommand>> {
        self.lock().get(&id).cloned()
    }

    /// Tells everybody who looks on that it is over, and lets go of it.
    pub(crate) fn is_over(&self, command: &Arc<Command>) {
        if let Some(live) = self.lock().remove(&command.id) {
            live.progress.send_modify(|progress| {
                (progress.state, progress.over) = (Some(command.state), Some(Arc::clone(command)));
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn f31_what_is_typed_into_a_terminal_after_a_restart_belongs_where_the_machine_says() {
        let live = LiveCommand::new();
        live.go_on_with_input();
        assert_eq!(live.give(None, b"ls", false), Ok(2));
        assert_eq!(live.look_at_input(0, 99), None, "nobody knows yet where it belongs");
        live.input_was_taken(500);
        assert_eq!(live.next_input(0, 99).await, Some((500, Bytes::from_static(b"ls"))));
        // Another connection in the same life: what was sent before is sent again at its place.
        live.go_on_with_input();
        assert_eq!(live.next_input(500, 99).await, Some((500, Bytes::from_static(b"ls"))));
        live.input_was_taken(501);
        assert_eq!(live.next_input(0, 99).await, Some((501, Bytes::from_static(b"s"))));
    }

    #[tokio::test]
    async fn what_is_typed_into_a_terminal_that_begins_is_counted_from_its_beginning() {
        let live = LiveCommand::new();
        live.begin_input();
        assert_eq!(live.give(None, b"ls", false), Ok(2));
        live.go_on_with_input();
        live.input_was_taken(1);
        assert_eq!(live.next_input(0, 99).await, Some((1, Bytes::from_static(b"s"))));
    }
}
