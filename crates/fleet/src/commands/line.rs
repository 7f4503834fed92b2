//! The numbers of a machine's commands: each is higher than the one before, and they are sent in that order.
//!
//! A number is taken while its command is written down, and several are written down at once; whose commit
//! is done first must wait for those with lower numbers, since a machine takes none that was overtaken.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Numbers stay where every reader of JSON understands them exactly.
const LARGEST: u64 = (1 << 53) - 1;

/// Sends a command.
type Send = Box<dyn FnOnce() + std::marker::Send>;

/// The line in which the commands of one machine stand.
#[derive(Default)]
pub(crate) struct Line {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    last: u64,
    /// Those that were given a number and not sent. What is there can be sent.
    standing: BTreeMap<u64, Option<Send>>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("last", &self.lock().last).finish_non_exhaustive()
    }
}

/// A place in a line. Letting go of it leaves the line.
#[derive(Debug)]
pub(crate) struct Ticket {
    line: Arc<Line>,
    /// The number.
    pub(crate) sequence: u64,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on from this number at the least. One that is too large is not believed.
    pub(crate) fn at_least(&self, number: u64) {
        if number < LARGEST {
            let mut inner = self.lock();
            inner.last = inner.last.max(number);
        }
    }

    /// Takes the next number; `None` when all were used.
    pub(crate) fn stand(self: &Arc<Self>) -> Option<Ticket> {
        let mut inner = self.lock();
        let sequence = inner.last.checked_add(1).filter(|next| *next <= LARGEST)?;
        inner.last = sequence;
        inner.standing.insert(sequence, None);
        Some(Ticket { line: Arc::clone(self), sequence })
    }

    /// Sends what stands in front and can be sent.
    fn move_on(inner: &mut Inner) {
        while let Some(first) = inner.standing.first_entry() {
            if first.get().is_none() {
                return;
            }
            if let Some(send) = first.remove() {
                send();
            }
        }
    }
}

impl Ticket {
    /// Sends it, as soon as everybody before it was sent or has left.
    pub(crate) fn send(self, send: impl FnOnce() + std::marker::Send + 'static) {
        let mut inner = self.line.lock();
        inner.standing.insert(self.sequence, Some(Box::new(send)));
        Line::move_on(&mut inner);
        drop(inner);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut inner = self.line.lock();
        // One that waits to be sent does not leave.
        if inner.standing.get(&self.sequence).is_some_and(Option::is_none) {
            inner.standing.remove(&self.sequence);
            Line::move_on(&mut inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn all_that_do_not_leave_are_sent_in_their_order(leaves in proptest::collection::vec(any::<bool>(), 1..40), seed: u64) {
            let line = Arc::<Line>::default();
            let sent = Arc::new(Mutex::new(vec![]));
            let mut tickets: Vec<_> = leaves.iter().map(|leaves| (line.stand().expect("a number"), *leaves)).collect();
            let mut seed = seed;
            while !tickets.is_empty() {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let (ticket, leaves) = tickets.swap_remove((seed >> 33) as usize % tickets.len());
                let (sequence, sent) = (ticket.sequence, sent.clone());
                if !leaves {
                    ticket.send(move || sent.lock().expect("nobody panicked").push(sequence));
                }
            }
            let expected: Vec<u64> = (1..).zip(&leaves).filter(|(_, leaves)| !**leaves).map(|(n, _)| n).collect();
            prop_assert_eq!(&*sent.lock().expect("nobody panicked"), &expected);
        }
    }

    #[test]
    fn a_number_that_a_machine_makes_up_is_not_believed() {
        let line = Arc::<Line>::default();
        line.at_least(41);
        line.at_least(u64::MAX);
        line.at_least(7);
        assert_eq!(line.stand().map(|t| t.sequence), Some(42));
    }
}
