//! Stops a command, wherever it is, and tells one that runs something.

use diwan_kernel::{Ctx, Entry, Problem, TaskPolicy};
use diwan_protocol::run::ToCommand;

use super::event::{About, CommandEnded};
use super::id::CommandId;
use super::state::{CommandOutcome, CommandState, Told};
use super::table::{self, Command};
use super::terminal::access;
use crate::fleet::Fleet;

impl Fleet {
    /// Has a command stopped. One whose machine is not there is stopped when it comes back.
    ///
    /// # Errors
    /// 404, 409 when it is over.
    pub(crate) async fn cancel_command(&self, ctx: &Ctx, id: CommandId) -> Result<(), Problem> {
        let command = self.get_command(id).await?;
        access::may_see(ctx, &command)?;
        if command.state == CommandState::Waiting && self.cancel_waiting(ctx, command.clone()).await? {
            return Ok(());
        }
        let mut tx = self.db().begin(ctx).await?;
        if !table::ask_cancel(&mut tx, id, ctx.now()).await? {
            return Err(is_over());
        }
        tx.commit(about("command.cancel", &command)).await?;
        if let Some(live) = self.commands().live().find(id) {
            live.cancel();
        }
        Ok(())
    }

    /// What was never sent is over at once. False when it was sent meanwhile.
    async fn cancel_waiting(&self, ctx: &Ctx, mut command: Command) -> Result<bool, Problem> {
        (command.state, command.told) = (CommandState::Ended, Told::simply(CommandOutcome::Cancelled));
        command.ended_at = Some(ctx.now());
        let mut tx = self.db().begin(ctx).await?;
        if !table::end_waiting(&mut tx, &command).await? {
            return Ok(false);
        }
        tx.emit(&CommandEnded(About::from(&command)));
        tx.commit(about("command.cancel", &command)).await?;
        self.commands().live().is_over(&std::sync::Arc::new(command));
        Ok(true)
    }

    /// Sends a signal to a command that runs.
    ///
    /// # Errors
    /// 404, 409 when it does not run or its machine is not there.
    pub(crate) async fn signal_command(&self, ctx: &Ctx, id: CommandId, signal: u8) -> Result<(), Problem> {
        let command = self.get_command(id).await?;
        access::may_type(ctx, &command)?;
        if !command.state.is_open() {
            return Err(is_over());
        }
        let live = self.commands().live().find(id).filter(|live| live.takes_orders()).ok_or_else(not_running)?;
        let tx = self.db().begin(ctx).await?;
        tx.commit(about("command.signal", &command).with("signal", signal)).await?;
        if live.order(ToCommand::Signal(signal)) { Ok(()) } else { Err(not_running()) }
    }

    /// The command with this id.
    ///
    /// # Errors
    /// 404.
    pub(crate) async fn get_command(&self, id: CommandId) -> Result<Command, Problem> {
        table::find(self.db(), id).await?.ok_or_else(|| Problem::not_found("command"))
    }

    /// Does something to its end although whoever asked for it may go away.
    ///
    /// # Errors
    /// What it says.
    pub(crate) async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let (tell, told) = tokio::sync::oneshot::channel();
        self.supervisor().spawn("request about commands", TaskPolicy::Once, async move {
            // Nobody may be waiting any longer.
            let _ = tell.send(work.await);
        });
        told.await.unwrap_or_else(|_| Err(Problem::internal("the work on a request was cut short")))
    }
}

fn about(action: &'static str, command: &Command) -> Entry {
    let entry = Entry::done(action).on("command", command.id).with("machine", command.machine.to_string());
    entry.with("operation", command.operation.summary())
}

pub(crate) fn is_over() -> Problem {
    Problem::conflict(
        "command_over",
        "The command is over",
        "It came to an end before this.",
        "Look at how it ended; run it again if it is still wanted.",
    )
}

pub(crate) fn not_running() -> Problem {
    Problem::conflict(
        "command_not_running",
        "The command does not run",
        "It has not begun, or its machine is not connected now.",
        "Wait until its machine is back, or cancel the command.",
    )
}
