//! Verifying the trail: every entry, every checkpoint, the end of the trail and the anchor outside
//! the database. It reads in pages, so its memory does not grow with the trail.

pub(crate) mod chain;
mod checkpoints;
mod diagnosis;
mod ending;
mod source;
#[cfg(test)]
mod tampering;

pub(crate) use ending::{emptied, stray};

use std::time::Duration;

use diwan_kernel::db::DbError;
use futures::StreamExt;
use serde::{Deserialize, Serialize};

use crate::anchor::Anchor;
use crate::canonical::{Hash, hex};
use crate::checkpoint::Base;
use crate::entry::Link;
use crate::keys::Vouching;
use chain::{Break, Chain};
use diagnosis::Diagnosis;
use source::Source;

const PAGE: i64 = 4096;
/// How many entries are walked over in one go.
const STRETCH: i64 = if cfg!(test) { 16 } else { 20_000 };
/// How many stretches are walked over at the same time: others need readers too.
const AT_ONCE: usize = 2;

/// What is wrong with the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// An entry was changed.
    Edited,
    /// An entry is missing.
    Removed,
    /// Entries changed places.
    Reordered,
    /// An entry was put in.
    Inserted,
    /// The trail was rewritten from some point on.
    Forked,
    /// A signature or seal is not of this installation's key.
    BadSignature,
    /// The end of the trail is missing.
    Truncated,
    /// The database is older than the anchor outside it.
    RolledBack,
}

impl FaultKind {
    /// The name used in the API and in entries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Removed => "removed",
            Self::Reordered => "reordered",
            Self::Inserted => "inserted",
            Self::Forked => "forked",
            Self::BadSignature => "bad_signature",
            Self::Truncated => "truncated",
            Self::RolledBack => "rolled_back",
        }
    }
}

/// The first thing that is wrong with the trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditFault {
    /// What it is.
    pub kind: FaultKind,
    /// The first entry that cannot be relied on.
    pub seq: i64,
    /// What was found, in a sentence.
    pub detail: String,
}

/// What the anchor outside the database says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnchorState {
    /// It agrees, or nothing was ever signed yet.
    Ok,
    /// There is none, although there are checkpoints.
    Missing,
    /// It is not a checkpoint that this installation signed.
    Damaged,
    /// The database is older than it, or tells another story.
    RolledBack,
}

/// What came of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditVerification {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// How many entries were good.
    pub entries: i64,
    /// How many checkpoints were good.
    pub checkpoints: i64,
    /// Where the trail begins.
    pub first_seq: i64,
    /// The last entry that was good.
    pub last_seq: i64,
    /// That entry's hash, in hexadecimal digits.
    pub head_hash: String,
    /// What the anchor outside the database says.
    pub anchor: AnchorState,
    /// How long it took.
    pub duration_ms: i64,
    /// The first thing that is wrong.
    #[schema(required)]
    pub fault: Option<AuditFault>,
}

/// Verifies the whole trail. The anchor must have been read before, so that it cannot be ahead of
/// the database only because time has passed.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn verify(
    source: &impl Source,
    vouching: &Vouching,
    anchor: &Anchor,
) -> Result<AuditVerification, DbError> {
    let began = source.world().monotonic();
    loop {
        let floor = source.floor().await?;
        let base = floor.as_ref().map(|f| f.base).unwrap_or_default();
        let mut findings = match &floor {
            Some(floor) if !floor.is_signed(vouching) => Findings::without_floor(base),
            _ => inspect(source, vouching, anchor, base).await?,
        };
        // Old entries may have been removed meanwhile; then what is missing is no fault.
        if findings.fault.is_some() && source.floor().await?.map(|f| f.base.seq) > floor.map(|f| f.base.seq) {
            continue;
        }
        findings.took = source.world().monotonic().saturating_sub(began);
        return Ok(findings.into());
    }
}

pub(crate) struct Findings {
    base: Base,
    chain: Chain,
    checkpoints: i64,
    anchor: AnchorState,
    took: Duration,
    fault: Option<AuditFault>,
}

impl Findings {
    fn without_floor(base: Base) -> Self {
        let detail = "The record of what was removed because of its age does not carry this installation's signature.";
        let fault = AuditFault { kind: FaultKind::BadSignature, seq: base.seq, detail: detail.into() };
        let chain = Chain::after(&base);
        Self { base, chain, checkpoints: 0, anchor: AnchorState::Missing, took: Duration::ZERO, fault: Some(fault) }
    }
}

impl From<Findings> for AuditVerification {
    fn from(found: Findings) -> Self {
        Self {
            ok: found.fault.is_none(),
            entries: found.chain.entries(),
            checkpoints: found.checkpoints,
            first_seq: found.base.seq + 1,
            last_seq: found.chain.last_seq(),
            head_hash: hex(found.chain.last_hash()),
            anchor: found.anchor,
            duration_ms: i64::try_from(found.took.as_millis()).unwrap_or(i64::MAX),
            fault: found.fault,
        }
    }
}

