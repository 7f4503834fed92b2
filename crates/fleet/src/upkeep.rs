//! What has to be seen to from time to time.

use std::time::Duration;

use diwan_kernel::TaskPolicy;
use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, DbError};
use diwan_protocol::control::ToBridge;

use crate::farewell::Farewell;
use crate::fleet::Fleet;
use crate::table::{join_token, machine, policy};
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
            let (mut noted, mut told) = (this.world().monotonic(), 0);
            while this.supervisor().pause(BEAT).await {
                // Looking lets go of the keys of a vault that was sealed.
                if this.keys_at_hand().is_none() {
                    this.forget_acceptor();
                }
                this.end_watches().await;
                this.part_with_former(&mut told).await;
                // A SQLite file has one server.
                if this.db().engine() != "sqlite"
                    && let Err(error) = this.follow_others().await
                {
                    tracing::warn!(%error, "what other servers did about machines is not known");
                }
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

    /// Who was put out, locked, removed or joined anew by way of another server goes from here too.
    async fn follow_others(&self) -> Result<(), DbError> {
        let there = self.connections().all();
        if there.is_empty() {
            return Ok(());
        }
        let active = machine::list_active(self.db()).await?;
        for connected in there {
            match active.get(&connected.machine) {
                Some(rejoined) if rejoined.is_none_or(|at| at <= connected.since) => {}
                Some(_) => connected.send_away(Farewell::unknown()),
                None => {
                    let standing = machine::find(self.db(), connected.machine).await?.map(|known| known.standing);
                    connected.send_away(Farewell::for_standing(standing));
                }
            }
        }
        Ok(())
    }

    async fn end_watches(&self) {
        for machine in self.watchers().end_old(self.world().monotonic()) {
            if let Some(connected) = self.connections().find(machine) {
                connected.tell(&ToBridge::SampleEvery(millis(USUALLY))).await;
            }
        }
    }

    /// Notes who is there, and forgets what nobody asks for any more.
    async fn note_all(&self) -> Result<(), DbError> {
        let there: Vec<_> = self.connections().all().iter().map(|connected| connected.machine).collect();
        for some in there.chunks(AT_ONCE) {
            self.note_seen(some).await?;
        }
        let ctx = Ctx::system(self.world(), "fleet");
        let mut tx = self.db().begin(&ctx).await?;
        join_token::forget(&mut tx, ctx.now().minus(TOKENS_KEPT)).await?;
        policy::forget_unused(&mut tx).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await
    }
}
