//! Ten thousand ways to tamper with a trail, every one of which must be found at the right place.

use std::sync::LazyLock;

use diwan_kernel::db::{Cell, DbError, Value};
use diwan_kernel::{Timestamp, World};
use proptest::prelude::*;

use super::chain::Chain;
use super::source::Source;
use super::{AnchorState, AuditVerification, FaultKind, verify};
use crate::anchor::Anchor;
use crate::canonical::{FIELDS, GENESIS, Hash, encode, entry_hash};
use crate::checkpoint::{Base, Checkpoint};
use crate::entry::Link;
use crate::floor::Floor;
use crate::keys::SigningKey;
use crate::table::audit_head::Head;

const ENTRIES: i64 = 200;
const CHECKPOINTS: [i64; 4] = [40, 41, 120, 190];
const CASES: u32 = 2000;

/// A trail in memory.
#[derive(Clone)]
struct Memory {
    world: World,
    floor: Option<Floor>,
    head: Option<Head>,
    links: Vec<Link>,
    checkpoints: Vec<Checkpoint>,
}

impl Source for Memory {
    fn world(&self) -> &World {
        &self.world
    }

    async fn floor(&self) -> Result<Option<Floor>, DbError> {
        Ok(self.floor.clone())
    }

    async fn head(&self) -> Result<Option<Head>, DbError> {
        Ok(self.head.clone())
    }

    async fn links_after(&self, seq: i64, limit: i64) -> Result<Vec<Link>, DbError> {
        Ok(self.links.iter().filter(|l| l.seq > seq).take(limit as usize).cloned().collect())
    }

    async fn first_seq(&self) -> Result<Option<i64>, DbError> {
        Ok(self.links.first().map(|l| l.seq))
    }

    async fn walk(&self, first: i64, last: i64, mut chain: Chain) -> Result<Chain, DbError> {
        let within = self.links.iter().filter(|l| (first..=last).contains(&l.seq));
        let _ = within.map(|l| chain.step(l.seq, &l.bytes, l.hash)).find(std::ops::ControlFlow::is_break);
        Ok(chain)
    }

    async fn hash_at(&self, seq: i64) -> Result<Option<Hash>, DbError> {
        Ok(self.links.iter().find(|l| l.seq == seq).and_then(|l| l.hash))
    }

    async fn last_seq(&self) -> Result<i64, DbError> {
        Ok(self.links.last().map_or(0, |l| l.seq))
    }

    async fn checkpoints_after(&self, number: i64, limit: i64) -> Result<Vec<Checkpoint>, DbError> {
        Ok(self.checkpoints.iter().filter(|c| c.number > number).take(limit as usize).cloned().collect())
    }

    async fn checkpoints_within(&self, first: i64, last: i64, number: i64) -> Result<Vec<(i64, Hash)>, DbError> {
        let within = self.checkpoints.iter().filter(|c| (first..=last).contains(&c.seq) && c.number <= number);
        Ok(within.map(|c| (c.seq, c.hash)).collect())
    }

    async fn checkpoint(&self, number: i64) -> Result<Option<Checkpoint>, DbError> {
        Ok(self.checkpoints.iter().find(|c| c.number == number).cloned())
    }

    async fn checkpoint_below(&self, seq: i64) -> Result<Option<Checkpoint>, DbError> {
        Ok(self.checkpoints.iter().filter(|c| c.seq < seq).max_by_key(|c| c.seq).cloned())
    }
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[5; 32]).expect("a seed")
}

/// The canonical bytes of an entry with these fields.
fn encoded(fields: &[Value]) -> Vec<u8> {
    let mut bytes = vec![];
    encode(fields.iter().map(Cell::from), &mut bytes);
    bytes
}

/// The entry that honestly stands at `n`, with one field changed.
fn with_field(n: i64, column: usize, change: impl FnOnce(&Value) -> Value) -> Vec<u8> {
    let mut fields = fields(n);
    fields[column] = change(&fields[column]);
    encoded(&fields)
}

