//! Periodic work: new values for secrets whose time has come, warnings before something ends, the
//! end of leases, removals that another vault missed, a rotation of the master key that was interrupted. It takes no input, reads the
//! world, and may be repeated at any time.

use std::time::Duration;

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, DbError, Entry, Problem, TaskPolicy};

use crate::concern::REMINDED;
use crate::event::SecretDue;
use crate::hook::{HookEvent, HookNotice};
use crate::keep::Source;
use crate::master::MOST_WRAPS;
use crate::table::{glass, lease, master, rewrap, secret};
use crate::unseal::Guard;
use crate::vault::Vault;

const LOOK_EVERY: Duration = Duration::from_secs(60);
/// So many at one look: the rest has its turn a minute later.
const AT_ONCE: usize = 200;
const DAY: Duration = Duration::from_secs(24 * 3600);

impl Vault {
    pub(crate) fn spawn_upkeep(&self) {
        let this = self.clone();
        self.supervisor().spawn("vault upkeep", TaskPolicy::Once, async move {
            this.resume_rewrap().await;
            while this.supervisor().pause(LOOK_EVERY).await {
                this.look().await;
            }
        });
    }

    /// One look at everything that has its time.
    pub async fn look(&self) {
        self.end_leases().await.unwrap_or_else(|error| tracing::warn!(%error, "leases that ran out are still open"));
        self.warn().await.unwrap_or_else(|error| tracing::warn!(%error, "nobody was warned of secrets that end"));
        self.forget_glass().await.unwrap_or_else(|error| tracing::warn!(%error, "old reminders are still there"));
        self.finish_all_removals()
            .await
            .unwrap_or_else(|error| tracing::warn!(?error, "what other vaults have to remove is not known"));
        self.follow().await.unwrap_or_else(|error| tracing::warn!(%error, "how the vault stands is not known"));
        self.deliver_due().await.map_or_else(|error| tracing::warn!(?error, "hooks were not told what is due"), drop);
        self.sweep_deliveries()
            .await
            .unwrap_or_else(|error| tracing::warn!(?error, "what hooks were told long ago is not forgotten"));
        if self.seal().masters().is_some() {
            self.take_up().await;
            self.resume_rewrap().await;
            self.rotate_due()
                .await
                .unwrap_or_else(|error| tracing::warn!(?error, "secrets that are due were not rotated"));
            self.rotate_worn_master()
                .await
                .unwrap_or_else(|error| tracing::error!(?error, "the master key has to be rotated"));
        }
    }

    /// Follows what other servers did, and what became of that which guards the master key.
    async fn follow(&self) -> Result<(), DbError> {
        self.catch_up().await?;
        self.try_again().await
    }

    async fn end_leases(&self) -> Result<(), DbError> {
        let ctx = Ctx::system(self.world(), "vault");
        let mut tx = self.db().begin_freeing(&ctx).await?;
        lease::end_expired(&mut tx, ctx.now()).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await
    }

    async fn forget_glass(&self) -> Result<(), DbError> {
        let ctx = Ctx::system(self.world(), "vault");
        let mut tx = self.db().begin_freeing(&ctx).await?;
        glass::sweep(&mut tx, ctx.now().minus(REMINDED)).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await
    }

    async fn warn(&self) -> Result<(), DbError> {
        let ctx = Ctx::system(self.world(), "vault");
        let before = ctx.now().plus(DAY * u32::from(self.config().warn_days));
        for due in secret::list_unwarned(self.db(), before, AT_ONCE).await? {
            let mut tx = self.db().begin(&ctx).await?;
            if !secret::mark_warned(&mut tx, due.id, ctx.now()).await? {
                continue;
            }
            tx.emit(&SecretDue { id: due.id });
            self.tell_hooks(&mut tx, &HookNotice::new(HookEvent::Due, &due, ctx.now())).await?;
            let ends = due.expires_at.or(due.rotate_at).map(|at| at.to_string());
            tx.commit(Entry::done("secret.due").on("secret", &due.name).with("at", ends)).await?;
            self.wake_hooks();
            tracing::warn!(secret = %due.name, "a secret ends soon or needs a new value");
        }
        Ok(())
    }

    async fn rotate_due(&self) -> Result<(), Problem> {
        let ctx = Ctx::system(self.world(), "vault");
        for due in secret::list_due(self.db(), ctx.now(), AT_ONCE).await? {
            if due.recipe.is_none() {
                continue;
            }
            match self.put_version(&ctx, due.id, Source::Scheduled).await {
                Ok(_) => tracing::info!(secret = %due.name, "a secret was rotated because its time had come"),
                Err(problem) => tracing::warn!(secret = %due.name, ?problem, "a secret that is due was not rotated"),
            }
        }
        Ok(())
    }

    /// A master key that has wrapped nearly as much as is safe is replaced by one with the same guard.
    async fn rotate_worn_master(&self) -> Result<(), Problem> {
        let rows = master::list_in_use(self.db()).await?;
        let Some(active) = rows.iter().find(|row| row.is_active) else { return Ok(()) };
        let worn = active.wraps >= MOST_WRAPS / 10 * 9;
        if !worn || active.guard == Guard::Passphrase || rewrap::find_open(self.db()).await?.is_some() {
            return Ok(());
        }
        self.rotate_master(&Ctx::system(self.world(), "vault"), Some(active.guard), None).await.map(drop)
    }
}
