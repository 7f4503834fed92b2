//! Walking the chain: does every entry follow from the one before, and does it stand where the
//! signed checkpoints say? Pure: it is given rows and remembers only where it stands.

use crate::canonical::Hash;
use crate::checkpoint::Base;
use crate::entry::Link;

/// The walk so far.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    next: i64,
    previous: Hash,
    entries: i64,
    vouched: i64,
    buffer: Vec<u8>,
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
        Self {
            next: base.seq + 1,
            previous: base.hash,
            entries: 0,
            vouched: base.seq,
            buffer: Vec::with_capacity(1024),
        }
    }

    /// Walks over the next rows, given the checkpoints among them, in order.
    pub(crate) fn walk(&mut self, links: &[Link], checkpoints: &[(i64, Hash)]) -> Result<(), Break> {
        let mut checkpoints = checkpoints.iter().peekable();
        for link in links {
            let at = self.next;
            if link.seq < at {
                return Err(Break::Alien { seq: link.seq });
            }
            if link.seq > at {
                return Err(Break::Gap { at });
            }
            let hash = link.hash.filter(|_| link.belongs(&self.previous, at, &mut self.buffer));
            let hash = hash.ok_or(Break::Mismatch { at, previous: self.previous })?;
            while checkpoints.next_if(|(seq, _)| *seq < at).is_some() {}
            if let Some((_, signed)) = checkpoints.next_if(|(seq, _)| *seq == at) {
                if *signed != hash {
                    return Err(Break::Diverges { at });
                }
                self.vouched = at;
            }
            self.previous = hash;
            self.next += 1;
            self.entries += 1;
        }
        Ok(())
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
