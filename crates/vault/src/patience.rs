//! How often a passphrase may be wrong before the next try has to wait. It is the vault's own count,
//! whoever types: there is one vault, and whoever guesses at it may come from anywhere.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Counts failures by the monotonic clock.
#[derive(Debug)]
pub(crate) struct Patience {
    tries: usize,
    within: Duration,
    failures: Mutex<VecDeque<Duration>>,
}

impl Patience {
    pub(crate) const fn new(tries: usize, within: Duration) -> Self {
        Self { tries, within, failures: Mutex::new(VecDeque::new()) }
    }

    /// How long to wait before the next try, if at all.
    pub(crate) fn wait(&self, now: Duration) -> Option<Duration> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|at| *at + self.within > now);
        let first = failures.front().filter(|_| failures.len() >= self.tries)?;
        Some(*first + self.within - now)
    }

    /// A try begins: it counts as a failure until it succeeds, so that many at once are counted too.
    pub(crate) fn begin(&self, now: Duration) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push_back(now);
    }

    /// It was right after all.
    pub(crate) fn forget(&self) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_wait_until_the_first_is_a_minute_old() {
        let patience = Patience::new(5, Duration::from_secs(60));
        for second in 0..5 {
            let now = Duration::from_secs(second);
            assert_eq!(patience.wait(now), None);
            patience.begin(now);
        }
        assert_eq!(patience.wait(Duration::from_secs(10)), Some(Duration::from_secs(50)));
        assert_eq!(patience.wait(Duration::from_secs(60)), None);
        patience.begin(Duration::from_secs(60));
        patience.forget();
        assert_eq!(patience.wait(Duration::from_secs(60)), None);
    }
}
