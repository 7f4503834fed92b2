//! Removes entries that are older than the operator wants to keep: only whole stretches up to a
//! checkpoint, and each removal leaves a signed floor to stand on.

use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::db::{DbError, Unrecorded};
use diwan_kernel::{Ctx, Entry};

use crate::audit::Inner;
use crate::checkpoint::{Base, Checkpoint};
use crate::floor::Floor;
use crate::table::{audit_checkpoint, audit_entry, audit_floor, suspicious_activity};

const PERIOD: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// About how many entries are removed at a time, so that writers need not wait long.
const STRETCH: i64 = 5000;

/// Runs until the shutdown.
pub(crate) async fn run(audit: Arc<Inner>) {
    loop {
        if let Err(error) = pass(&audit).await {
            tracing::warn!(%error, "old audit entries could not be removed; it is tried again");
        }
        if !audit.supervisor.pause(PERIOD).await {
            return;
        }
    }
}

/// Removes what is too old; says how many entries that were.
pub(crate) async fn pass(audit: &Inner) -> Result<u64, DbError> {
    let days = audit.config.get().retention_days;
    if days == 0 {
        return Ok(0);
    }
    let cutoff = audit.world.now().minus(DAY * days);
    let Some(target) = audit_checkpoint::find_latest_before(&audit.db, cutoff).await? else { return Ok(0) };
    let mut removed = 0;
    while !audit.supervisor.is_stopping() {
        let floor = audit_floor::find(&audit.db).await?.map(|f| f.base).unwrap_or_default();
        let Some(step) = next_step(audit, &floor, &target).await? else { break };
        removed += remove(audit, &step).await?;
    }
    let ctx = Ctx::system(&audit.world, "audit retention");
    let mut tx = audit.db.begin_freeing(&ctx).await?;
    suspicious_activity::remove_before(&mut tx, cutoff).await?;
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
    Ok(removed)
}

/// The checkpoint up to which to remove next.
async fn next_step(audit: &Inner, floor: &Base, target: &Checkpoint) -> Result<Option<Checkpoint>, DbError> {
    if target.number <= floor.number {
        return Ok(None);
    }
    let step = audit_checkpoint::find_step(&audit.db, floor.number, target.number, floor.seq + STRETCH).await?;
    // What is not ours is evidence and is not built upon.
    Ok(step.filter(|c| c.is_signed(audit.key.vouching())))
}

async fn remove(audit: &Inner, up_to: &Checkpoint) -> Result<u64, DbError> {
    let floor = Floor::sign(&audit.key, up_to.base(), audit.world.now());
    let ctx = Ctx::system(&audit.world, "audit retention");
    let mut tx = audit.db.begin_freeing(&ctx).await?;
    if !audit_floor::raise(&mut tx, &floor).await? {
        return Ok(0);
    }
    let removed = audit_entry::remove_up_to(&mut tx, up_to.seq).await?;
    audit_checkpoint::remove_before(&mut tx, up_to.number).await?;
    let entry = Entry::done("audit.prune").with("up_to_seq", up_to.seq).with("removed", removed);
    tx.commit(entry).await?;
    Ok(removed)
}