fn fields(n: i64) -> Vec<Value> {
    let text = |s: &str| Value::Text(s.to_owned());
    let value = |name: &&str| match *name {
        "at" => Value::Int(1_700_000_000_000 + n),
        "id" => Value::Text(format!("aud_{n}")),
        "duration_ms" => Value::Int(n % 3),
        "actor_id" | "command" | "machine" | "error" => Value::Null,
        "metadata" => text("{}"),
        other => text(other),
    };
    FIELDS.iter().map(value).collect()
}

/// Gives the links their places from `first` on and, from row `from` on, hashes that fit.
fn chain(links: &mut [Link], first: i64, mut previous: Hash, from: usize) {
    for (place, link) in links.iter_mut().enumerate() {
        link.seq = first + place as i64;
        if place >= from {
            link.hash = Some(entry_hash(&previous, link.seq, &link.bytes));
        }
        previous = link.hash.unwrap_or_default();
    }
}

fn head_at(links: &[Link], key: &SigningKey) -> Option<Head> {
    let last = links.last()?;
    let hash = last.hash?;
    Some(Head { seq: last.seq, hash, seal: key.seal_head(last.seq, &hash).to_vec() })
}

/// An honest trail and the anchor that goes with it.
fn honest() -> (Memory, Anchor) {
    static MADE: LazyLock<(Memory, Anchor)> = LazyLock::new(make_honest);
    MADE.clone()
}

fn make_honest() -> (Memory, Anchor) {
    let key = key();
    let mut links: Vec<Link> = (1..=ENTRIES).map(|n| Link { seq: n, bytes: encoded(&fields(n)), hash: None }).collect();
    chain(&mut links, 1, GENESIS, 0);
    let mut checkpoints: Vec<Checkpoint> = vec![];
    for seq in CHECKPOINTS {
        let base = checkpoints.last().map(Checkpoint::base).unwrap_or_default();
        let hash = links[seq as usize - 1].hash.expect("a hash");
        checkpoints.push(Checkpoint::sign(&key, &base, seq, hash, Timestamp::from_millis(seq)));
    }
    let anchor = Anchor::At(checkpoints[CHECKPOINTS.len() - 1].clone());
    let head = head_at(&links, &key);
    (Memory { world: World::real(), floor: None, head, links, checkpoints }, anchor)
}

