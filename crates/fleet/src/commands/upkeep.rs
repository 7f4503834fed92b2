//! What is looked after all the time: commands whose machine did not come, and output that grew old.

use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, DbError, Problem, TaskPolicy, Timestamp};

use super::artifacts;
use super::config::OutputsConfig;
use super::end::WAIT_TO_REPEAT;
use super::id::CommandId;
use super::packer;
use super::state::CommandState;
use super::table::{self, Command, Kept};
use super::words::CommandProblem;
use crate::fleet::Fleet;

const BEAT: Duration = Duration::from_secs(2);
/// Output is looked through every so many beats.
const BEATS_TO_SWEEP: u64 = 300;

/// Begins to look after the commands.
pub(crate) fn start(fleet: &Fleet) {
    packer::start(fleet);
    artifacts::start(fleet);
    let this = fleet.clone();
    fleet.supervisor().spawn("upkeep of commands", TaskPolicy::Critical, async move {
        if let Err(error) = this.repeat_what_was_lost().await {
            tracing::warn!(%error, "commands that a crash kept from being repeated cannot be looked up");
        }
        let (mut beats, mut swept_by) = (0, this.outputs());
        while this.supervisor().pause(BEAT).await {
            if let Err(problem) = this.look_after_commands().await {
                tracing::warn!(%problem, "commands cannot be looked after now");
            }
            let limits = this.outputs();
            // Whoever sets another limit sees what comes of it.
            if beats % BEATS_TO_SWEEP == 0 || !Arc::ptr_eq(&limits, &swept_by) {
                match this.sweep_outputs(&limits).await {
                    Ok(()) => swept_by = limits,
                    Err(problem) => tracing::warn!(%problem, "old output cannot be deleted now"),
                }
            }
            beats += 1;
        }
    });
}

impl Fleet {
    /// Ends what waited too long or has nobody left to carry it out, and sends what waits for a machine that
    /// is there: the vault may have been sealed when it came.
    async fn look_after_commands(&self) -> Result<(), Problem> {
        let now = self.world().now();
        for command in table::overdue(self.db(), now).await? {
            let detail = "The machine did not connect in time.";
            self.end_without_machine(command, (CommandState::Expired, "machine_offline", detail)).await;
        }
        for command in table::orphaned(self.db()).await? {
            let detail = "The machine was put out of the fleet before it said how the command ended.";
            self.end_without_machine(command, (CommandState::Unknown, "machine_revoked", detail)).await;
        }
        for command in table::waiting(self.db()).await? {
            if let Some(connected) = self.connections().find(command.machine) {
                self.send_waiting(&connected, command).await?;
            }
        }
        Ok(())
    }

    /// A server that died between the end of a command and its repetition left it to the next.
    async fn repeat_what_was_lost(&self) -> Result<(), DbError> {
        let since = self.world().now().minus(WAIT_TO_REPEAT);
        for command in table::unrepeated(self.db(), since).await? {
            self.try_again(&command).await;
        }
        Ok(())
    }

    async fn end_without_machine(&self, mut command: Command, (state, code, detail): (CommandState, &str, &str)) {
        // What lies here of its output stays to be read.
        if let Ok(writer) = self.commands().store().open(command.id).await {
            [command.output_bytes, command.error_bytes] = writer.lengths();
        }
        if let (true, Ok(done)) = (command.operation.is_recorded(), self.commands().store().recorded(command.id).await)
        {
            command.output_bytes = done.length;
        }
        (command.state, command.ended_at) = (state, Some(self.world().now()));
        command.problem = Some(CommandProblem::new(code, detail));
        self.write_end(command, None).await;
    }

    /// Deletes output that is too old, or too much.
    async fn sweep_outputs(&self, limits: &OutputsConfig) -> Result<(), Problem> {
        let mut total = 0u64;
        let since = limits.longest().map(|longest| self.world().now().minus(longest));
        for kept in table::kept(self.db()).await? {
            total = total.saturating_add(kept.bytes);
            if total > limits.most_total() || since.is_some_and(|since| kept.ended_at < since) {
                self.delete_output(kept).await?;
            }
        }
        Ok(())
    }

    async fn delete_output(&self, kept: Kept) -> Result<(), Problem> {
        self.commands().store().remove(kept.id).await.map_err(Problem::internal)?;
        Ok(self.set_gone(kept.id, self.world().now()).await?)
    }

    async fn set_gone(&self, id: CommandId, now: Timestamp) -> Result<(), DbError> {
        let mut tx = self.db().begin_freeing(&Ctx::system(self.world(), "fleet")).await?;
        table::set_gone(&mut tx, id, now).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await
    }
}
