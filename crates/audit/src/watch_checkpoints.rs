//! Signs a checkpoint every minute in which something was written, and every thousand entries.
//!
//! Nothing is signed that does not verify: the entries since the last checkpoint are walked first,
//! and the head must carry the server's seal.

use std::time::Duration;

use diwan_kernel::Ctx;
use diwan_kernel::db::{DbError, Unrecorded};

use crate::anchor::Anchor;
use crate::audit::Inner;
use crate::checkpoint::{Base, Checkpoint};
use crate::feed::Feed;
use crate::table::{audit_checkpoint, audit_entry, audit_floor, audit_head};
use crate::verify::chain::Chain;
use crate::warning::AuditWarning;

const PERIOD: Duration = Duration::from_secs(60);
/// How many entries may pass without a checkpoint.
const ENTRIES: i64 = 1000;
const PAGE: i64 = 1000;

/// Runs until the shutdown, and signs once more then.
pub(crate) async fn run(audit: std::sync::Arc<Inner>) {
    let mut feed = Feed::of(audit.db.events());
    let mut signed = 0;
    loop {
        let is_due = tokio::select! {
            biased;
            () = audit.supervisor.stopping() => false,
            () = feed.reaches(signed + ENTRIES) => true,
            () = tokio::time::sleep(PERIOD) => false,
        };
        let before = signed;
        signed = try_pass(&audit).await.unwrap_or(signed);
        // What cannot be signed is not looked at again with every entry.
        if audit.supervisor.is_stopping() || (is_due && signed == before && !audit.supervisor.pause(PERIOD).await) {
            return;
        }
    }
}

/// Signs if that is possible now; what is not possible now is tried again later.
/// Says up to where the trail is signed.
pub(crate) async fn try_pass(audit: &Inner) -> Option<i64> {
    match pass(audit).await {
        Ok(_) => audit_checkpoint::find_latest(&audit.db).await.ok().flatten().map(|c| c.seq),
        Err(error) => {
            tracing::warn!(%error, "the audit trail could not be signed; it is tried again");
            None
        }
    }
}

/// Signs where the trail stands, if that was not signed yet.
pub(crate) async fn pass(audit: &Inner) -> Result<Option<Checkpoint>, DbError> {
    let _turn = audit.signing.lock().await;
    let latest = audit_checkpoint::find_latest(&audit.db).await?;
    if latest.as_ref().is_some_and(|c| !c.is_signed(audit.key.vouching())) {
        audit.warnings.raise(AuditWarning::broken("The latest checkpoint was changed outside Diwan."));
        return Ok(None);
    }
    let base = base(audit, latest.as_ref()).await?;
    let Some((seq, hash)) = verified_head(audit, &base).await? else { return Ok(None) };
    let fresh = if seq > base.seq {
        let checkpoint = Checkpoint::sign(&audit.key, &base, seq, hash, audit.world.now());
        save(audit, &checkpoint).await?.then_some(checkpoint)
    } else {
        None
    };
    if let Some(checkpoint) = fresh.as_ref().or(latest.as_ref()) {
        keep_outside(audit, checkpoint);
    }
    Ok(fresh)
}

async fn base(audit: &Inner, latest: Option<&Checkpoint>) -> Result<Base, DbError> {
    match latest {
        Some(checkpoint) => Ok(checkpoint.base()),
        None => Ok(audit_floor::find(&audit.db).await?.map(|f| f.base).unwrap_or_default()),
    }
}

/// Where the trail stands, if the way there from the last checkpoint is good.
async fn verified_head(audit: &Inner, base: &Base) -> Result<Option<(i64, crate::canonical::Hash)>, DbError> {
    let broken = |detail: &str| {
        audit.warnings.raise(AuditWarning::broken(detail));
        Ok(None)
    };
    let Some(head) = audit_head::find(&audit.db).await? else {
        return broken("The record of where the trail ends is missing or unreadable.");
    };
    if audit.key.vouching().is_sealed(head.seq, &head.hash, &head.seal) != Some(true) {
        return broken("The record of where the trail ends was changed outside Diwan.");
    }
    let mut chain = Chain::after(base);
    while chain.last_seq() < head.seq {
        let mut page = audit_entry::links_after(&audit.db, chain.last_seq(), PAGE).await?;
        page.retain(|link| link.seq <= head.seq);
        let walked = page.iter().all(|link| chain.step(link.seq, &link.bytes, link.hash).is_continue());
        if page.is_empty() || !walked {
            return broken(&format!("Entry {} is missing or was changed outside Diwan.", chain.last_seq() + 1));
        }
    }
    if chain.last_seq() != head.seq || *chain.last_hash() != head.hash {
        return broken("The trail does not end where the server left it.");
    }
    Ok(Some((head.seq, head.hash)))
}

async fn save(audit: &Inner, checkpoint: &Checkpoint) -> Result<bool, DbError> {
    let ctx = Ctx::system(&audit.world, "audit checkpoints");
    let mut tx = audit.db.begin(&ctx).await?;
    let is_ours = audit_checkpoint::insert(&mut tx, checkpoint).await?;
    tx.commit_unrecorded(Unrecorded::AuditItself).await?;
    Ok(is_ours)
}

/// Writes the anchor, which only ever goes forward: one that is ahead is evidence and stays.
fn keep_outside(audit: &Inner, checkpoint: &Checkpoint) {
    if audit.is_rolled_back() {
        return;
    }
    match audit.anchor.read(&audit.world, audit.key.vouching()) {
        Anchor::At(kept) if kept.number == checkpoint.number && kept.digest() == checkpoint.digest() => return,
        Anchor::At(kept) if kept.number >= checkpoint.number => {
            let detail = format!("Checkpoint {} was signed before, and is no longer in the database.", kept.number);
            return audit.warnings.raise(AuditWarning::rolled_back(&detail, audit.anchor.path()));
        }
        _ => {}
    }
    match audit.anchor.write(&audit.world, checkpoint) {
        Ok(()) => audit.warnings.clear("audit_anchor_unwritable"),
        Err(error) => audit.warnings.raise(AuditWarning::anchor_unwritable(&error.to_string())),
    }
}
