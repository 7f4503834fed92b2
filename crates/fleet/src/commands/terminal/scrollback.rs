//! The newest output of a terminal, for whoever looks on: bytes with places that count on from the beginning.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// So much is kept.
pub(crate) const MOST: usize = 1024 * 1024;

/// The newest output of a terminal.
#[derive(Debug, Default)]
pub(crate) struct Scrollback(Mutex<Newest>);

#[derive(Debug, Default)]
struct Newest {
    bytes: VecDeque<u8>,
    end: u64,
}

impl Newest {
    fn start(&self) -> u64 {
        self.end - self.bytes.len() as u64
    }
}

impl Scrollback {
    fn newest(&self) -> MutexGuard<'_, Newest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much there was in all, as far as it is known here.
    pub(crate) fn end(&self) -> u64 {
        self.newest().end
    }

    /// The place that lies so far before the end, or the first that is here.
    pub(crate) fn tail(&self, count: u64) -> u64 {
        let newest = self.newest();
        newest.end.saturating_sub(count).max(newest.start())
    }

    /// Takes in what was said at a place. What is here already is passed over; after a gap it begins anew.
    pub(crate) fn push(&self, at: u64, bytes: &[u8]) -> u64 {
        let mut newest = self.newest();
        if at > newest.end {
            newest.bytes.clear();
            newest.end = at;
        }
        let known = usize::try_from(newest.end - at).unwrap_or(usize::MAX);
        let new = bytes.get(known..).unwrap_or_default();
        newest.bytes.extend(new);
        newest.end += new.len() as u64;
        let over = newest.bytes.len().saturating_sub(MOST);
        newest.bytes.drain(..over);
        newest.end
    }

    /// What comes at a place, or at the first after it that is still here, and which that is.
    pub(crate) fn read(&self, at: u64, most: usize) -> (u64, Bytes) {
        let newest = self.newest();
        let at = at.max(newest.start());
        let from = usize::try_from(at - newest.start()).unwrap_or(usize::MAX).min(newest.bytes.len());
        let until = from.saturating_add(most).min(newest.bytes.len());
        (at, newest.bytes.range(from..until).copied().collect::<Vec<u8>>().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_here_and_places_count_on() {
        let scrollback = Scrollback::default();
        assert_eq!((scrollback.push(0, b"hello"), scrollback.push(3, b"lo world")), (5, 11));
        assert_eq!(scrollback.read(6, 3), (6, Bytes::from_static(b"wor")));
        assert_eq!(scrollback.read(99, 3), (99, Bytes::new()));
        assert_eq!(scrollback.push(20, b"later"), 25);
        assert_eq!(scrollback.read(0, 99), (20, Bytes::from_static(b"later")));
        assert_eq!((scrollback.tail(2), scrollback.tail(99)), (23, 20));
        scrollback.push(25, &vec![b'x'; MOST]);
        scrollback.push(25 + MOST as u64, b"yz");
        let (at, bytes) = scrollback.read(0, 2 * MOST);
        assert_eq!((at, bytes.len(), &bytes[MOST - 2..]), (27, MOST, &b"yz"[..]));
    }
}