/// The checkpoints are read before the head and the head before the entries: while others append,
/// each can only be behind the next.
async fn inspect(source: &impl Source, vouching: &Vouching, anchor: &Anchor, base: Base) -> Result<Findings, DbError> {
    let checkpoints = checkpoints::follow(source, vouching, base).await?;
    let head = source.head().await?;
    let chain = walk(source, base, checkpoints.last.number).await?;
    let end = head.as_ref().map(|head| head.seq);
    let (state, fault) = match chain.broken() {
        None => ending::judge(source, vouching, &chain, head, &checkpoints.last, anchor).await?,
        Some(broken) => {
            let (state, _) = ending::against_anchor(source, None, &checkpoints.last, anchor).await?;
            (state, Some(explain(source, &chain, broken.clone(), end).await?))
        }
    };
    // The first entry that cannot be relied on decides; the chain itself speaks first.
    let faults = [fault, checkpoints.fault].into_iter().flatten();
    let fault = faults.min_by_key(|fault| fault.seq);
    Ok(Findings { base, chain, checkpoints: checkpoints.count, anchor: state, took: Duration::ZERO, fault })
}

/// Walks over all rows, stretch by stretch, some of them at the same time.
async fn walk(source: &impl Source, base: Base, last_checkpoint: i64) -> Result<Chain, DbError> {
    let mut whole = Chain::after(&base);
    if let Some(seq) = source.first_seq().await?.filter(|seq| *seq <= base.seq) {
        let _ = whole.step(seq, &[], None);
        return Ok(whole);
    }
    let end = source.last_seq().await?;
    let firsts = (0..).map(|n| base.seq + 1 + n * STRETCH).take_while(|first| *first <= end);
    let walks = firsts.map(|first| stretch(source, base, (first, end.min(first + STRETCH - 1)), last_checkpoint));
    let mut walks = std::pin::pin!(futures::stream::iter(walks).buffered(AT_ONCE));
    while let Some(walked) = walks.next().await {
        whole = whole.join(walked?);
        if whole.broken().is_some() {
            break;
        }
    }
    Ok(whole)
}

/// Walks over one stretch. What it begins behind is judged by the stretch before.
async fn stretch(
    source: &impl Source,
    base: Base,
    (first, last): (i64, i64),
    last_checkpoint: i64,
) -> Result<Chain, DbError> {
    let previous = if first == base.seq + 1 { base.hash } else { source.hash_at(first - 1).await?.unwrap_or_default() };
    let signed = source.checkpoints_within(first, last, last_checkpoint).await?;
    let mut chain = source.walk(first, last, Chain::between(first, previous, base.seq, signed)).await?;
    chain.end_at(last);
    Ok(chain)
}

async fn explain(source: &impl Source, chain: &Chain, broken: Break, head: Option<i64>) -> Result<AuditFault, DbError> {
    let fault = |kind, seq, detail: String| AuditFault { kind, seq, detail };
    Ok(match broken {
        Break::Alien { seq } => {
            fault(FaultKind::Inserted, seq, format!("There is an entry {seq}, before the beginning of the trail."))
        }
        Break::Gap { at } => fault(FaultKind::Removed, at, format!("Entry {at} is missing.")),
        Break::Diverges { at } => {
            let first = chain.vouched() + 1;
            let detail =
                format!("Entry {at} is not the one that was signed: the trail was rewritten between {first} and {at}.");
            fault(FaultKind::Forked, first, detail)
        }
        Break::Mismatch { at, .. } if head.is_some_and(|end| at > end) => {
            fault(FaultKind::Inserted, at, format!("Entry {at} was put in after the end of the trail."))
        }
        Break::Mismatch { at, previous } => {
            let kind = diagnose(source, at, previous).await?;
            fault(kind, at, format!("Entry {at} {}.", what_was_done(kind)))
        }
    })
}

const fn what_was_done(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Reordered => "changed places with another one",
        FaultKind::Inserted => "was put in, and those after it were renumbered",
        FaultKind::Removed => "was removed, and those after it were renumbered",
        _ => "was changed after it was written",
    }
}

async fn diagnose(source: &impl Source, at: i64, previous: Hash) -> Result<FaultKind, DbError> {
    let mut diagnosis = Diagnosis::new(at, previous);
    let mut after = at - 1;
    loop {
        let page: Vec<Link> = source.links_after(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        let work = move || {
            let done = diagnosis.see(&page);
            (diagnosis, done)
        };
        let seen = source.world().heavy(work).await.map_err(|e| DbError::Engine(e.to_string()))?;
        diagnosis = seen.0;
        if seen.1 {
            break;
        }
    }
    Ok(diagnosis.conclude())
}
