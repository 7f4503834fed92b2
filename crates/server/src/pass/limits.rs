//! Which bucket a request is taken from, and how the client is told.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::header::{HeaderMap, HeaderName, HeaderValue};
use diwan_kernel::Problem;

use super::rate::{Key, Limiter, Rate, Verdict, client_bits};
use crate::authenticator::Caller;
use crate::config::ServerConfig;
use crate::operation::Operation;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The limits in force.
pub(crate) struct Limits {
    limiter: Limiter,
    address: Rate,
    account: Rate,
    sign_in: Rate,
}

impl Limits {
    /// As configured.
    pub(crate) fn new(config: &ServerConfig) -> Self {
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        Self {
            limiter: Limiter::default(),
            address: Rate::new(config.rate_limit_burst, config.rate_limit_per_s, second),
            account: Rate::new(config.account_rate_limit_burst, config.account_rate_limit_per_s, second),
            sign_in: Rate::new(config.sign_in_rate_limit_burst, config.sign_in_rate_limit_per_minute, minute),
        }
    }

    /// Takes a request from somebody unknown, or one that failed to prove who they are.
    pub(crate) fn take_unknown(&self, address: IpAddr, now: Duration) -> Verdict {
        self.limiter.take(Key::Address(client_bits(address)), self.address, now)
    }

    /// Takes a request for an operation.
    pub(crate) fn take(&self, operation: &Operation, caller: &Caller, address: IpAddr, now: Duration) -> Verdict {
        // What changes something for everybody who asks is how people sign in: guessing is made slow.
        if operation.is_public && operation.is_write() {
            return self.limiter.take(Key::SignIn(client_bits(address)), self.sign_in, now);
        }
        match caller.ctx.actor.user_id() {
            Some(user) => self.limiter.take(Key::Account(user), caller.rate.unwrap_or(self.account), now),
            None => self.take_unknown(address, now),
        }
    }
}

/// The refusal of a request that is one too many.
pub(crate) fn over_limit(verdict: &Verdict) -> Problem {
    Problem::too_many("rate_limited", "Requests came faster than this client may send them.", verdict.retry_after)
}

/// Tells the client how much is left.
pub(crate) fn tell(headers: &mut HeaderMap, verdict: &Verdict) {
    let reset = verdict.full_after.as_secs() + u64::from(verdict.full_after.subsec_nanos() > 0);
    headers.insert(LIMIT, HeaderValue::from(verdict.limit));
    headers.insert(REMAINING, HeaderValue::from(verdict.remaining));
    headers.insert(RESET, HeaderValue::from(reset));
}
