//! How a request becomes a caller: which credential it carries, and whether that still counts.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, request};
use diwan_kernel::ctx::{Duty, Permissions, RequestFacts};
use diwan_kernel::db::Unrecorded;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Actor, Ctx, DbError, Permission, Problem};

use crate::cookie;
use crate::cookie_value::CookieValue;
use crate::identity::{Caller, Credential, Identity};
use crate::jws::{self, Rejected};
use crate::known::{KnownSession, KnownToken, is_due};
use crate::plan::Plan;
use crate::refusal;
use crate::sign_in::SignInMethod;
use crate::table::session::{self, Holder, Session};
use crate::table::user::Status;
use crate::token_secret::{self, TokenSecret};

/// After so much use a browser's cookie gets its next value.
const ROTATE_AFTER: Duration = Duration::from_secs(15 * 60);
/// How long the value before is accepted after the new one was used: for requests on their way.
const GRACE: Duration = Duration::from_secs(60);
/// Why a credential does not make a caller.
enum Turned {
    /// It does not count.
    Away(Problem),
    /// Whether it counts cannot be found out.
    Failed(Problem),
}

impl From<DbError> for Turned {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

/// A credential that counts.
struct Admitted {
    credential: Credential,
    actor: Actor,
    permissions: Permissions,
    duty: Option<Duty>,
    plan: Plan,
    stepped_up_until: Option<Timestamp>,
    set_cookies: Vec<HeaderValue>,
}

/// What a request brings along.
#[derive(Debug, PartialEq, Eq)]
enum Presented<'a> {
    Nothing,
    Cookie(&'a str),
    AccessToken(&'a str),
    ApiToken(&'a str),
    /// An Authorization header that is none of ours.
    Garbage,
}

impl Identity {
    /// Finds out who sent a request.
    ///
    /// # Errors
    /// When that cannot be found out because the database does not answer.
    pub async fn authenticate(&self, parts: &request::Parts, facts: Arc<RequestFacts>) -> Result<Caller, Problem> {
        let mut ctx = Ctx::anonymous(self.world(), facts);
        ctx.device = self.read_device(&parts.headers);
        let admitted = match self.presented(&parts.headers) {
            Presented::Nothing => return Ok(Caller::nobody(ctx, None)),
            Presented::Garbage => Err(Turned::Away(refusal::token_invalid())),
            Presented::Cookie(text) => self.admit_cookie(&ctx, text).await,
            Presented::AccessToken(text) => self.admit_access_token(&ctx, text).await,
            Presented::ApiToken(text) => self.admit_api_token(&ctx, text).await,
        };
        match admitted.and_then(|admitted| self.admit_address(ctx.address()).map(|()| admitted)) {
            Ok(admitted) => Ok(admitted.into_caller(ctx)),
            Err(Turned::Away(problem)) => Ok(Caller::nobody(ctx, Some(problem))),
            Err(Turned::Failed(problem)) => Err(problem),
        }
    }

    /// The credential that a request carries. What stands in the Authorization header was put there on
    /// purpose, so it goes before the cookie that browsers send along.
    fn presented<'a>(&self, headers: &'a HeaderMap) -> Presented<'a> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        match (values.next(), values.next()) {
            (None, _) => self.read_cookie(headers, cookie::SESSION).map_or(Presented::Nothing, Presented::Cookie),
            (Some(value), None) => value.to_str().map_or(Presented::Garbage, read_bearer),
            (Some(_), Some(_)) => Presented::Garbage,
        }
    }

    fn admit_address(&self, address: Option<IpAddr>) -> Result<(), Turned> {
        self.check_address(address).map_err(Turned::Away)
    }

    /// Refuses addresses that are not on the allow-list, when there is one.
    ///
    /// # Errors
    /// 403 `address_not_allowed`.
    pub(crate) fn check_address(&self, address: Option<IpAddr>) -> Result<(), Problem> {
        if self.config().admits(address) { Ok(()) } else { Err(refusal::address_not_allowed()) }
    }

    async fn admit_cookie(&self, ctx: &Ctx, text: &str) -> Result<Admitted, Turned> {
        let ended = || Turned::Away(refusal::session_ended());
        let value = CookieValue::parse(&self.keys().session, text).ok_or_else(ended)?;
        let known = self.living_session(ctx, value.session).await?.ok_or_else(ended)?;
        let Session { generation, accepted_from, accepted_until, .. } = known.session;
        let is_current = value.generation == generation;
        let is_accepted = (accepted_from..generation).contains(&value.generation)
            && accepted_until.is_none_or(|until| ctx.now() < until);
        if !is_current && !is_accepted {
            return Err(ended());
        }
        let mut admitted = self.admitted(&known, Credential::Cookie);
        if !is_current {
            // What was proved since was proved under the newer value.
            admitted.stepped_up_until = None;
        }
        admitted.set_cookies.extend(self.renewed_cookie(ctx, &known, is_current).await);
        Ok(admitted)
    }

