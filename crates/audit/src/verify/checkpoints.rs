//! Are the checkpoints what this server signed, each following from the one before?

use diwan_kernel::db::DbError;

use super::source::Source;
use super::{AuditFault, FaultKind};
use crate::checkpoint::{Base, Checkpoint};
use crate::keys::Vouching;

const PAGE: i64 = 1000;

/// The checkpoints that can be relied on.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    /// The last one that is good.
    pub(crate) last: Base,
    /// How many are good.
    pub(crate) count: i64,
    /// What is wrong with the one after.
    pub(crate) fault: Option<AuditFault>,
}

/// Follows the checkpoints after `base`. Each holds the digest of the one before, so the signature of
/// the last one covers all; only when something is wrong is every signature looked at, to find where.
pub(crate) async fn follow(source: &impl Source, vouching: &Vouching, base: Base) -> Result<Checkpoints, DbError> {
    let quick = walk(source, vouching, base, Signatures::Last).await?;
    if quick.fault.is_none() { Ok(quick) } else { walk(source, vouching, base, Signatures::Every).await }
}

#[derive(Clone, Copy, PartialEq)]
enum Signatures {
    Last,
    Every,
}

async fn walk(
    source: &impl Source,
    vouching: &Vouching,
    base: Base,
    check: Signatures,
) -> Result<Checkpoints, DbError> {
    let mut good = Checkpoints { last: base, count: 0, fault: None };
    let mut latest: Option<Checkpoint> = None;
    loop {
        let page = source.checkpoints_after(good.last.number, PAGE).await?;
        let is_last_page = (page.len() as i64) < PAGE;
        let (vouching, last) = (vouching.clone(), good.last);
        let work = move || judge(page, &vouching, last, check);
        let judged = source.world().heavy(work).await.map_err(|e| DbError::Engine(e.to_string()))?;
        good.count += judged.count;
        good.last = judged.last;
        latest = judged.latest.or(latest);
        if judged.fault.is_some() || is_last_page {
            good.fault = judged.fault;
            break;
        }
    }
    if good.fault.is_none() && latest.as_ref().is_some_and(|c| !c.is_signed(vouching)) {
        good.fault = latest.map(|c| unsigned(&good.last, &c));
    }
    Ok(good)
}

struct Judged {
    last: Base,
    count: i64,
    latest: Option<Checkpoint>,
    fault: Option<AuditFault>,
}

fn judge(page: Vec<Checkpoint>, vouching: &Vouching, last: Base, check: Signatures) -> Judged {
    let mut judged = Judged { last, count: 0, latest: None, fault: None };
    for checkpoint in page {
        judged.fault = if check == Signatures::Every && !checkpoint.is_signed(vouching) {
            Some(unsigned(&judged.last, &checkpoint))
        } else if !checkpoint.follows(&judged.last) {
            Some(out_of_line(&judged.last, &checkpoint))
        } else {
            None
        };
        if judged.fault.is_some() {
            return judged;
        }
        judged.last = checkpoint.base();
        judged.count += 1;
        judged.latest = Some(checkpoint);
    }
    judged
}

fn unsigned(last: &Base, checkpoint: &Checkpoint) -> AuditFault {
    let detail = format!(
        "Checkpoint {} does not carry this installation's signature; nothing vouches for the entries after {}.",
        checkpoint.number, last.seq
    );
    AuditFault { kind: FaultKind::BadSignature, seq: last.seq + 1, detail }
}

fn out_of_line(last: &Base, checkpoint: &Checkpoint) -> AuditFault {
    let (kind, what) = if checkpoint.number > last.number + 1 {
        (FaultKind::Removed, format!("A checkpoint between {} and {} was removed", last.number, checkpoint.number))
    } else {
        (FaultKind::Forked, format!("Checkpoint {} does not follow from the one before", checkpoint.number))
    };
    AuditFault {
        kind,
        seq: last.seq + 1,
        detail: format!("{what}; nothing vouches for the entries after {}.", last.seq),
    }
}
