//! How many tries are free, and how long the next ones wait.

use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);

/// How many tries are free, and how long the next ones wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    pub(super) free: u32,
    pub(super) first_wait: Duration,
    pub(super) longest_wait: Duration,
    /// After so long without a try everything is forgotten.
    pub(super) memory: Duration,
}

impl Allowance {
    /// How long to wait after the nth try.
    pub(super) fn wait_after(self, nth: u32) -> Duration {
        match nth.checked_sub(self.free) {
            None => Duration::ZERO,
            Some(over) => self.first_wait.saturating_mul(1 << over.min(16)).min(self.longest_wait),
        }
    }
}

pub(super) const PASSWORD: Allowance =
    Allowance { free: 5, first_wait: Duration::from_secs(30), longest_wait: Duration::from_secs(15 * 60), memory: DAY };
pub(super) const PASSWORD_UNDER_ATTACK: Allowance =
    Allowance { free: 1, first_wait: MINUTE, longest_wait: HOUR, memory: DAY };
pub(super) const PASSWORD_KNOWN_DEVICE: Allowance = Allowance { free: 10, ..PASSWORD };
pub(super) const CODE: Allowance =
    Allowance { free: 5, first_wait: Duration::from_secs(300), longest_wait: HOUR, memory: DAY };
pub(super) const MAIL: Allowance =
    Allowance { free: 3, first_wait: MINUTE, longest_wait: Duration::from_secs(15 * 60), memory: HOUR };
pub(super) const NETWORK: Allowance =
    Allowance { free: 50, first_wait: Duration::from_secs(10), longest_wait: Duration::from_secs(300), memory: HOUR };
pub(super) const DEVICE_LOGIN: Allowance =
    Allowance { free: 20, first_wait: Duration::from_secs(30), longest_wait: Duration::from_secs(600), memory: HOUR };

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_tries_are_free_and_then_the_wait_doubles_up_to_its_bound() {
        let waits: Vec<u64> = (1..=12).map(|n| PASSWORD.wait_after(n).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(PASSWORD_UNDER_ATTACK.wait_after(1), MINUTE);
        assert_eq!(CODE.wait_after(5), Duration::from_secs(300));
    }

    #[test]
    fn codes_cannot_be_guessed_in_a_year() {
        // At the longest wait there is one try per hour, each against three codes of a million.
        let tries_a_year = 365 * 24 + 20;
        assert!(f64::from(tries_a_year) * 3.0 / 1e6 < 0.03);
    }

    proptest! {
        #[test]
        fn waiting_never_gets_shorter(nth in 0u32..u32::MAX) {
            for allowance in [PASSWORD, PASSWORD_UNDER_ATTACK, PASSWORD_KNOWN_DEVICE, CODE, MAIL, NETWORK] {
                prop_assert!(allowance.wait_after(nth) <= allowance.wait_after(nth.saturating_add(1)));
                prop_assert!(allowance.wait_after(nth) <= allowance.longest_wait);
            }
        }
    }
}
