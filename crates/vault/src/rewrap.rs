//! Rotating the master key while everything goes on.
//!
//! From the first step on, whatever is new is wrapped by the new key. Then the data keys of all
//! versions are wrapped anew, a few at a time; values are never touched. Each step is one commit, and
//! what is left to do is read from the tables, so that it goes on after any interruption. Between the
//! steps it leaves the database to others: whoever reads a secret should not notice.

use std::sync::atomic::Ordering;
use std::time::Duration;

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, Entry, Problem, TaskPolicy};
use serde::Serialize;

use crate::envelope::{EnvelopeError, MasterId, Place};
use crate::error;
use crate::event::VaultChanged;
use crate::master::Masters;
use crate::sealing::{Passphrase, guard_problem};
use crate::table::rewrap::{Rewrap, RewrapId};
use crate::table::version::WrappedKey;
use crate::table::{master, rewrap, version};
use crate::unseal::{Guard, key_file};
use crate::vault::Vault;
use crate::vouch::count_wraps;

/// So many data keys are looked up at once.
const READ_AT_ONCE: usize = 256;
/// So many are written in one commit: whoever comes meanwhile waits a millisecond or so for it.
const AT_ONCE: usize = 16;
/// After each commit it rests so many times as long as that took, so that most of the time is others'.
const REST: u32 = 4;
/// And never longer than this, so that a slow disk does not make it endless.
const LONGEST_REST: Duration = Duration::from_millis(100);

/// How far a rotation of the master key has come.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MasterRotation {
    /// Its id.
    id: RewrapId,
    /// The key that goes.
    from_key: String,
    /// The key that comes.
    to_key: String,
    /// How many data keys there were to wrap anew.
    total: i64,
    /// How many are done.
    done: i64,
    /// When it began.
    started_at: diwan_kernel::Timestamp,
    /// When it ended.
    finished_at: Option<diwan_kernel::Timestamp>,
}

impl From<Rewrap> for MasterRotation {
    fn from(rewrap: Rewrap) -> Self {
        Self {
            id: rewrap.id,
            from_key: rewrap.from.to_string(),
            to_key: rewrap.to.to_string(),
            total: rewrap.total,
            done: rewrap.done.min(rewrap.total),
            started_at: rewrap.started_at,
            finished_at: rewrap.finished_at,
        }
    }
}

impl Vault {
    /// Begins to rotate the master key, perhaps to another guard than the one in use.
    ///
    /// # Errors
    /// 409 while a rotation is under way, 422 for an unfit passphrase, 503 while sealed.
    pub(crate) async fn rotate_master(
        &self,
        ctx: &Ctx,
        guard: Option<Guard>,
        passphrase: Passphrase,
    ) -> Result<MasterRotation, Problem> {
        self.current_masters().await?;
        let _changing = self.change_masters().await;
        let masters = self.masters()?;
        if rewrap::find_open(self.db()).await?.is_some() {
            return Err(under_way());
        }
        let (from, to) = (masters.active().id(), MasterId::new(self.world()));
        let in_use = master::list_in_use(self.db()).await?.into_iter().find(|row| row.is_active).map(|row| row.guard);
        let guard = guard.or(in_use).ok_or_else(under_way)?;
        let (new, memo) = self.make_master(to, guard, passphrase).await?;
        let vouching = masters.vouching_under(self.world(), &new).map_err(Problem::internal)?;
        let row = master::Master::first(ctx, to, guard, memo, vouching).sign(masters.vouching());

        let mut tx = self.db().begin(ctx).await?;
        if !master::begin_retiring(&mut tx, from).await? {
            return Err(under_way());
        }
        master::insert(&mut tx, &row).await?;
        let rotation = Rewrap {
            id: RewrapId::new(self.world()),
            from,
            to,
            total: version::count_wrapped_by(&mut tx, from).await?,
            done: 0,
            started_at: ctx.now(),
            finished_at: None,
        };
        rewrap::insert(&mut tx, &rotation).await?;
        tx.emit(&VaultChanged {});
        let entry = Entry::done("vault.rotate_master").on("master_key", to).with("from", from.to_string());
        tx.commit(entry.with("guard", guard.as_str()).with("data_keys", rotation.total)).await?;
        // The new key is active from here on, and the old one still opens.
        self.seal().exchange(|masters| masters.succeeded_by(new));
        self.spawn_rewrap(rotation.clone());
        Ok(rotation.into())
    }

