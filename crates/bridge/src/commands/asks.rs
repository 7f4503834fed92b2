//! What a running command is asked for: input, signals, to stop. It crosses from the event loop to the
//! thread that attends to the command.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use rustix::event::{EventfdFlags, eventfd};
use tokio::sync::Notify;

/// So much input may wait for the command. Whoever sends it looks at what was taken.
const MOST_INPUT: u64 = 1024 * 1024;
/// More signals that nobody took up are a nuisance.
const MOST_SIGNALS: usize = 64;

/// One thing that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    Signal(u8),
    Cancel,
}

/// What was asked since the last look.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Input, in its order.
    pub(crate) input: BytesMut,
    /// Whether that was all of it.
    pub(crate) input_ends: bool,
    /// How large the terminal is to be: the latest word counts.
    pub(crate) size: Option<Size>,
    pub(crate) others: VecDeque<Ask>,
}

/// How large a terminal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Letters beside each other.
    pub columns: u16,
    /// Lines below each other.
    pub rows: u16,
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
    /// Somebody wants it to stop.
    cancelled: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Asked,
    /// How much input was given so far.
    given: u64,
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
    pub(crate) fn take(&self) -> Asked {
        let mut queue = self.lock();
        let input_ends = queue.waiting.input_ends;
        let taken = std::mem::take(&mut queue.waiting);
        queue.waiting.input_ends = input_ends;
        taken
    }

    /// Nobody attends any more: whatever is asked from now on is in vain.
    pub(crate) fn close(&self) {
        let mut queue = self.lock();
        queue.is_closed = true;
        queue.waiting = Asked::default();
        queue.bell = None;
    }

    /// Whether somebody wants it to stop and nobody took that up yet.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.lock().waiting.others.contains(&Ask::Cancel)
    }

    /// Waits until somebody wants it to stop, where nobody attends to it by the bell.
    pub(crate) async fn cancelled(&self) {
        while !self.is_cancelled() {
            self.cancelled.notified().await;
        }
    }

    /// Asks for something that is not input.
    pub(crate) fn ask(&self, ask: Ask) {
        let mut queue = self.lock();
        if ask == Ask::Cancel {
            self.cancelled.notify_one();
        }
        if !queue.is_closed && (queue.waiting.others.len() < MOST_SIGNALS || ask == Ask::Cancel) {
            queue.waiting.others.push_back(ask);
            queue.ring();
        }
    }

    /// The terminal is to be so large from now on.
    pub(crate) fn resize(&self, size: Size) {
        let mut queue = self.lock();
        if !queue.is_closed {
            queue.waiting.size = Some(size);
            queue.ring();
        }
    }

    /// How much input was given so far: what comes next belongs there.
    pub(crate) fn given(&self) -> u64 {
        self.lock().given
    }

    /// Gives input at its place. What was given before is passed over.
    pub(crate) fn give(&self, at: u64, bytes: &[u8], taken: u64) -> Result<(), InputRefused> {
        let mut queue = self.lock();
        let before = queue.given.checked_sub(at).ok_or(InputRefused::Gap)?;
        let bytes = usize::try_from(before).ok().and_then(|before| bytes.get(before..)).unwrap_or_default();
        if bytes.is_empty() || queue.waiting.input_ends || queue.is_closed {
            return Ok(());
        }
        let given = queue.given.saturating_add(bytes.len() as u64);
        if given.saturating_sub(taken) > MOST_INPUT {
            return Err(InputRefused::TooMuch);
        }
        queue.given = given;
        queue.waiting.input.extend_from_slice(bytes);
        queue.ring();
        Ok(())
    }

    /// Says that there is no more input.
    pub(crate) fn end_input(&self) {
        let mut queue = self.lock();
        queue.waiting.input_ends = true;
        queue.ring();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn ring(&self) {
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
        asks.give(0, b"abc", 0).unwrap();
        asks.give(0, b"abcde", 0).unwrap();
        asks.give(2, b"cd", 0).unwrap();
        assert_eq!(asks.give(6, b"g", 0), Err(InputRefused::Gap));
        asks.end_input();
        asks.give(5, b"late", 0).unwrap();
        let taken = asks.take();
        assert_eq!((&taken.input[..], taken.input_ends), (&b"abcde"[..], true));
        asks.give(5, b"later", 0).unwrap();
        assert_eq!(asks.take(), Asked { input_ends: true, ..Asked::default() });
    }

    #[test]
    fn a_flood_of_input_is_refused_until_some_is_taken() {
        let asks = Asks::default();
        let flood = vec![0; 1024 * 1024];
        asks.give(0, &flood, 0).unwrap();
        assert_eq!(asks.give(1024 * 1024, &flood, 0), Err(InputRefused::TooMuch));
        asks.give(1024 * 1024, &flood, 1024 * 1024).unwrap();
    }

    #[test]
    fn the_bell_rings_for_whoever_attends_and_a_flood_of_signals_hides_no_cancel() {
        let asks = Asks::default();
        asks.ask(Ask::Signal(1));
        let bell = asks.attend().unwrap();
        bell.hear();
        (0..1000).for_each(|_| asks.ask(Ask::Signal(2)));
        assert!(!asks.is_cancelled());
        asks.ask(Ask::Cancel);
        assert!(asks.is_cancelled());
        assert_eq!(rustix::io::read(&bell.0, &mut [0; 8]), Ok(8));
        let others = asks.take().others;
        assert_eq!((others.len(), others.back()), (65, Some(&Ask::Cancel)));
        asks.close();
        asks.ask(Ask::Cancel);
        assert!(!asks.is_cancelled());
    }
}
