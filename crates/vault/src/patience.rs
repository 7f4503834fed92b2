//! How often a passphrase may be wrong before the next try has to wait: counted for each caller, so that
//! nobody can keep the vault shut for the others; and for all together, but for whoever has not been wrong.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Counts failures by the monotonic clock.
#[derive(Debug)]
pub(crate) struct Patience {
    /// So many for one caller.
    own: usize,
    /// So many for all of them.
    all: usize,
    within: Duration,
    failures: Mutex<VecDeque<(Duration, String)>>,
}

impl Patience {
    pub(crate) const fn new(own: usize, all: usize, within: Duration) -> Self {
        Self { own, all, within, failures: Mutex::new(VecDeque::new()) }
    }

    /// How long this caller has to wait before the next try, if at all.
    pub(crate) fn wait(&self, caller: &str, now: Duration) -> Option<Duration> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|(at, _)| *at + self.within > now);
        let mut own = failures.iter().filter(|(_, who)| who == caller);
        let (first, _) = own.next()?;
        let waits = own.count() + 1 >= self.own || failures.len() >= self.all;
        waits.then(|| *first + self.within - now)
    }

    /// A try begins: it counts as a failure until it succeeds, so that many at once are counted too.
    pub(crate) fn begin(&self, caller: &str, now: Duration) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push_back((now, caller.to_owned()));
    }

    /// It was right after all.
    pub(crate) fn forget(&self, caller: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).retain(|(_, who)| who != caller);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn five_failures_wait_until_the_first_is_a_minute_old() {
        let patience = Patience::new(5, 60, SECOND * 60);
        for second in 0..5 {
            assert_eq!(patience.wait("a", SECOND * second), None);
            patience.begin("a", SECOND * second);
        }
        assert_eq!(patience.wait("a", SECOND * 10), Some(SECOND * 50));
        assert_eq!(patience.wait("a", SECOND * 60), None);
        patience.begin("a", SECOND * 60);
        patience.forget("a");
        assert_eq!(patience.wait("a", SECOND * 60), None);
    }

    #[test]
    fn nobody_waits_for_what_others_did_before_being_wrong_oneself() {
        let patience = Patience::new(5, 12, SECOND * 60);
        for caller in ["a", "b", "c"] {
            (0..5).for_each(|_| patience.begin(caller, SECOND));
        }
        assert_eq!(patience.wait("owner", SECOND), None);
        patience.begin("owner", SECOND);
        // All together were wrong too often: now this one waits as well.
        assert_eq!(patience.wait("owner", SECOND * 2), Some(SECOND * 59));
        patience.forget("owner");
        assert_eq!(patience.wait("owner", SECOND * 2), None);
    }
}
