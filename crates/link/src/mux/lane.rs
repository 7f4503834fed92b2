//! One stream as one end of a link sees it.

use std::collections::VecDeque;
use std::task::Waker;

use bytes::{Bytes, BytesMut};

use crate::ended::Reset;
use crate::frame::Priority;

/// What may be sent on a new stream before any credit came.
pub(super) const INITIAL_CREDIT: u32 = 64 * 1024;
/// What a frame of data costs besides its bytes: a flood of tiny ones fills memory too.
pub(super) const OVERHEAD: u32 = 64;
/// What waits here for credit or for its turn; who sends more waits.
pub(super) const LONGEST_QUEUE: usize = 64 * 1024;

/// One stream as this end sees it.
pub(super) struct Lane {
    pub(super) priority: Priority,
    pub(super) outbox: VecDeque<Fragment>,
    pub(super) waiting: usize,
    pub(super) credit: u32,
    /// Whether it stands in line to be written.
    pub(super) in_line: bool,
    pub(super) finish: bool,
    pub(super) finished: bool,
    pub(super) send_waker: Option<Waker>,

    pub(super) inbox: VecDeque<Fragment>,
    /// What lies in the inbox, at its cost.
    pub(super) unread: u32,
    /// What the other end may still send.
    pub(super) allowed: u32,
    pub(super) window: u32,
    pub(super) partial: BytesMut,
    /// Whether a message was begun and its end has not come in.
    pub(super) within: bool,
    pub(super) heard_all: bool,
    pub(super) receive_waker: Option<Waker>,

    pub(super) reset: Option<Reset>,
    pub(super) is_held: bool,
    pub(super) is_theirs: bool,
}

pub(super) struct Fragment {
    pub(super) bytes: Bytes,
    pub(super) more: bool,
}

impl Fragment {
    /// What it takes of the credit.
    pub(super) fn cost(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX).saturating_add(OVERHEAD)
    }
}

impl Lane {
    pub(super) fn new(priority: Priority, is_theirs: bool) -> Self {
        Self {
            priority,
            outbox: VecDeque::new(),
            waiting: 0,
            credit: INITIAL_CREDIT,
            in_line: false,
            finish: false,
            finished: false,
            send_waker: None,
            inbox: VecDeque::new(),
            unread: 0,
            allowed: INITIAL_CREDIT,
            window: INITIAL_CREDIT,
            partial: BytesMut::new(),
            within: false,
            heard_all: false,
            receive_waker: None,
            reset: None,
            is_held: true,
            is_theirs,
        }
    }

    /// Whether the writer can do something for it.
    pub(super) fn can_write(&self) -> bool {
        match self.outbox.front() {
            Some(first) => self.credit >= first.cost(),
            None => self.finish && !self.finished,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.reset.is_some() || (self.finished && self.heard_all)
    }

    pub(super) fn wake(&mut self) {
        for waker in [self.send_waker.take(), self.receive_waker.take()].into_iter().flatten() {
            waker.wake();
        }
    }

    pub(super) fn cut(&mut self, reset: Reset) {
        self.reset.get_or_insert(reset);
        self.outbox.clear();
        self.inbox.clear();
        self.partial = BytesMut::new();
        (self.waiting, self.unread) = (0, 0);
        self.wake();
    }
}
