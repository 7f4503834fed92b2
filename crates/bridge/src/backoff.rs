//! How long to wait before connecting again: longer each time, and by lot, so that a thousand machines do
//! not come back in the same moment.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// A connection that lived so long was a good one.
const GOOD: Duration = Duration::from_secs(10);
/// A wait after one that did not is no longer than after so many failures.
const MOST_AFTER_WELCOME: u32 = 2;
/// Nobody is sent away for longer, whatever they say.
const LONGEST_AWAY: Duration = Duration::from_secs(600);

/// How often it failed in a row.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// A connection was welcome and lived so long. After a short one the wait does not grow far either: who
    /// welcomes us is there.
    pub(crate) fn lived(&mut self, how_long: Duration) {
        self.failures = if how_long >= GOOD { 0 } else { self.failures.min(MOST_AFTER_WELCOME) };
    }

    /// How long to wait now. `lot` is drawn evenly from all numbers; `away` is what the control plane asked
    /// for: never less than that, and a little more, for it says the same to many.
    pub(crate) fn next(&mut self, lot: u64, away: Option<Duration>) -> Duration {
        let most = SHORTEST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let away = away.unwrap_or_default().min(LONGEST_AWAY);
        away + share(most.max(away / 4), lot)
    }
}

/// The part of `whole` that the lot gives.
fn share(whole: Duration, lot: u64) -> Duration {
    let nanos = whole.as_nanos() * u128::from(lot) / u128::from(u64::MAX);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_grow_from_half_a_second_to_thirty() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..9).map(|_| backoff.next(u64::MAX, None).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
        backoff.lived(Duration::from_secs(9));
        assert_eq!(backoff.next(u64::MAX, None), Duration::from_secs(2));
        backoff.lived(Duration::from_secs(10));
        assert_eq!(backoff.next(u64::MAX, None), SHORTEST);
    }

    proptest! {
        #[test]
        fn f33_nobody_comes_sooner_than_asked_or_stays_away_for_ever(
            lots in prop::collection::vec(any::<u64>(), 1..40), away in 0_u64..100_000,
        ) {
            let mut backoff = Backoff::default();
            for lot in lots {
                let asked = Duration::from_secs(away);
                let wait = backoff.next(lot, Some(asked));
                prop_assert!(wait >= asked.min(LONGEST_AWAY));
                prop_assert!(wait <= LONGEST_AWAY + LONGEST_AWAY / 4 + LONGEST);
            }
        }
    }
}
