//! What is looked after all the time: requests that nobody decided on, and those that could not be carried.

use std::time::Duration;

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, Entry, Problem, TaskPolicy};
use diwan_protocol::control::ToBridge;

use super::request::RuleRequestState;
use super::table::{self, Ending};
use crate::fleet::Fleet;

const BEAT: Duration = Duration::from_secs(5);
/// A machine that gave no answer is asked again, and what is old is removed, every so many beats.
const BEATS_TO_SWEEP: u64 = 12;
/// What is over is shown for so long; the register keeps what it says.
const KEPT: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// Begins to look after requests for rules.
pub(crate) fn start(fleet: &Fleet) {
    let this = fleet.clone();
    fleet.supervisor().spawn("upkeep of requests for rules", TaskPolicy::Critical, async move {
        let mut beats = 0_u64;
        while this.supervisor().pause(BEAT).await {
            let mut done = this.end_overdue_requests().await;
            if done.is_ok() && beats.is_multiple_of(BEATS_TO_SWEEP) {
                done = this.carry_and_sweep_requests().await;
            }
            if let Err(problem) = done {
                tracing::warn!(%problem, "requests for rules cannot be looked after now");
            }
            beats += 1;
        }
    });
}

impl Fleet {
    async fn end_overdue_requests(&self) -> Result<(), Problem> {
        let ctx = Ctx::system(self.world(), "fleet");
        for request in table::overdue(self.db(), ctx.now()).await? {
            let ending = Ending { state: RuleRequestState::Expired, told: None, problem: None, at: ctx.now() };
            self.end_request(&ctx, &request, ending, Entry::done("rules.expire")).await?;
            if let Some(connected) = self.connections().find(request.machine) {
                connected.tell(&ToBridge::ForgetRules(vec![request.id.to_string()])).await;
            }
        }
        Ok(())
    }

    /// The vault may have been sealed when their machines came.
    async fn carry_and_sweep_requests(&self) -> Result<(), Problem> {
        let ctx = Ctx::system(self.world(), "fleet");
        for request in table::waiting(self.db()).await? {
            if let Some(connected) = self.connections().find(request.machine) {
                // Whoever does not answer is asked again.
                let _ = self.carry_request(&connected, &request).await;
            }
        }
        let mut tx = self.db().begin_freeing(&ctx).await?;
        table::sweep(&mut tx, ctx.now().minus(KEPT)).await?;
        Ok(tx.commit_unrecorded(Unrecorded::Bookkeeping).await?)
    }
}