    /// The next value for a browser whose value is due, or that missed the last one. A failure to
    /// write only means that the old value lives on: reading must go on when the disk is full.
    async fn renewed_cookie(&self, ctx: &Ctx, known: &KnownSession, is_current: bool) -> Option<HeaderValue> {
        let Session { id, generation, accepted_from, accepted_until, rotated_at, expires_at, .. } = known.session;
        let now = ctx.now();
        let cookie = |generation| self.session_cookie(CookieValue { session: id, generation }, expires_at.since(now));
        if !is_current {
            // Somebody who holds an old value must not get at what was just proved under the new one.
            let is_elevated = known.session.stepped_up_until.is_some_and(|until| until > now);
            return (!is_elevated).then(|| cookie(generation));
        }
        let is_due = now.since(rotated_at) >= ROTATE_AFTER;
        if !is_due && (accepted_from == generation || accepted_until.is_some()) {
            return None;
        }
        let written = async {
            let mut tx = self.db().begin(&Ctx::system(self.world(), "sessions")).await?;
            let is_next = match is_due {
                true => session::rotate(&mut tx, id, generation, now).await?,
                false => session::close_earlier(&mut tx, id, now.plus(GRACE)).await.map(|()| false)?,
            };
            tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
            Ok::<_, DbError>(is_next)
        };
        let is_next = written.await.inspect_err(|e| tracing::warn!(error = %e, "a session was not renewed"));
        self.forget_session(id);
        is_next.is_ok_and(|next| next).then(|| cookie(generation + 1))
    }

    async fn admit_access_token(&self, ctx: &Ctx, text: &str) -> Result<Admitted, Turned> {
        let claims = jws::verify(&self.keys().access, self.issuer(), ctx.now(), text).map_err(|rejected| {
            Turned::Away(match rejected {
                Rejected::Expired => refusal::token_expired(),
                Rejected::Forged | Rejected::Misplaced | Rejected::TooEarly => refusal::token_invalid(),
            })
        })?;
        let known = self.living_session(ctx, claims.sid).await?;
        let known = known.filter(|k| k.session.user == claims.sub);
        let known = known.ok_or_else(|| Turned::Away(refusal::session_ended()))?;
        Ok(self.admitted(&known, Credential::AccessToken))
    }

    async fn admit_api_token(&self, ctx: &Ctx, text: &str) -> Result<Admitted, Turned> {
        let invalid = || Turned::Away(refusal::token_invalid());
        let secret = TokenSecret::parse(text).ok_or_else(invalid)?;
        let known = self.known_token(ctx, secret.hash(&self.keys().api_token)).await?.ok_or_else(invalid)?;
        let KnownToken { token, holder, .. } = &*known;
        if holder.status != Status::Active {
            return Err(invalid());
        }
        if token.expires_at.is_some_and(|at| at <= ctx.now()) {
            return Err(Turned::Away(refusal::token_expired()));
        }
        let allowed = &token.allowed_addresses;
        if !allowed.is_empty() && !ctx.address().is_some_and(|a| allowed.iter().any(|n| n.contains(a))) {
            return Err(Turned::Away(refusal::address_not_allowed()));
        }
        if is_due(&known.last_used_ms, ctx.now()) {
            self.touched().token(token.id, token.user, ctx.now());
        }
        // A token is not opened by a password, so how long that is does not matter here.
        let duty = self.duty(holder, holder.two_factor).filter(|duty| *duty == Duty::SecondFactor);
        Ok(Admitted {
            credential: Credential::ApiToken,
            actor: Actor::Token { id: token.id, name: known.name.clone(), owner: token.user, role: holder.role },
            permissions: token.scopes.and(permissions(holder, duty)),
            duty,
            plan: holder.plan,
            stepped_up_until: None,
            set_cookies: vec![],
        })
    }

    fn admitted(&self, known: &KnownSession, credential: Credential) -> Admitted {
        let KnownSession { session, holder, name, .. } = known;
        // A passkey that verified its user is two factors by itself.
        let has_two = holder.two_factor || session.method == SignInMethod::Passkey;
        let duty = self.duty(holder, has_two);
        Admitted {
            credential,
            actor: Actor::User { id: session.user, name: name.clone(), role: holder.role, session: session.id },
            permissions: permissions(holder, duty),
            duty,
            plan: holder.plan,
            stepped_up_until: session.stepped_up_until,
            set_cookies: vec![],
        }
    }

    /// What somebody must see to before anything else. A second factor settles both.
    fn duty(&self, holder: &Holder, has_two_factors: bool) -> Option<Duty> {
        if !has_two_factors && self.config().second_factor_required_for.includes(holder.role) {
            return Some(Duty::SecondFactor);
        }
        // A passkey does not stand beside the password: it can be used instead of it.
        (holder.password_needs_second_factor && !holder.two_factor).then_some(Duty::LongerPassword)
    }
}

/// What somebody may do. Who has a duty may only see to that.
fn permissions(holder: &Holder, duty: Option<Duty>) -> Permissions {
    match duty {
        None => holder.role.permissions(),
        Some(_) => std::iter::once(Permission::ProfileSelf).collect(),
    }
}

impl Admitted {
    fn into_caller(self, ctx: Ctx) -> Caller {
        let Self { credential, actor, permissions, duty, plan, stepped_up_until, set_cookies } = self;
        let ctx = Ctx { actor, permissions, duty, stepped_up_until, ..ctx };
        Caller { ctx, credential, plan: Some(plan), set_cookies, refused: None }
    }
}

fn read_bearer(header: &str) -> Presented<'_> {
    let Some((scheme, token)) = header.split_once(' ') else { return Presented::Garbage };
    match token.trim() {
        _ if !scheme.eq_ignore_ascii_case("bearer") => Presented::Garbage,
        token if token.starts_with(token_secret::PREFIX) => Presented::ApiToken(token),
        token => Presented::AccessToken(token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bearer_tokens_are_read() {
        assert_eq!(read_bearer("Bearer abc"), Presented::AccessToken("abc"));
        assert_eq!(read_bearer("bearer dwn_abc"), Presented::ApiToken("dwn_abc"));
        for header in ["", "Bearer", "Basic YTpi", "BearerX abc", "Bearer\tabc", "Digest dwn_abc"] {
            assert_eq!(read_bearer(header), Presented::Garbage, "{header}");
        }
    }
}
