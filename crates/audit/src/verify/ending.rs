//! Does the trail end where the head, the last checkpoint and the anchor say?

use diwan_kernel::db::DbError;

use super::chain::Chain;
use super::source::Source;
use super::{AnchorState, AuditFault, FaultKind};
use crate::anchor::Anchor;
use crate::checkpoint::{Base, Checkpoint};
use crate::keys::Vouching;
use crate::table::audit_head::Head;

/// Judges the end of a trail whose entries follow one from the other.
pub(super) async fn judge(
    source: &impl Source,
    vouching: &Vouching,
    chain: &Chain,
    head: Option<Head>,
    signed: &Base,
    anchor: &Anchor,
) -> Result<(AnchorState, Option<AuditFault>), DbError> {
    let (state, strayed) = against_anchor(source, Some(chain.last_seq()), signed, anchor).await?;
    let cut = cut_short(chain, head.as_ref(), signed);
    let fault = match cut {
        Some(fault) => Some(fault),
        None => against_head(source, vouching, chain, head).await?,
    };
    Ok((state, fault.or(strayed)))
}

/// Whether entries are missing that the head or a checkpoint knows of.
fn cut_short(chain: &Chain, head: Option<&Head>, signed: &Base) -> Option<AuditFault> {
    let known = head.map_or(signed.seq, |h| h.seq.max(signed.seq));
    let first = chain.last_seq() + 1;
    let detail = format!("The entries from {first} to {known} are missing at the end of the trail.");
    (known >= first).then_some(AuditFault { kind: FaultKind::Truncated, seq: first, detail })
}

/// Nothing is left of a trail that was there.
pub(crate) fn emptied() -> AuditFault {
    let detail = "The whole trail is missing, although this installation has been in use.".to_owned();
    AuditFault { kind: FaultKind::Truncated, seq: 1, detail }
}

/// Whether the head is the server's own and agrees with the entries.
async fn against_head(
    source: &impl Source,
    vouching: &Vouching,
    chain: &Chain,
    head: Option<Head>,
) -> Result<Option<AuditFault>, DbError> {
    let first = chain.vouched() + 1;
    let fault = |kind, seq, detail: String| Ok(Some(AuditFault { kind, seq, detail }));
    let Some(head) = head else {
        let detail = "The record of where the trail ends is missing or unreadable.".to_owned();
        return match chain.last_seq() {
            0 if source.was_started().await? => Ok(Some(emptied())),
            0 => Ok(None),
            _ => fault(FaultKind::BadSignature, first, detail),
        };
    };
    if vouching.is_sealed(head.seq, &head.hash, &head.seal) == Some(false) {
        let detail = format!(
            "The record of where the trail ends was not written by this server; nothing vouches for the entries from {first} on."
        );
        return fault(FaultKind::BadSignature, first, detail);
    }
    if head.seq > 0 && head.seq > chain.vouched() && source.hash_at(head.seq).await? != Some(head.hash) {
        let detail =
            format!("The trail does not end as the server left it: it was rewritten between {first} and {}.", head.seq);
        return fault(FaultKind::Forked, first, detail);
    }
    let last = source.last_seq().await?;
    // Read after the entries: whatever was appended meanwhile, the head has moved with it.
    let known = source.head().await?.map_or(head.seq, |h| h.seq.max(head.seq));
    if last > known {
        let seq = known + 1;
        return fault(FaultKind::Inserted, seq, format!("Entry {seq} was put in after the end of the trail."));
    }
    Ok(None)
}

/// What the anchor says; `last_seq` is where the trail ends, when that is known already.
pub(super) async fn against_anchor(
    source: &impl Source,
    last_seq: Option<i64>,
    signed: &Base,
    anchor: &Anchor,
) -> Result<(AnchorState, Option<AuditFault>), DbError> {
    match anchor {
        Anchor::Missing if signed.number == 0 => Ok((AnchorState::Ok, None)),
        Anchor::Missing => Ok((AnchorState::Missing, None)),
        Anchor::Damaged(_) => Ok((AnchorState::Damaged, None)),
        Anchor::At(anchor) => {
            let strayed = stray(source, anchor, last_seq).await?;
            let state = if strayed.is_some() { AnchorState::RolledBack } else { AnchorState::Ok };
            Ok((state, strayed))
        }
    }
}

/// How the database disagrees with the anchor, if it does. `last_seq` is where the trail ends, when
/// that is known already.
pub(crate) async fn stray(
    source: &impl Source,
    anchor: &Checkpoint,
    last_seq: Option<i64>,
) -> Result<Option<AuditFault>, DbError> {
    let fault = |kind, seq, detail: String| Ok(Some(AuditFault { kind, seq, detail }));
    let floor = source.floor().await?.map(|f| f.base).unwrap_or_default();
    if anchor.seq <= floor.seq {
        return Ok(None);
    }
    let last = match last_seq {
        Some(last) => last,
        None => source.last_seq().await?,
    };
    if anchor.seq > last {
        let detail = format!(
            "The trail ends at {last}, but on {} this server signed that it reached {}: an older copy of the database is in use, or its end was cut.",
            anchor.at, anchor.seq
        );
        return fault(FaultKind::RolledBack, last + 1, detail);
    }
    if source.hash_at(anchor.seq).await? != Some(anchor.hash) {
        let first = source.checkpoint_below(anchor.seq).await?.map_or(floor.seq, |c| c.seq.min(anchor.seq - 1)) + 1;
        let detail = format!(
            "Entry {} is not the one this server signed on {}: an older copy of the database was brought back and went its own way.",
            anchor.seq, anchor.at
        );
        return fault(FaultKind::RolledBack, first, detail);
    }
    let known = source.checkpoint(anchor.number).await?;
    if known.is_none_or(|c| c.digest() != anchor.digest()) {
        let first = source.checkpoint_below(anchor.seq).await?.map_or(floor.seq, |c| c.seq) + 1;
        let detail = format!("Checkpoint {}, signed on {}, is missing.", anchor.number, anchor.at);
        return fault(FaultKind::Removed, first, detail);
    }
    Ok(None)
}
