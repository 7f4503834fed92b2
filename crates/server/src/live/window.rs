//! How much a client says: a limit on messages in any one second.

use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MESSAGES: u32 = 20;
const PINGS: u32 = 10;

/// Counts within the current second.
#[derive(Debug, Default)]
pub(super) struct Window {
    began: Duration,
    messages: u32,
    pings: u32,
}

impl Window {
    /// Counts a message, or a ping of the protocol; false when it is one too many.
    pub(super) fn admits(&mut self, now: Duration, is_ping: bool) -> bool {
        if now.saturating_sub(self.began) >= SECOND {
            *self = Self { began: now, ..Self::default() };
        }
        self.messages += 1;
        self.pings += u32::from(is_ping);
        self.messages <= MESSAGES && self.pings <= PINGS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_pings_a_second_are_enough() {
        let mut window = Window::default();
        let now = Duration::from_secs(9);
        assert_eq!((0..30).filter(|_| window.admits(now, true)).count(), 10);
        assert!(window.admits(now + SECOND, true));
    }
}
