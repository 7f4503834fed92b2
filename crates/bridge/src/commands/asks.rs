//! What a running command is asked for: input, signals, to stop. It crosses from the event loop to the
//! thread that attends to the command.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rustix::event::{EventfdFlags, eventfd};

/// So much input may wait for the command. Whoever sends it looks at what was taken.
const MOST_INPUT: u64 = 1024 * 1024;

/// One thing that is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ask {
    Input(Bytes),
    InputEnds,
    Signal(u8),
    Cancel,
}

/// Input that cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InputRefused {
    #[error("the input has a gap")]
    Gap,
    #[error("more input was sent than is taken: wait until it is")]
    TooMuch,
}

/// What waits to be done, and the bell that says so.
#[derive(Debug, Default)]
pub(crate) struct Asks {
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Ask>,
    /// How much input was given so far.
    given: u64,
    input_ended: bool,
    /// Nobody attends any more.
    is_closed: bool,
    bell: Option<OwnedFd>,
}

/// The thread's end of the bell.
#[derive(Debug)]
pub(crate) struct Bell(OwnedFd);

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Bell {
    /// Hears it, so that it is silent again.
    pub(crate) fn hear(&self) {
        // It never waits, and what it counts does not matter.
        let _ = rustix::io::read(&self.0, &mut [0; 8]);
    }
}

impl Asks {
    /// Somebody begins to attend.
    pub(crate) fn attend(&self) -> std::io::Result<Bell> {
        let bell = eventfd(1, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        self.lock().bell = Some(bell.try_clone()?);
        Ok(Bell(bell))
    }

    /// What was asked since.
    pub(crate) fn take(&self) -> VecDeque<Ask> {
        std::mem::take(&mut self.lock().waiting)
    }

    /// Nobody attends any more: whatever is asked from now on is in vain.
    pub(crate) fn close(&self) {
        let mut queue = self.lock();
        queue.is_closed = true;
        queue.waiting.clear();
        queue.bell = None;
    }

    /// Whether this was asked and nobody took it yet.
    pub(crate) fn has(&self, ask: &Ask) -> bool {
        self.lock().waiting.contains(ask)
    }

    /// Asks for something that is not input.
    pub(crate) fn ask(&self, ask: Ask) {
        self.lock().push(ask);
    }

    /// Gives input at its place. What was given before is passed over.
    pub(crate) fn give(&self, at: u64, mut bytes: Bytes, taken: u64) -> Result<(), InputRefused> {
        let mut queue = self.lock();
        let before = queue.given.checked_sub(at).ok_or(InputRefused::Gap)?;
        if before >= bytes.len() as u64 || queue.input_ended {
            return Ok(());
        }
        let bytes = bytes.split_off(usize::try_from(before).unwrap_or(usize::MAX));
        let given = queue.given.saturating_add(bytes.len() as u64);
        if given.saturating_sub(taken) > MOST_INPUT {
            return Err(InputRefused::TooMuch);
        }
        queue.given = given;
        queue.push(Ask::Input(bytes));
        Ok(())
    }

    /// Says that there is no more input.
    pub(crate) fn end_input(&self) {
        let mut queue = self.lock();
        if !std::mem::replace(&mut queue.input_ended, true) {
            queue.push(Ask::InputEnds);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Signals beyond these, or more that nobody looked at, are a nuisance.
const MOST_WAITING: usize = 4096;

impl Queue {
    fn push(&mut self, ask: Ask) {
        if self.is_closed || self.waiting.len() >= MOST_WAITING {
            return;
        }
        self.waiting.push_back(ask);
        if let Some(bell) = &self.bell {
            // A bell that rings already need not ring louder.
            let _ = rustix::io::write(bell, &1_u64.to_ne_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_taken_once_and_in_order() {
        let asks = Asks::default();
        asks.give(0, Bytes::from_static(b"abc"), 0).unwrap();
        asks.give(0, Bytes::from_static(b"abcde"), 0).unwrap();
        asks.give(2, Bytes::from_static(b"cd"), 0).unwrap();
        assert_eq!(asks.give(6, Bytes::from_static(b"g"), 0), Err(InputRefused::Gap));
        asks.end_input();
        asks.end_input();
        asks.give(5, Bytes::from_static(b"late"), 0).unwrap();
        let taken: Vec<Ask> = asks.take().into();
        let input = |bytes: &'static [u8]| Ask::Input(Bytes::from_static(bytes));
        assert_eq!(taken, [input(b"abc"), input(b"de"), Ask::InputEnds]);
    }

    #[test]
    fn a_flood_of_input_is_refused_until_some_is_taken() {
        let asks = Asks::default();
        let flood = Bytes::from(vec![0; 1024 * 1024]);
        asks.give(0, flood.clone(), 0).unwrap();
        assert_eq!(asks.give(1024 * 1024, flood.clone(), 0), Err(InputRefused::TooMuch));
        asks.give(1024 * 1024, flood, 1024 * 1024).unwrap();
    }

    #[test]
    fn the_bell_rings_for_whoever_attends() {
        let asks = Asks::default();
        asks.ask(Ask::Cancel);
        let bell = asks.attend().unwrap();
        bell.hear();
        asks.ask(Ask::Signal(2));
        let mut heard = [0; 8];
        assert_eq!(rustix::io::read(&bell.0, &mut heard), Ok(8));
        assert_eq!(asks.take(), [Ask::Cancel, Ask::Signal(2)]);
        asks.close();
        asks.ask(Ask::Cancel);
        assert!(asks.take().is_empty());
    }
}
