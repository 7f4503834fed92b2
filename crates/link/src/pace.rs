//! Somebody types: for a while after each key, what is not urgent leaves room for it.
//!
//! What is urgent overtakes what waits here, but not what fills the processors and queues of both ends and of
//! everything between. So a flood is slowed down while a person waits for answers, and only then.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// What goes over a link in a second while somebody types, of what is not urgent.
const BESIDE_KEYS: u64 = 128_000_000;
/// A key is followed by so many bytes at that pace: for two seconds.
pub(crate) const AFTER_A_KEY: u64 = 2 * BESIDE_KEYS;
/// What came too late is made up for, but no more than this.
const MADE_UP: Duration = Duration::from_millis(5);

/// When the next bytes that are not urgent may go.
pub(crate) struct Pace {
    next: Instant,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self { next: now() }
    }

    /// So much has gone.
    pub(crate) fn went(&mut self, bytes: u64) {
        let earliest = now().checked_sub(MADE_UP).unwrap_or(self.next);
        self.next = self.next.max(earliest) + Duration::from_nanos(bytes * 1_000_000_000 / BESIDE_KEYS);
    }

    pub(crate) async fn rest(&self) {
        sleep_until(self.next).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a pace is of the time that the timers of this connection go by")]
fn now() -> Instant {
    Instant::now()
}
