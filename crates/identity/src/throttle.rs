//! Guessing made slow, without letting anybody lock out anybody else.
//!
//! Every try at a secret is counted *before* it is judged, in the database, so that a thousand tries
//! at once are no way around it; a right one takes its count back. What is counted depends on where
//! the try comes from:
//!
//! - **A browser that this account signed in with before** (it carries a mark, signed by us) has a
//!   counter of its own. Nobody else can use it up, so the owner gets in while others guess.
//! - **Any other client** is counted under (account, household network). After a few tries it waits,
//!   each time twice as long. Somebody who guesses from elsewhere has another counter: they lock
//!   themselves out, not the owner.
//! - **A network that tries many accounts** (credential stuffing) is counted as a whole, with a much
//!   higher allowance, since a whole office may stand behind one address.
//! - **An account that is tried from everywhere** is counted too, but that counter never refuses: it
//!   only makes the allowance of unknown networks smaller. Everybody still has their first try.
//!
//! One-time codes are different: whoever tries them has already proved the first factor. There the
//! account itself is counted (for unknown browsers), because six digits do not stand many guesses.

use std::time::Duration;

use diwan_kernel::db::Unrecorded;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, DbError, Problem, Tx};

use crate::device_mark;
use crate::identity::Identity;
use crate::keys::mac;
use crate::network::Network;
use crate::table::attempt::{self, Counted};
use crate::table::seen_from;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// From so many failures a day an account is taken to be under attack.
const ATTACK: u32 = 100;

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tried {
    /// A password.
    Password,
    /// A one-time code or recovery code.
    Code,
    /// To have a mail sent: every one counts, there is no success that forgives.
    Mail,
}

impl Tried {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Code => "code",
            Self::Mail => "mail",
        }
    }
}

/// How many tries are free, and how long the next ones wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Allowance {
    free: u32,
    first_wait: Duration,
    longest_wait: Duration,
    /// After so long without a try everything is forgotten.
    memory: Duration,
}

impl Allowance {
    /// How long to wait after the nth try.
    fn wait_after(self, nth: u32) -> Duration {
        match nth.checked_sub(self.free) {
            None => Duration::ZERO,
            Some(over) => self.first_wait.saturating_mul(1 << over.min(16)).min(self.longest_wait),
        }
    }
}

const PASSWORD: Allowance =
    Allowance { free: 5, first_wait: Duration::from_secs(30), longest_wait: Duration::from_secs(15 * 60), memory: DAY };
const PASSWORD_UNDER_ATTACK: Allowance = Allowance { free: 1, first_wait: MINUTE, longest_wait: HOUR, memory: DAY };
const PASSWORD_KNOWN_DEVICE: Allowance = Allowance { free: 10, ..PASSWORD };
const CODE: Allowance = Allowance { free: 5, first_wait: Duration::from_secs(300), longest_wait: HOUR, memory: DAY };
const MAIL: Allowance =
    Allowance { free: 3, first_wait: MINUTE, longest_wait: Duration::from_secs(15 * 60), memory: HOUR };
const NETWORK: Allowance =
    Allowance { free: 50, first_wait: Duration::from_secs(10), longest_wait: Duration::from_secs(300), memory: HOUR };

/// A try that was let through. Unless it is forgiven it stays counted as a failure.
#[derive(Debug)]
#[must_use]
pub(crate) struct Attempt {
    /// Forgotten when the try was right.
    own: [u8; 32],
    /// Lowered by one when the try was right.
    shared: Vec<[u8; 32]>,
    /// How often this account was tried from unknown places lately.
    pub(crate) account_failures: u32,
}

impl Attempt {
    /// Takes the count of a right try back, inside the unit of work that it leads to.
    pub(crate) async fn forgive(&self, tx: &mut Tx) -> Result<(), DbError> {
        attempt::forget(tx, self.own).await?;
        for key in &self.shared {
            attempt::take_back(tx, *key).await?;
        }
        Ok(())
    }
}

impl Identity {
    /// Counts a try at this account (an e-mail address or a user id), before it is judged.
    ///
    /// # Errors
    /// 429 `too_many_attempts` when there were too many.
    pub(crate) async fn begin_attempt(&self, ctx: &Ctx, what: Tried, account: &str) -> Result<Attempt, Problem> {
        let device = self.known_device(ctx, account).await?;
        // The counters are our bookkeeping: they do not use up the client's idempotency key.
        let system = Ctx { idempotency: None, ..ctx.clone() };
        let mut tx = self.db().begin(&system).await?;
        let counters = self.counters(ctx, what, account, device.as_deref());
        let mut counted = Counting { tx: &mut tx, now: ctx.now(), refused_until: None };
        let attempt = counted.all(&counters, what).await?;
        let refused = counted.refused_until;
        if let Some(until) = refused {
            return Err(too_many(until.since(ctx.now())));
        }
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
        Ok(attempt)
    }

