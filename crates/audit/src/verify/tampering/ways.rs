//! The ways to tamper, each with the place that must be named and what may be said of it.

use diwan_kernel::Timestamp;
use diwan_kernel::db::Value;
use proptest::prelude::*;

use super::trail::{CHECKPOINTS, ENTRIES, Memory, chain, encoded, fields, head_at, key, thief};
use crate::canonical::{FIELDS, GENESIS};
use crate::checkpoint::{Base, Checkpoint};
use crate::entry::Link;
use crate::table::audit_head::Head;
use crate::verify::FaultKind::{
    self, BadSignature, Edited, Forked, Inserted, Removed, Reordered, RolledBack, Truncated,
};

/// What must be found: the place that is named, and one of these.
pub(super) type Finding = (i64, Vec<FaultKind>);

/// A way to tamper.
#[derive(Debug, Clone)]
pub(super) enum Tamper {
    Flip { row: i64, column: usize },
    Remove { row: i64 },
    RemoveAndRenumber { row: i64 },
    Swap { a: i64, b: i64 },
    Insert { row: i64 },
    Append { chained: bool },
    Precede { seq: i64 },
    Truncate { to: i64, checkpoints: bool, head: bool },
    Fork { from: i64, head: bool },
    ForkAndSign { from: i64 },
    FlipCheckpoint { which: usize, column: usize },
    RemoveCheckpoint { which: usize },
    FlipHead { column: usize, by: i64 },
    RemoveHead,
}

pub(super) fn tamper() -> impl Strategy<Value = Tamper> {
    let row = || 1..=ENTRIES;
    prop_oneof![
        4 => (row(), 0..=FIELDS.len()).prop_map(|(row, column)| Tamper::Flip { row, column }),
        2 => row().prop_map(|row| Tamper::Remove { row }),
        2 => row().prop_map(|row| Tamper::RemoveAndRenumber { row }),
        2 => (row(), row()).prop_filter_map("two rows", |(a, b)| (a != b).then_some(Tamper::Swap { a: a.min(b), b: a.max(b) })),
        2 => row().prop_map(|row| Tamper::Insert { row }),
        1 => any::<bool>().prop_map(|chained| Tamper::Append { chained }),
        1 => (-5i64..=0).prop_map(|seq| Tamper::Precede { seq }),
        2 => (0..190i64, any::<bool>(), any::<bool>())
            .prop_map(|(to, checkpoints, head)| Tamper::Truncate { to, checkpoints, head: head && checkpoints }),
        2 => (row(), any::<bool>()).prop_map(|(from, head)| Tamper::Fork { from, head }),
        1 => (1..190i64).prop_map(|from| Tamper::ForkAndSign { from }),
        1 => (0..CHECKPOINTS.len(), 0..7usize).prop_map(|(which, column)| Tamper::FlipCheckpoint { which, column }),
        1 => (0..CHECKPOINTS.len()).prop_map(|which| Tamper::RemoveCheckpoint { which }),
        1 => (0..3usize, prop_oneof![-300i64..0, 1..300i64]).prop_map(|(column, by)| Tamper::FlipHead { column, by }),
        1 => Just(Tamper::RemoveHead),
    ]
}

impl Tamper {
    /// Tampers, and says what must be found.
    pub(super) fn apply(&self, trail: &mut Memory) -> Finding {
        match *self {
            Self::Flip { row, column } => flip(trail, row, column),
            Self::Remove { row } => remove(trail, row),
            Self::RemoveAndRenumber { row } => remove_and_renumber(trail, row),
            Self::Swap { a, b } => swap(trail, a, b),
            Self::Insert { row } => insert(trail, row),
            Self::Append { chained } => append(trail, chained),
            Self::Precede { seq } => precede(trail, seq),
            Self::Truncate { to, checkpoints, head } => truncate(trail, to, checkpoints, head),
            Self::Fork { from, head } => fork(trail, from, head),
            Self::ForkAndSign { from } => fork_and_sign(trail, from),
            Self::FlipCheckpoint { which, column } => flip_checkpoint(trail, which, column),
            Self::RemoveCheckpoint { which } => remove_checkpoint(trail, which),
            Self::FlipHead { column, by } => flip_head(trail, column, by),
            Self::RemoveHead => remove_head(trail),
        }
    }
}

fn flip(trail: &mut Memory, row: i64, column: usize) -> Finding {
    let link = &mut trail.links[row as usize - 1];
    match column < FIELDS.len() {
        true => link.bytes = with_field(row, column, changed),
        false => link.hash.iter_mut().for_each(|hash| hash[(row % 32) as usize] ^= 1),
    }
    (row, vec![Edited])
}

fn remove(trail: &mut Memory, row: i64) -> Finding {
    trail.links.remove(row as usize - 1);
    (row, vec![if row == ENTRIES { Truncated } else { Removed }])
}

fn remove_and_renumber(trail: &mut Memory, row: i64) -> Finding {
    trail.links.remove(row as usize - 1);
    renumber(trail);
    let kind = match ENTRIES - row {
        0 => Truncated,
        // Of one row alone behind it nobody can tell that it was the next one.
        1 => Edited,
        _ => Removed,
    };
    (row, vec![kind])
}

fn swap(trail: &mut Memory, a: i64, b: i64) -> Finding {
    trail.links.swap(a as usize - 1, b as usize - 1);
    renumber(trail);
    (a, vec![Reordered])
}

