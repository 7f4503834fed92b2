//! How fast anybody may send requests: a token bucket per address and per account.
//!
//! A bucket is the moment at which it will be full again (the generic cell rate algorithm), and how fast
//! it fills. A bucket that is full need not be remembered, so memory is bounded by what is busy.
//!
//! Whoever asks says the rate, which may be another than the last time; until then the bucket filled at the
//! old one. As many requests as were missing are still missing then, but never more than the bucket holds.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use diwan_kernel::Id;
use diwan_kernel::id::User;

const SHARDS: usize = 16;
/// At most this many busy buckets a shard: a few megabytes in all.
const BUSY_PER_SHARD: usize = 8192;

/// How many requests at once, and how fast they come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    burst: u32,
    /// The time in which one request comes back, in nanoseconds.
    interval_ns: u64,
}

impl Rate {
    /// `burst` requests at once; `count` of them come back in every `period`.
    pub fn new(burst: u32, count: u32, period: Duration) -> Self {
        let period_ns = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
        Self { burst: burst.max(1), interval_ns: (period_ns / u64::from(count.max(1))).max(1) }
    }

    /// How long an empty bucket takes to be full.
    fn capacity_ns(self) -> u64 {
        self.interval_ns.saturating_mul(self.burst.into())
    }
}

/// Whose bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// An address: of IPv6 the /56 that one household is given.
    Address(u128),
    /// An address that tries to sign in.
    SignIn(u128),
    /// An address that other services call from.
    Service(u128),
    /// An account.
    Account(Id<User>),
}

/// An address as far as one client can be told from another by it: whoever has a /56 has 256 times a /64.
pub(crate) fn client_bits(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_bits().into(),
        IpAddr::V6(v6) => v6.to_bits() & !(u128::MAX >> 56),
    }
}

/// What a bucket says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Whether the request may pass.
    pub passes: bool,
    /// How many at once there can be.
    pub limit: u32,
    /// How many are left.
    pub remaining: u32,
    /// After how long the bucket is full again.
    pub full_after: Duration,
    /// After how long the next request passes.
    pub retry_after: Duration,
}

/// What is missing, as the time in which it comes back.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    full_at: u64,
    /// At the rate at which it was asked last.
    interval_ns: u64,
}

impl Bucket {
    /// How long it takes to be full at this rate.
    fn debt_ns(self, rate: Rate, now: u64) -> u64 {
        let debt = self.full_at.saturating_sub(now);
        let debt = if self.interval_ns == rate.interval_ns {
            debt
        } else {
            let as_many = (u128::from(debt) * u128::from(rate.interval_ns)).div_ceil(self.interval_ns.into());
            u64::try_from(as_many).unwrap_or(u64::MAX)
        };
        debt.min(rate.capacity_ns())
    }
}

/// All buckets.
pub(crate) struct Limiter {
    shards: [Mutex<HashMap<Key, Bucket>>; SHARDS],
    hasher: RandomState,
}

impl Default for Limiter {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }
}

impl Limiter {
    /// Takes one request out of the bucket, if there is one.
    pub(crate) fn take(&self, key: Key, rate: Rate, now: Duration) -> Verdict {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let place = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        let mut shard = self.shards[place].lock().unwrap_or_else(PoisonError::into_inner);
        let owed = shard.get(&key).map_or(0, |bucket| bucket.debt_ns(rate, now));
        let (capacity, after) = (rate.capacity_ns(), owed.saturating_add(rate.interval_ns));
        let passes = after <= capacity;
        let debt = if passes { after } else { owed };
        if shard.len() >= BUSY_PER_SHARD {
            forget_some(&mut shard, now);
        }
        shard.insert(key, Bucket { full_at: now.saturating_add(debt), interval_ns: rate.interval_ns });
        Verdict {
            passes,
            limit: rate.burst,
            remaining: u32::try_from((capacity - debt) / rate.interval_ns).unwrap_or(u32::MAX),
            full_after: Duration::from_nanos(debt),
            retry_after: Duration::from_nanos(if passes { 0 } else { after - capacity }),
        }
    }

    #[cfg(test)]
    fn busy(&self) -> usize {
        self.shards.iter().map(|s| s.lock().unwrap().len()).sum()
    }
}