/// A way to tamper.
#[derive(Debug, Clone)]
enum Tamper {
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

fn tamper() -> impl Strategy<Value = Tamper> {
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

/// The last place before `row` that a checkpoint vouches for.
fn vouched_before(row: i64) -> i64 {
    CHECKPOINTS.into_iter().filter(|seq| *seq < row).max().unwrap_or(0)
}

/// Tampers, and says which place must be named and what may be said of it.
fn apply(trail: &mut Memory, tamper: &Tamper) -> (i64, Vec<FaultKind>) {
    use FaultKind::{BadSignature, Edited, Forked, Inserted, Removed, Reordered, RolledBack, Truncated};
    let links = &mut trail.links;
    match *tamper {
        Tamper::Flip { row, column } => {
            let link = &mut links[row as usize - 1];
            match column < FIELDS.len() {
                true => link.bytes = with_field(row, column, changed),
                false => link.hash.iter_mut().for_each(|hash| hash[(row % 32) as usize] ^= 1),
            }
            (row, vec![Edited])
        }
        Tamper::Remove { row } => {
            links.remove(row as usize - 1);
            (row, vec![if row == ENTRIES { Truncated } else { Removed }])
        }
        Tamper::RemoveAndRenumber { row } => {
            links.remove(row as usize - 1);
            chain(links, 1, GENESIS, usize::MAX);
            // Of one row alone behind it nobody can tell that it was the next one.
            (
                row,
                vec![if row == ENTRIES {
                    Truncated
                } else if row == ENTRIES - 1 {
                    Edited
                } else {
                    Removed
                }],
            )
        }
        Tamper::Swap { a, b } => {
            links.swap(a as usize - 1, b as usize - 1);
            chain(links, 1, GENESIS, usize::MAX);
            (a, vec![Reordered])
        }
        Tamper::Insert { row } => {
            let place = row * 7 % ENTRIES;
            let mut copy = links[place as usize].clone();
            copy.bytes = with_field(place + 1, 0, |_| Value::Text("aud_new".into()));
            links.insert(row as usize - 1, copy);
            chain(links, 1, GENESIS, usize::MAX);
            (row, vec![Inserted])
        }
        Tamper::Append { chained } => {
            links.push(Link { seq: ENTRIES + 1, bytes: encoded(&fields(7)), hash: Some([1; 32]) });
            if chained {
                chain(links, 1, GENESIS, ENTRIES as usize);
            }
            (ENTRIES + 1, vec![Inserted])
        }
        Tamper::Precede { seq } => {
            links.insert(0, Link { seq, ..links[0].clone() });
            (seq, vec![Inserted])
        }
        Tamper::Truncate { to, checkpoints, head } => {
            links.truncate(to as usize);
            if checkpoints {
                trail.checkpoints.retain(|c| c.seq <= to);
            }
            if head {
                trail.head = head_at(links, &key()).or(Some(Head {
                    seq: 0,
                    hash: GENESIS,
                    seal: key().seal_head(0, &GENESIS).to_vec(),
                }));
            }
            (to + 1, vec![if head { RolledBack } else { Truncated }])
        }
        Tamper::Fork { from, head } => {
            links[from as usize - 1].bytes = with_field(from, 4, somebody_else);
            chain(links, 1, GENESIS, from as usize - 1);
            if head && let Some(kept) = &mut trail.head {
                kept.hash = links[ENTRIES as usize - 1].hash.unwrap_or_default();
            }
            (vouched_before(from) + 1, vec![Forked, BadSignature])
        }
        Tamper::ForkAndSign { from } => {
            links[from as usize - 1].bytes = with_field(from, 4, somebody_else);
            chain(links, 1, GENESIS, from as usize - 1);
            let thief = SigningKey::from_seed(&[6; 32]).expect("a seed");
            let mut base = Base::default();
            for checkpoint in &mut trail.checkpoints {
                if checkpoint.seq >= from {
                    let hash = links[checkpoint.seq as usize - 1].hash.unwrap_or_default();
                    *checkpoint = Checkpoint::sign(&thief, &base, checkpoint.seq, hash, checkpoint.at);
                    checkpoint.key_id = key().vouching().key_id().to_owned();
                }
                base = checkpoint.base();
            }
            trail.head = head_at(links, &thief);
            (vouched_before(from) + 1, vec![BadSignature])
        }
        Tamper::FlipCheckpoint { which, column } => {
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
        Tamper::RemoveCheckpoint { which } => {
            trail.checkpoints.remove(which);
            (vouched_before(CHECKPOINTS[which]) + 1, vec![Removed])
        }
        Tamper::FlipHead { column, by } => {
            let Some(head) = &mut trail.head else { return (0, vec![]) };
            match column {
                0 => head.seq += by,
                1 => head.hash[(by.unsigned_abs() % 32) as usize] ^= 1,
                _ => head.seal[(by.unsigned_abs() % 32) as usize] ^= 1,
            }
            if head.seq > ENTRIES { (ENTRIES + 1, vec![Truncated]) } else { (191, vec![BadSignature]) }
        }
        Tamper::RemoveHead => {
            trail.head = None;
            (191, vec![BadSignature])
        }
    }
}

fn verified(trail: &Memory, anchor: &Anchor, key: &SigningKey) -> AuditVerification {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(verify(trail, key.vouching(), anchor)).expect("memory answers")
}

#[test]
fn an_honest_trail_verifies() {
    let (trail, anchor) = honest();
    let report = verified(&trail, &anchor, &key());
    assert!(report.ok, "{report:?}");
    assert_eq!((report.entries, report.last_seq, report.checkpoints), (ENTRIES, ENTRIES, 4));
    assert_eq!(report.anchor, AnchorState::Ok);
}

#[test]
fn a_trail_whose_old_entries_were_removed_verifies_and_hides_no_other_removal() {
    let (mut trail, anchor) = honest();
    let base = trail.checkpoints[2].base();
    trail.floor = Some(Floor::sign(&key(), base, Timestamp::from_millis(1)));
    trail.links.retain(|l| l.seq > base.seq);
    trail.checkpoints.retain(|c| c.number >= base.number);
    let report = verified(&trail, &anchor, &key());
    assert!(report.ok, "{report:?}");
    assert_eq!((report.first_seq, report.entries), (121, 80));

    let mut more = trail.clone();
    more.links.remove(0);
    let fault = verified(&more, &anchor, &key()).fault.expect("a fault");
    assert_eq!((fault.kind, fault.seq), (FaultKind::Removed, 121));

    let mut raised = trail.clone();
    let thief = SigningKey::from_seed(&[6; 32]).expect("a seed");
    raised.floor = Some(Floor::sign(&thief, raised.checkpoints[1].base(), Timestamp::from_millis(1)));
    raised.links.retain(|l| l.seq > 190);
    let fault = verified(&raised, &anchor, &key()).fault.expect("a fault");
    assert_eq!(fault.kind, FaultKind::BadSignature);
}

#[test]
fn with_the_public_key_alone_the_signed_part_is_vouched_for() {
    let (mut trail, anchor) = honest();
    let public = crate::Vouching::parse(&key().vouching().public_key()).expect("a public key");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let check = |trail: &Memory| runtime.block_on(verify(trail, &public, &anchor)).expect("memory answers");
    assert!(check(&trail).ok);
    let (seq, _) = apply(&mut trail, &Tamper::Fork { from: 150, head: true });
    assert_eq!(check(&trail).fault.map(|f| f.seq), Some(seq));
}

#[test]
fn another_story_with_good_seals_is_told_apart_by_the_anchor() {
    let (mut trail, anchor) = honest();
    // Somebody with the key restored a copy made at 150 and the server went on from there.
    trail.links[159].bytes = with_field(160, 4, somebody_else);
    chain(&mut trail.links, 1, GENESIS, 159);
    trail.checkpoints.truncate(3);
    let base = trail.checkpoints[2].base();
    let hash = trail.links[199].hash.expect("a hash");
    trail.checkpoints.push(Checkpoint::sign(&key(), &base, 200, hash, Timestamp::from_millis(9)));
    trail.head = head_at(&trail.links, &key());
    let report = verified(&trail, &anchor, &key());
    assert_eq!(report.anchor, AnchorState::RolledBack);
    assert_eq!(report.fault.map(|f| (f.kind, f.seq)), Some((FaultKind::RolledBack, 121)));
}

fn is_found(tamper: &Tamper) -> Result<(), TestCaseError> {
    let (mut trail, anchor) = honest();
    let (seq, kinds) = apply(&mut trail, tamper);
    let report = verified(&trail, &anchor, &key());
    let fault = report.fault.ok_or_else(|| TestCaseError::fail("not found"))?;
    prop_assert!(!report.ok);
    prop_assert_eq!(fault.seq, seq, "{:?}", fault);
    prop_assert!(kinds.contains(&fault.kind), "{:?} is not one of {:?}", fault, kinds);
    Ok(())
}

/// The same property five times with other cases, so that five processes share the ten thousand.
macro_rules! share {
    ($($name:ident)+) => {$(
        proptest! {
            #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]
            #[test]
            fn $name(tamper in tamper()) {
                is_found(&tamper)?;
            }
        }
    )+};
}
share! {
    every_tampering_is_found_where_it_is_1
    every_tampering_is_found_where_it_is_2
    every_tampering_is_found_where_it_is_3
    every_tampering_is_found_where_it_is_4
    every_tampering_is_found_where_it_is_5
}
