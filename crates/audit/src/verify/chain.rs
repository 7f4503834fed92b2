//! Walking the chain: does every entry follow from the one before, and does it stand where the
//! signed checkpoints say? Pure: it is given rows and remembers only where it stands.
//!
//! Every row holds the hash of the one before in its own, so a stretch in the middle can be walked
//! while the one before it is still being walked: it begins with the hash that is written there.

use std::ops::ControlFlow;

use crate::canonical::{Hash, entry_hash};
use crate::checkpoint::Base;

/// The walk so far.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    next: i64,
    previous: Hash,
    entries: i64,
    vouched: i64,
    /// Place and hash of the checkpoints ahead, in order.
    signed: std::vec::IntoIter<(i64, Hash)>,
    broken: Option<Break>,
}

/// Where the walk could not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Break {
    /// A row stands before the beginning of the trail.
    Alien { seq: i64 },
    /// There is no row at this place.
    Gap { at: i64 },
    /// The row at this place does not follow from what comes before.
    Mismatch { at: i64, previous: Hash },
    /// All follows, and yet it is not what the checkpoint at this place signed.
    Diverges { at: i64 },
}

impl Chain {
    /// Begins after what was removed.
    pub(crate) fn after(base: &Base) -> Self {
        Self::between(base.seq + 1, base.hash, base.seq, vec![])
    }

    /// Begins at `first`, behind the hash `previous`, with the checkpoints ahead.
    pub(crate) fn between(first: i64, previous: Hash, vouched: i64, signed: Vec<(i64, Hash)>) -> Self {
        Self { next: first, previous, entries: 0, vouched, signed: signed.into_iter(), broken: None }
    }

    /// Walks over the next row, unless the way is broken.
    pub(crate) fn step(&mut self, seq: i64, bytes: &[u8], hash: Option<Hash>) -> ControlFlow<()> {
        match self.judge(seq, bytes, hash) {
            Ok(hash) => {
                self.previous = hash;
                self.next += 1;
                self.entries += 1;
                ControlFlow::Continue(())
            }
            Err(broken) => {
                self.broken = Some(broken);
                ControlFlow::Break(())
            }
        }
    }

    fn judge(&mut self, seq: i64, bytes: &[u8], hash: Option<Hash>) -> Result<Hash, Break> {
        let at = self.next;
        if seq < at {
            return Err(Break::Alien { seq });
        }
        if seq > at {
            return Err(Break::Gap { at });
        }
        let hash = hash.filter(|hash| *hash == entry_hash(&self.previous, at, bytes));
        let hash = hash.ok_or(Break::Mismatch { at, previous: self.previous })?;
        while let Some((place, signed)) = self.signed.as_slice().first().filter(|(place, _)| *place <= at) {
            if *place == at && *signed != hash {
                return Err(Break::Diverges { at });
            }
            self.vouched = self.vouched.max(*place);
            self.signed.next();
        }
        Ok(hash)
    }

    /// Ends a stretch that goes up to `last`: if rows are missing at its end, the way is broken there.
    pub(crate) fn end_at(&mut self, last: i64) {
        if self.broken.is_none() && self.last_seq() < last {
            self.broken = Some(Break::Gap { at: self.next });
        }
    }

    /// Goes on where the stretch behind this one ended.
    pub(crate) fn join(self, behind: Self) -> Self {
        let (entries, vouched) = (self.entries + behind.entries, self.vouched.max(behind.vouched));
        Self { entries, vouched, ..behind }
    }

    /// Where the way is broken, if it is.
    pub(crate) const fn broken(&self) -> Option<&Break> {
        self.broken.as_ref()
    }

    /// How many entries it has walked over.
    pub(crate) const fn entries(&self) -> i64 {
        self.entries
    }

    /// The last entry that was good.
    pub(crate) const fn last_seq(&self) -> i64 {
        self.next - 1
    }

    /// The hash of the last entry that was good.
    pub(crate) const fn last_hash(&self) -> &Hash {
        &self.previous
    }

    /// The last entry that a checkpoint vouches for.
    pub(crate) const fn vouched(&self) -> i64 {
        self.vouched
    }
}
