//! What was probably done where the chain breaks: the place is certain, the kind is concluded from
//! what stands behind it.

use super::FaultKind;
use crate::canonical::Hash;
use crate::entry::Link;

/// How many renumbered removals in a row are told from an edit.
const MOST_REMOVED: i64 = 64;

/// Looks at the rows from the break on.
#[derive(Debug)]
pub(crate) struct Diagnosis {
    at: i64,
    previous: Hash,
    first: Vec<Link>,
    before: Option<Hash>,
    rightful: Option<Rightful>,
}

/// The entry that belongs where the chain breaks, found further on.
#[derive(Debug)]
struct Rightful {
    seq: i64,
    hash: Hash,
    before: Option<Hash>,
    after: Option<Link>,
}

impl Diagnosis {
    /// The chain breaks at `at`, where an entry that follows the hash `previous` belongs.
    pub(crate) fn new(at: i64, previous: Hash) -> Self {
        Self { at, previous, first: vec![], before: None, rightful: None }
    }

    /// Looks at the next rows; the first one is the one at the break. True when it has seen enough.
    pub(crate) fn see(&mut self, links: &[Link]) -> bool {
        for link in links {
            if self.first.len() < 2 {
                self.first.push(link.clone());
            }
            match &mut self.rightful {
                Some(found) => {
                    found.after = Some(link.clone());
                    return true;
                }
                None if link.belongs(&self.previous, self.at) => {
                    let hash = link.hash.unwrap_or_default();
                    self.rightful = Some(Rightful { seq: link.seq, hash, before: self.before, after: None });
                }
                None => self.before = link.hash,
            }
        }
        false
    }

    /// What was probably done.
    pub(crate) fn conclude(mut self) -> FaultKind {
        match self.rightful.take() {
            Some(found) if self.was_inserted(&found) => FaultKind::Inserted,
            Some(_) => FaultKind::Reordered,
            None if self.was_renumbered() => FaultKind::Removed,
            None => FaultKind::Edited,
        }
    }

    /// Whether everything from the break on was pushed back to make room.
    fn was_inserted(&self, found: &Rightful) -> bool {
        if let Some(after) = &found.after {
            return after.belongs(&found.hash, self.at + 1);
        }
        // It stands last: either it was pushed back, or it changed places with the one at the break.
        let before = if found.seq == self.at + 1 { Some(found.hash) } else { found.before };
        let moved = self.first.first().zip(before);
        !moved.is_some_and(|(link, before)| link.belongs(&before, found.seq))
    }

    /// Whether the rows from the break on were pulled forward over a removed one.
    fn was_renumbered(&self) -> bool {
        let [first, second] = &*self.first else { return false };
        let Some(hash) = first.hash else { return false };
        (1..=MOST_REMOVED).any(|removed| second.belongs(&hash, self.at + 1 + removed))
    }
}
