//! How fast anybody may send requests: a token bucket per address and per account.
//!
//! A bucket is one number, the moment at which it will be full again (the generic cell rate
//! algorithm). A bucket that is full need not be remembered, so memory is bounded by what is busy.

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
}

/// Whose bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// An address: of IPv6 the /56 that one household is given.
    Address(u128),
    /// An address that tries to sign in.
    SignIn(u128),
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

/// All buckets.
pub(crate) struct Limiter {
    shards: [Mutex<HashMap<Key, u64>>; SHARDS],
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
        let capacity = rate.interval_ns.saturating_mul(rate.burst.into());
        let place = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        let mut shard = self.shards[place].lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = shard.get(&key).copied().unwrap_or(0).max(now);
        let after = full_at.saturating_add(rate.interval_ns);
        let passes = after - now <= capacity;
        let full_at = if passes {
            if shard.len() >= BUSY_PER_SHARD {
                forget_some(&mut shard, now);
            }
            shard.insert(key, after);
            after
        } else {
            full_at
        };
        let debt = full_at - now;
        Verdict {
            passes,
            limit: rate.burst,
            remaining: u32::try_from(capacity.saturating_sub(debt) / rate.interval_ns).unwrap_or(u32::MAX),
            full_after: Duration::from_nanos(debt),
            retry_after: if passes { Duration::ZERO } else { Duration::from_nanos(after - now - capacity) },
        }
    }

    #[cfg(test)]
    fn busy(&self) -> usize {
        self.shards.iter().map(|s| s.lock().unwrap().len()).sum()
    }
}

/// Makes room: first what is full again, then, under a flood from thousands of addresses, the
/// buckets that owe least.
fn forget_some(shard: &mut HashMap<Key, u64>, now: u64) {
    shard.retain(|_, full_at| *full_at > now);
    if shard.len() < BUSY_PER_SHARD * 3 / 4 {
        return;
    }
    let mut debts: Vec<u64> = shard.values().copied().collect();
    let middle = debts.len() / 2;
    let (_, median, _) = debts.select_nth_unstable(middle);
    let median = *median;
    shard.retain(|_, full_at| *full_at > median);
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

    proptest! {
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
