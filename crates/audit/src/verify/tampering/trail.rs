//! An honest trail in memory, and what it is made of.

use std::sync::LazyLock;

use diwan_kernel::db::{Cell, DbError, Value};
use diwan_kernel::{Timestamp, World};

use crate::anchor::Anchor;
use crate::canonical::{FIELDS, GENESIS, Hash, encode, entry_hash};
use crate::checkpoint::Checkpoint;
use crate::entry::Link;
use crate::floor::Floor;
use crate::keys::SigningKey;
use crate::table::audit_head::Head;
use crate::verify::chain::Chain;
use crate::verify::source::Source;

pub(super) const ENTRIES: i64 = 200;
pub(super) const CHECKPOINTS: [i64; 4] = [40, 41, 120, 190];

/// A trail in memory.
#[derive(Clone)]
pub(super) struct Memory {
    world: World,
    pub(super) floor: Option<Floor>,
    pub(super) head: Option<Head>,
    pub(super) links: Vec<Link>,
    pub(super) checkpoints: Vec<Checkpoint>,
}

impl Source for Memory {
    fn world(&self) -> &World {
        &self.world
    }

    async fn was_started(&self) -> Result<bool, DbError> {
        Ok(true)
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

/// An honest trail and the anchor that goes with it.
pub(super) fn honest() -> (Memory, Anchor) {
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

pub(super) fn key() -> SigningKey {
    SigningKey::from_seed(&[5; 32]).expect("a seed")
}

/// A key that is not the server's.
pub(super) fn thief() -> SigningKey {
    SigningKey::from_seed(&[6; 32]).expect("a seed")
}

pub(super) fn fields(n: i64) -> Vec<Value> {
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

/// The canonical bytes of an entry with these fields.
pub(super) fn encoded(fields: &[Value]) -> Vec<u8> {
    let mut bytes = vec![];
    encode(fields.iter().map(Cell::from), &mut bytes);
    bytes
}

/// Gives the links their places from `first` on and, from row `from` on, hashes that fit.
pub(super) fn chain(links: &mut [Link], first: i64, mut previous: Hash, from: usize) {
    for (place, link) in links.iter_mut().enumerate() {
        link.seq = first + place as i64;
        if place >= from {
            link.hash = Some(entry_hash(&previous, link.seq, &link.bytes));
        }
        previous = link.hash.unwrap_or_default();
    }
}

pub(super) fn head_at(links: &[Link], key: &SigningKey) -> Option<Head> {
    let last = links.last()?;
    let hash = last.hash?;
    Some(Head { seq: last.seq, hash, seal: key.seal_head(last.seq, &hash).to_vec() })
}