/// Makes room: first what is full again, then, under a flood from thousands of addresses, the
/// buckets that owe least.
fn forget_some(shard: &mut HashMap<Key, Bucket>, now: u64) {
    shard.retain(|_, bucket| bucket.full_at > now);
    if shard.len() < BUSY_PER_SHARD * 3 / 4 {
        return;
    }
    let mut debts: Vec<u64> = shard.values().map(|bucket| bucket.full_at).collect();
    let middle = debts.len() / 2;
    let (_, median, _) = debts.select_nth_unstable(middle);
    let median = *median;
    shard.retain(|_, bucket| bucket.full_at > median);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn address(text: &str) -> Key {
        Key::Address(client_bits(text.parse().unwrap()))
    }

    #[test]
    fn exactly_the_burst_passes_and_then_one_per_interval() {
        let (limiter, rate) = (Limiter::default(), Rate::new(100, 10, SECOND));
        let (key, mut now) = (address("10.0.0.1"), Duration::from_secs(5));
        for left in (0..100).rev() {
            let verdict = limiter.take(key, rate, now);
            assert_eq!((verdict.passes, verdict.remaining, verdict.limit), (true, left, 100));
        }
        let refused = limiter.take(key, rate, now);
        assert_eq!((refused.passes, refused.remaining, refused.retry_after), (false, 0, Duration::from_millis(100)));
        assert_eq!(refused.full_after, Duration::from_secs(10));
        now += Duration::from_millis(100);
        assert!(limiter.take(key, rate, now).passes);
        assert!(!limiter.take(key, rate, now).passes);
        now += Duration::from_secs(3600);
        assert_eq!((0..1000).filter(|_| limiter.take(key, rate, now).passes).count(), 100, "it never overflows");
    }

    #[test]
    fn neighbours_do_not_share() {
        let (limiter, rate) = (Limiter::default(), Rate::new(1, 1, SECOND));
        let take = |text: &str| limiter.take(address(text), rate, SECOND).passes;
        assert!(take("10.0.0.1") && take("10.0.0.2") && take("2001:db8::1") && take("2001:db8:0:100::1"));
        assert!(!take("2001:db8:0:ff::2"), "one /56 is one client");
        assert!(!take("::ffff:10.0.0.1"), "the same address in IPv6 dress");
    }

    #[test]
    fn memory_stays_bounded_under_a_flood_of_addresses() {
        let (limiter, rate) = (Limiter::default(), Rate::new(100, 10, SECOND));
        for n in 0..400_000_u32 {
            limiter.take(Key::Address(n.into()), rate, SECOND);
        }
        assert!(limiter.busy() <= SHARDS * BUSY_PER_SHARD);
    }

    #[test]
    fn what_was_taken_stays_taken_at_another_rate() {
        let (limiter, key) = (Limiter::default(), address("10.0.0.1"));
        let left = |burst, per_s, now| limiter.take(key, Rate::new(burst, per_s, SECOND), now).remaining;
        assert_eq!(left(100, 10, SECOND), 99);
        assert_eq!(left(100, 1, SECOND), 98, "slower");
        assert_eq!(left(100, 1000, SECOND), 97, "faster");
        assert_eq!(left(400, 7, SECOND), 396, "larger");
        assert_eq!(left(5, 7, SECOND), 0, "smaller: four are taken, and this is the fifth");
        assert_eq!(left(3, 1, SECOND), 0, "smaller than what was taken");
        assert_eq!(left(3, 1, 2 * SECOND), 0, "one came back");
        assert_eq!(left(3, 1, 4 * SECOND), 1, "two came back");
    }

    proptest! {
        /// At the moment of a change nothing is forgiven and nothing is added.
        #[test]
        fn a_change_leaves_everybody_where_they_are(
            (burst, per_s) in (1_u32..200, 1_u32..100_000),
            (other_burst, other_per_s) in (1_u32..200, 1_u32..100_000),
            asked in 0_u32..300,
        ) {
            let (limiter, key) = (Limiter::default(), address("10.0.0.1"));
            let passing = |rate| (0..asked).filter(|_| limiter.take(key, rate, SECOND).passes).count();
            let before = passing(Rate::new(burst, per_s, SECOND));
            let after = passing(Rate::new(other_burst, other_per_s, SECOND));
            prop_assert_eq!(before, asked.min(burst) as usize);
            prop_assert_eq!(after, asked.min(other_burst.saturating_sub(asked.min(burst))) as usize);
        }

        /// From a change on, nobody gets more than the new rate promises, nor waits longer than it makes
        /// an empty bucket wait, whatever they did before.
        #[test]
        fn a_new_rate_is_kept_from_the_first_request_on(
            stages in prop::collection::vec((1_u32..50, 1_u32..50, prop::collection::vec(0_u64..400, 1..50)), 1..6),
        ) {
            let (limiter, key, mut now) = (Limiter::default(), address("10.0.0.1"), SECOND);
            for (burst, per_s, gaps) in stages {
                let rate = Rate::new(burst, per_s, SECOND);
                let (mut start, mut passed) = (None, 0_u64);
                for gap in gaps {
                    now += Duration::from_millis(gap);
                    let verdict = limiter.take(key, rate, now);
                    let elapsed_ms = u64::try_from((now - *start.get_or_insert(now)).as_millis()).unwrap();
                    passed += u64::from(verdict.passes);
                    prop_assert!(passed <= u64::from(burst) + elapsed_ms * u64::from(per_s) / 1000 + 1);
                    prop_assert!(verdict.retry_after <= Duration::from_nanos(rate.interval_ns));
                    prop_assert!(verdict.full_after <= Duration::from_nanos(rate.capacity_ns()));
                    if !verdict.passes {
                        now += verdict.retry_after;
                        prop_assert!(limiter.take(key, rate, now).passes, "who waits as long as told passes");
                        passed += 1;
                    }
                }
            }
        }

        /// Over any time, no more pass than the burst and what came back meanwhile.
        #[test]
        fn never_more_than_promised(burst in 1_u32..50, per_s in 1_u32..50, gaps in prop::collection::vec(0_u64..400, 1..200)) {
            let (limiter, rate) = (Limiter::default(), Rate::new(burst, per_s, SECOND));
            let start = SECOND;
            let (mut now, mut passed) = (start, 0_u64);
            for gap in gaps {
                now += Duration::from_millis(gap);
                passed += u64::from(limiter.take(address("10.0.0.1"), rate, now).passes);
                let elapsed_ms = u64::try_from((now - start).as_millis()).unwrap();
                prop_assert!(passed <= u64::from(burst) + elapsed_ms * u64::from(per_s) / 1000 + 1);
            }
        }
    }
}