    /// The try was right: what was counted for it is forgotten.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn forgive_attempt(&self, attempt: Attempt) -> Result<(), Problem> {
        let mut tx = self.db().begin(&Ctx::system(self.world(), "throttle")).await?;
        attempt.forgive(&mut tx).await?;
        Ok(tx.commit_unrecorded(Unrecorded::Bookkeeping).await?)
    }

    /// The place name of the browser, if this account was signed in to with it before.
    async fn known_device(&self, ctx: &Ctx, account: &str) -> Result<Option<String>, Problem> {
        let Some(place) = ctx.device.map(device_mark::place) else { return Ok(None) };
        let known = seen_from::is_known_to_account(self.db(), account, &place).await?;
        Ok(known.then_some(place))
    }

    fn counters(&self, ctx: &Ctx, what: Tried, account: &str, device: Option<&str>) -> Counters {
        let key = |kind: &str, who: &str| {
            let parts = [what.as_str().as_bytes(), kind.as_bytes(), account.as_bytes(), who.as_bytes()];
            mac(&self.keys().session, "attempt", &parts)
        };
        let network = ctx.address().map_or_else(String::new, |a| Network::household(a).to_string());
        match device {
            Some(device) => Counters { own: key("device", device), network: None, account: None },
            None => Counters {
                own: if what == Tried::Code { key("account", "") } else { key("network", &network) },
                network: Some(mac(
                    &self.keys().session,
                    "attempt network",
                    &[what.as_str().as_bytes(), network.as_bytes()],
                )),
                account: Some(key("everywhere", "")),
            },
        }
    }
}

struct Counters {
    own: [u8; 32],
    network: Option<[u8; 32]>,
    account: Option<[u8; 32]>,
}

struct Counting<'a> {
    tx: &'a mut Tx,
    now: Timestamp,
    refused_until: Option<Timestamp>,
}

impl Counting<'_> {
    /// Counts a try everywhere it belongs, always in the same order, so that two of them never wait
    /// for each other.
    async fn all(&mut self, counters: &Counters, what: Tried) -> Result<Attempt, DbError> {
        let account_failures = match counters.account {
            Some(key) => self.count_only(key).await?,
            None => 0,
        };
        let allowance = match (what, counters.account) {
            (Tried::Password, None) => PASSWORD_KNOWN_DEVICE,
            (Tried::Password, Some(_)) if account_failures > ATTACK => PASSWORD_UNDER_ATTACK,
            (Tried::Password, Some(_)) => PASSWORD,
            (Tried::Code, _) => CODE,
            (Tried::Mail, _) => MAIL,
        };
        self.count(counters.own, allowance).await?;
        if let Some(key) = counters.network {
            self.count(key, NETWORK).await?;
        }
        let shared = counters.account.into_iter().chain(counters.network).collect();
        Ok(Attempt { own: counters.own, shared, account_failures })
    }

    async fn count(&mut self, key: [u8; 32], allowance: Allowance) -> Result<(), DbError> {
        match attempt::count(self.tx, key, self.now, self.now.minus(allowance.memory)).await? {
            Counted::BlockedUntil(until) => self.refused_until = self.refused_until.max(Some(until)),
            Counted::Nth(nth) => {
                let wait = allowance.wait_after(nth);
                if wait > Duration::ZERO {
                    attempt::block(self.tx, key, self.now.plus(wait)).await?;
                }
            }
        }
        Ok(())
    }

    /// Counts without ever refusing.
    async fn count_only(&mut self, key: [u8; 32]) -> Result<u32, DbError> {
        match attempt::count(self.tx, key, self.now, self.now.minus(DAY)).await? {
            Counted::Nth(nth) => Ok(nth),
            Counted::BlockedUntil(_) => Ok(0),
        }
    }
}

fn too_many(wait: Duration) -> Problem {
    Problem::too_many(
        "too_many_attempts",
        "There were too many attempts that did not succeed.",
        wait.max(Duration::from_secs(1)),
    )
}

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