    /// Goes on with a rotation that was interrupted.
    pub(crate) async fn resume_rewrap(&self) {
        match rewrap::find_open(self.db()).await {
            Ok(Some(rotation)) if self.seal().masters().is_some() => self.spawn_rewrap(rotation),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "whether a rotation of the master key is under way is not known"),
        }
    }

    fn spawn_rewrap(&self, rotation: Rewrap) {
        if self.is_rewrapping().swap(true, Ordering::AcqRel) {
            return;
        }
        let this = self.clone();
        self.supervisor().spawn("vault rewrap", TaskPolicy::Once, async move {
            loop {
                let done = this.rewrap_all(&rotation).await;
                this.is_rewrapping().store(false, Ordering::Release);
                // What is left is taken up again at the next start, unsealing or look.
                let Err(problem) = done else { break };
                tracing::warn!(?problem, "the rotation of the master key was interrupted");
                // Unsealed again before it was noticed here: whoever did that left the rest to us.
                let goes_on = problem.code() == "vault_sealed" && this.seal().masters().is_some();
                if !goes_on || this.is_rewrapping().swap(true, Ordering::AcqRel) {
                    break;
                }
            }
        });
    }

    async fn rewrap_all(&self, rotation: &Rewrap) -> Result<(), Problem> {
        loop {
            let keys = version::list_wrapped_by(self.db(), rotation.from, READ_AT_ONCE).await?;
            if keys.is_empty() {
                return self.finish_rewrap(rotation).await;
            }
            for (at, some) in keys.chunks(AT_ONCE).enumerate() {
                let begun = self.world().monotonic();
                // Progress is told once for all that were looked up: whoever watches asks again each time.
                self.rewrap_some(rotation, some, at == 0).await?;
                let rest = (self.world().monotonic().saturating_sub(begun) * REST).min(LONGEST_REST);
                if !self.supervisor().pause(rest).await {
                    return Ok(());
                }
            }
        }
    }

    async fn rewrap_some(&self, rotation: &Rewrap, keys: &[WrappedKey], tell: bool) -> Result<(), Problem> {
        let masters = self.current_masters().await?;
        if masters.active().id() != rotation.to {
            return Err(error::sealed(self.seal()));
        }
        let again = |key: &WrappedKey| -> Result<Vec<u8>, EnvelopeError> {
            let place = Place { secret: key.secret, version: key.version };
            masters.active().wrap(self.world(), &masters.unwrap(&key.data_key, place)?, place)
        };
        let mut wrapped = Vec::with_capacity(keys.len());
        for key in keys {
            let anew = match again(key) {
                Ok(anew) => anew,
                // Another server ended the rotation since this was read: it is done.
                Err(EnvelopeError::OtherMaster(_)) if rewrap::find_open(self.db()).await?.is_none() => return Ok(()),
                Err(e) => {
                    return Err(error::tampered(format!(
                        "the data key of {} version {}: {e}",
                        key.secret, key.version
                    )));
                }
            };
            wrapped.push((key, anew));
        }
        let ctx = Ctx::system(self.world(), "vault");
        let mut tx = self.db().begin(&ctx).await?;
        let mut done = 0;
        for (key, anew) in wrapped {
            // A version that was destroyed meanwhile has nothing left to wrap.
            done += i64::from(version::rewrap(&mut tx, key, rotation.from, rotation.to, anew).await?);
        }
        if !count_wraps(&mut tx, &masters, rotation.to, done).await? {
            return Err(under_way());
        }
        rewrap::advance(&mut tx, rotation.id, done).await?;
        if tell {
            tx.emit(&VaultChanged {});
        }
        Ok(tx.commit_unrecorded(Unrecorded::Bookkeeping).await?)
    }

    async fn finish_rewrap(&self, rotation: &Rewrap) -> Result<(), Problem> {
        let _changing = self.change_masters().await;
        let ctx = Ctx::system(self.world(), "vault");
        let mut tx = self.db().begin(&ctx).await?;
        if !master::retire(&mut tx, rotation.from, ctx.now()).await? {
            // Another server wrapped something with it at the last moment: the next look takes it up.
            return Ok(());
        }
        rewrap::finish(&mut tx, rotation.id, ctx.now()).await?;
        tx.emit(&VaultChanged {});
        let entry = Entry::done("vault.master_rotated").on("master_key", rotation.to);
        tx.commit(entry.with("from", rotation.from.to_string())).await?;
        self.seal().exchange(Masters::active_alone);
        let path = self.key_file();
        if let Err(error) = key_file::retire_others(self.world(), &path, rotation.to) {
            tracing::warn!(%error, "the old key is still marked as in use in the key file");
        }
        self.forget_deleted().await;
        Ok(())
    }

    /// Removes the master keys from the key file that only backups from before the last rotation need.
    ///
    /// # Errors
    /// 409 while a rotation is under way, 503 when the file cannot be changed.
    pub(crate) async fn forget_retired_keys(&self, ctx: &Ctx) -> Result<usize, Problem> {
        let _changing = self.change_masters().await;
        if rewrap::find_open(self.db()).await?.is_some() {
            return Err(under_way());
        }
        let tx = self.db().begin(ctx).await?;
        let forgotten = key_file::forget_retired(self.world(), &self.key_file()).map_err(|e| guard_problem(&e))?;
        tx.commit(Entry::done("vault.forget_retired_keys").with("keys", forgotten)).await?;
        Ok(forgotten)
    }

    /// Has the database let go of what was just deleted or replaced, as far as it can.
    pub(crate) async fn forget_deleted(&self) {
        if let Err(error) = self.db().forget_deleted().await {
            tracing::warn!(%error, "what was deleted may still be in the log of the database for a while");
        }
    }
}

fn under_way() -> Problem {
    Problem::conflict(
        "vault_rotation_under_way",
        "The master key is being rotated",
        "A rotation of the master key is under way.",
        "Wait until it has ended.",
    )
}
