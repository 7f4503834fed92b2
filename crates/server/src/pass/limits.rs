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

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// So many calls of other services come in from one address in a minute, and at once.
const CALLS_A_MINUTE: u32 = 120;

/// Everybody's buckets. How large they are is for the settings to say, at every request anew.
#[derive(Default)]
pub(crate) struct Limits(Limiter);

impl Limits {
    /// Takes a request from somebody unknown, or one that failed to prove who they are.
    pub(crate) fn take_unknown(&self, settings: &ServerConfig, address: IpAddr, now: Duration) -> Verdict {
        let rate = Rate::new(settings.rate_limit_burst, settings.rate_limit_per_s, SECOND);
        self.0.take(Key::Address(client_bits(address)), rate, now)
    }

    /// Takes a request for an operation.
    pub(crate) fn take(
        &self,
        settings: &ServerConfig,
        operation: &Operation,
        caller: &Caller,
        address: IpAddr,
        now: Duration,
    ) -> Verdict {
        // Nobody can sign in with such a call, and nobody who calls often keeps others from it.
        if operation.is_for_services {
            let rate = Rate::new(CALLS_A_MINUTE, CALLS_A_MINUTE, MINUTE);
            return self.0.take(Key::Service(client_bits(address)), rate, now);
        }
        // What changes something for everybody who asks is how people sign in: guessing is made slow.
        if operation.is_public && operation.is_write() {
            let rate = Rate::new(settings.sign_in_rate_limit_burst, settings.sign_in_rate_limit_per_minute, MINUTE);
            return self.0.take(Key::SignIn(client_bits(address)), rate, now);
        }
        let Some(user) = caller.ctx.actor.user_id() else { return self.take_unknown(settings, address, now) };
        let usual = || Rate::new(settings.account_rate_limit_burst, settings.account_rate_limit_per_s, SECOND);
        self.0.take(Key::Account(user), caller.rate.unwrap_or_else(usual), now)
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
