//! What has to be seen to from time to time.

use std::time::Duration;

use diwan_kernel::TaskPolicy;
use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, DbError};
use diwan_protocol::control::ToBridge;

use crate::fleet::Fleet;
use crate::table::join_token;
use crate::talk::millis;
use crate::watchers::USUALLY;

const BEAT: Duration = Duration::from_secs(5);
/// It is noted this often that a machine is there: after a crash nobody knows it better.
const NOTE_SEEN: Duration = Duration::from_secs(600);
/// So many are noted in one commit.
const AT_ONCE: usize = 100;
/// Join tokens are shown for so long after their end.
const TOKENS_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

impl Fleet {
    pub(crate) fn spawn_upkeep(&self) {
        let this = self.clone();
        self.supervisor().spawn("fleet upkeep", TaskPolicy::Critical, async move {
            let mut noted = this.world().monotonic();
            while this.supervisor().pause(BEAT).await {
                // Looking lets go of the keys of a vault that was sealed.
                if this.keys_at_hand().is_none() {
                    this.forget_acceptor();
                }
                this.end_watches().await;
                this.samples().forget_old(this.world().now());
                if this.world().monotonic().saturating_sub(noted) >= NOTE_SEEN {
                    noted = this.world().monotonic();
                    if let Err(error) = this.note_all().await {
                        tracing::warn!(%error, "when machines were last seen is not noted");
                    }
                }
            }
        });
    }

    async fn end_watches(&self) {
        for machine in self.watchers().end_old(self.world().monotonic()) {
            if let Some(connected) = self.connections().find(machine) {
                connected.tell(&ToBridge::SampleEvery(millis(USUALLY))).await;
            }
        }
    }

    async fn note_all(&self) -> Result<(), DbError> {
        for some in self.connections().all().chunks(AT_ONCE) {
            self.note_seen(some).await?;
        }
        let ctx = Ctx::system(self.world(), "fleet");
        let mut tx = self.db().begin(&ctx).await?;
        join_token::forget(&mut tx, ctx.now().minus(TOKENS_KEPT)).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await
    }
}
