//! Periodic work: writing down who was here, removing what ran out. It takes no input, reads the
//! world, and may be repeated at any time.

use std::time::Duration;

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, DbError, TaskPolicy};

use crate::event::SessionEnded;
use crate::identity::Identity;
use crate::table::expired::{self, Horizon};
use crate::table::session;

const WRITE_EVERY: Duration = Duration::from_secs(15);
/// Every so many writes, what ran out is removed: every minute.
const CLEAN_EVERY: u32 = 4;
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Somebody who was away for longer comes from a new place.
const PLACES: Duration = Duration::from_secs(400 * 24 * 3600);

impl Identity {
    pub(crate) fn spawn_upkeep(&self) {
        let this = self.clone();
        self.supervisor().spawn("identity upkeep", TaskPolicy::Once, async move {
            let mut round = 0;
            while this.supervisor().pause(WRITE_EVERY).await {
                this.write_touched().await;
                round += 1;
                if round % CLEAN_EVERY == 0 {
                    this.clean_up().await.unwrap_or_else(|error| tracing::warn!(%error, "what ran out is still there"));
                }
            }
            this.write_touched().await;
        });
    }

    /// Removes what ran out. The sessions among it are announced like any other end.
    async fn clean_up(&self) -> Result<(), DbError> {
        let ctx = Ctx::system(self.world(), "sessions");
        let now = ctx.now();
        // Ending what ran out frees space, so it may go on when the disk is full.
        let mut tx = self.db().begin_freeing(&ctx).await?;
        for (id, user) in session::delete_expired(&mut tx, now, self.idle_since(now)).await? {
            tx.emit(&SessionEnded { id, user });
        }
        let horizon = Horizon { now, attempts: now.minus(DAY), places: now.minus(PLACES) };
        expired::delete(&mut tx, horizon).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await
    }
}