fn insert(trail: &mut Memory, row: i64) -> Finding {
    let place = row * 7 % ENTRIES;
    let mut copy = trail.links[place as usize].clone();
    copy.bytes = with_field(place + 1, 0, |_| Value::Text("aud_new".into()));
    trail.links.insert(row as usize - 1, copy);
    renumber(trail);
    (row, vec![Inserted])
}

fn append(trail: &mut Memory, chained: bool) -> Finding {
    trail.links.push(Link { seq: ENTRIES + 1, bytes: encoded(&fields(7)), hash: Some([1; 32]) });
    if chained {
        chain(&mut trail.links, 1, GENESIS, ENTRIES as usize);
    }
    (ENTRIES + 1, vec![Inserted])
}

fn precede(trail: &mut Memory, seq: i64) -> Finding {
    let first = trail.links[0].clone();
    trail.links.insert(0, Link { seq, ..first });
    (seq, vec![Inserted])
}

fn truncate(trail: &mut Memory, to: i64, checkpoints: bool, head: bool) -> Finding {
    trail.links.truncate(to as usize);
    if checkpoints {
        trail.checkpoints.retain(|c| c.seq <= to);
    }
    if head {
        let empty = || Head { seq: 0, hash: GENESIS, seal: key().seal_head(0, &GENESIS).to_vec() };
        trail.head = Some(head_at(&trail.links, &key()).unwrap_or_else(empty));
    }
    (to + 1, vec![if head { RolledBack } else { Truncated }])
}

fn fork(trail: &mut Memory, from: i64, head: bool) -> Finding {
    tell_another_story(trail, from);
    if head && let Some(kept) = &mut trail.head {
        kept.hash = trail.links[ENTRIES as usize - 1].hash.unwrap_or_default();
    }
    (vouched_before(from) + 1, vec![Forked, BadSignature])
}

fn fork_and_sign(trail: &mut Memory, from: i64) -> Finding {
    tell_another_story(trail, from);
    let mut base = Base::default();
    for checkpoint in &mut trail.checkpoints {
        if checkpoint.seq >= from {
            let hash = trail.links[checkpoint.seq as usize - 1].hash.unwrap_or_default();
            *checkpoint = Checkpoint::sign(&thief(), &base, checkpoint.seq, hash, checkpoint.at);
            checkpoint.key_id = key().vouching().key_id().to_owned();
        }
        base = checkpoint.base();
    }
    trail.head = head_at(&trail.links, &thief());
    (vouched_before(from) + 1, vec![BadSignature])
}

fn flip_checkpoint(trail: &mut Memory, which: usize, column: usize) -> Finding {
    let checkpoint = &mut trail.checkpoints[which];
    match column {
        0 => checkpoint.number += 100,
        1 => checkpoint.seq += 1,
        2 => checkpoint.hash[3] ^= 1,
        3 => checkpoint.at = Timestamp::from_millis(1),
        4 => checkpoint.previous[3] ^= 1,
        5 => checkpoint.key_id.push('x'),
        _ => checkpoint.signature[9] ^= 1,
    }
    trail.checkpoints.sort_by_key(|c| c.number);
    (vouched_before(CHECKPOINTS[which]) + 1, vec![BadSignature, Removed])
}

fn remove_checkpoint(trail: &mut Memory, which: usize) -> Finding {
    trail.checkpoints.remove(which);
    (vouched_before(CHECKPOINTS[which]) + 1, vec![Removed])
}

fn flip_head(trail: &mut Memory, column: usize, by: i64) -> Finding {
    let head = trail.head.as_mut().expect("an honest trail has a head");
    match column {
        0 => head.seq += by,
        1 => head.hash[(by.unsigned_abs() % 32) as usize] ^= 1,
        _ => head.seal[(by.unsigned_abs() % 32) as usize] ^= 1,
    }
    if head.seq > ENTRIES { (ENTRIES + 1, vec![Truncated]) } else { (AFTER_ALL_CHECKPOINTS, vec![BadSignature]) }
}

fn remove_head(trail: &mut Memory) -> Finding {
    trail.head = None;
    (AFTER_ALL_CHECKPOINTS, vec![BadSignature])
}

/// The first place that no checkpoint vouches for.
const AFTER_ALL_CHECKPOINTS: i64 = CHECKPOINTS[CHECKPOINTS.len() - 1] + 1;

/// The last place before `row` that a checkpoint vouches for.
fn vouched_before(row: i64) -> i64 {
    CHECKPOINTS.into_iter().filter(|seq| *seq < row).max().unwrap_or(0)
}

/// Numbers the rows without gaps again and leaves their hashes.
fn renumber(trail: &mut Memory) {
    chain(&mut trail.links, 1, GENESIS, usize::MAX);
}

/// Edits the row `from` and makes all hashes from there on fit.
pub(super) fn tell_another_story(trail: &mut Memory, from: i64) {
    trail.links[from as usize - 1].bytes = with_field(from, 4, somebody_else);
    chain(&mut trail.links, 1, GENESIS, from as usize - 1);
}

/// The entry that honestly stands at `n`, with one field changed.
fn with_field(n: i64, column: usize, change: impl FnOnce(&Value) -> Value) -> Vec<u8> {
    let mut fields = fields(n);
    fields[column] = change(&fields[column]);
    encoded(&fields)
}

fn changed(value: &Value) -> Value {
    match value {
        Value::Null => Value::Text(String::new()),
        Value::Int(v) => Value::Int(v ^ 1),
        Value::Text(v) if v.is_empty() => Value::Null,
        Value::Text(v) => Value::Text(format!("{}x", &v[1..])),
        _ => Value::Null,
    }
}

fn somebody_else(_: &Value) -> Value {
    Value::Text("somebody else".into())
}
