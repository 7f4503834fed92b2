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

mod allowance;

use std::time::Duration;

use diwan_kernel::db::Unrecorded;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, DbError, Problem, Tx};

use allowance::{
    Allowance, CODE, DAY, DEVICE_LOGIN, MAIL, NETWORK, PASSWORD, PASSWORD_KNOWN_DEVICE, PASSWORD_UNDER_ATTACK,
};

use crate::device_mark;
use crate::identity::Identity;
use crate::keys::mac;
use crate::network::Network;
use crate::password::Standing;
use crate::table::attempt::{self, Counted};
use crate::table::seen_from;
use crate::table::user::User;

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
    /// To have a command line approved: every one counts.
    DeviceLogin,
}

impl Tried {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Code => "code",
            Self::Mail => "mail",
            Self::DeviceLogin => "device_login",
        }
    }
}

/// A try that was let through. Unless it is forgiven it stays counted as a failure.
#[derive(Debug)]
#[must_use]
pub(crate) struct Attempt {
    counters: Counters,
    /// How often this account was tried from unknown places lately.
    pub(crate) account_failures: u32,
}

impl Attempt {
    /// Whether the browser is one that the account was signed in to with.
    pub(crate) const fn standing(&self) -> Standing {
        if self.counters.network.is_none() { Standing::Known } else { Standing::Stranger }
    }

    /// Takes the count of a right try back: in the order in which tries are counted, so that two
    /// units of work never wait for each other.
    async fn forgive(&self, tx: &mut Tx) -> Result<(), DbError> {
        let Counters { own, network, account } = self.counters;
        if let Some(key) = account {
            attempt::take_back(tx, key).await?;
        }
        attempt::forget(tx, own).await?;
        if let Some(key) = network {
            attempt::take_back(tx, key).await?;
        }
        Ok(())
    }

    /// Takes the count of a try back that was not judged, in the same order.
    async fn give_back(&self, tx: &mut Tx) -> Result<(), DbError> {
        let Counters { own, network, account } = self.counters;
        for key in [account, Some(own), network].into_iter().flatten() {
            attempt::take_back(tx, key).await?;
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
        let counters = self.counters(ctx, what, account, device.as_deref());
        // A flood of tries that are refused anyway is refused by reading alone.
        let keys = (counters.own, counters.network.unwrap_or(counters.own));
        if let Some(until) = attempt::blocked_until(self.db(), keys).await?.filter(|until| *until > ctx.now()) {
            return Err(too_many(until.since(ctx.now())));
        }
        // The counters are our bookkeeping: they do not use up the client's idempotency key.
        let system = Ctx { idempotency: None, ..ctx.clone() };
        let mut tx = self.db().begin(&system).await?;
        let mut counted = Counting { tx: &mut tx, now: ctx.now(), refused_until: None };
        let attempt = counted.all(counters, what).await?;
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

    /// Hands on what came of judging a try. What could not be judged, because the database or the machine
    /// is busy, is no failure: it is not counted.
    ///
    /// # Errors
    /// Those that were handed in.
    pub(crate) async fn judged<T>(&self, attempt: &Attempt, result: Result<T, Problem>) -> Result<T, Problem> {
        let Err(problem) = &result else { return result };
        if problem.status().is_server_error() {
            let given_back = async {
                let mut tx = self.db().begin(&Ctx::system(self.world(), "throttle")).await?;
                attempt.give_back(&mut tx).await?;
                tx.commit_unrecorded(Unrecorded::Bookkeeping).await
            };
            given_back.await.unwrap_or_else(|error| tracing::warn!(%error, "a try that was not judged stays counted"));
        }
        result
    }

    /// Somebody proved who they are in another way: what was counted against their account from here
    /// is forgotten, so that they are not kept waiting for what they tried before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn forget_tries(&self, tx: &mut Tx, ctx: &Ctx, user: &User) -> Result<(), DbError> {
        let id = user.id.to_string();
        for (what, account) in [(Tried::Password, user.email.as_str()), (Tried::Code, &id)] {
            let Counters { own, account, .. } = self.counters(ctx, what, account, None);
            // In the order in which tries are counted.
            if let Some(account) = account {
                attempt::forget(tx, account).await?;
            }
            attempt::forget(tx, own).await?;
        }
        Ok(())
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
                // Everybody begins device logins: there is no account that could be under attack.
                account: (what != Tried::DeviceLogin).then(|| key("everywhere", "")),
            },
        }
    }
}

/// Under which keys a try is counted.
#[derive(Debug, Clone, Copy)]
struct Counters {
    /// Forgotten when a try was right; the others are lowered by one.
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
    async fn all(&mut self, counters: Counters, what: Tried) -> Result<Attempt, DbError> {
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
            (Tried::DeviceLogin, _) => DEVICE_LOGIN,
        };
        self.count(counters.own, allowance).await?;
        if let Some(key) = counters.network {
            self.count(key, NETWORK).await?;
        }
        Ok(Attempt { counters, account_failures })
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
