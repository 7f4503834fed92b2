//! Exchanging a refresh token for the next pair of tokens.
//!
//! Each refresh token works once. One that is used a second time was copied, so its whole session
//! ends: whoever holds the other copy is out too. There is one exception, for answers that get lost
//! on the way: for ten seconds the one just exchanged gives the same successor again, as long as the
//! successor was not used itself.

use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, Entry, Problem};

use crate::event::SessionEnded;
use crate::identity::Identity;
use crate::opaque::Opaque;
use crate::sign_in::TokenPair;
use crate::table::refresh_token::{self, RefreshToken};
use crate::table::session;
use crate::table::user::Status;

const LOST_ANSWER: Duration = Duration::from_secs(10);

impl Identity {
    /// Gives the next pair of tokens for a refresh token.
    ///
    /// # Errors
    /// 401 `refresh_invalid`, 401 `refresh_reused`.
    pub(crate) async fn refresh(&self, ctx: &Ctx, token: &str) -> Result<TokenPair, Problem> {
        self.check_address(ctx.address())?;
        let token = Opaque::parse(token).ok_or_else(invalid)?;
        let stored = refresh_token::find(self.db(), token.digest()).await?.ok_or_else(invalid)?;
        let found = session::find(self.db(), stored.session).await?;
        let (session, holder) = found.ok_or_else(invalid)?;
        let now = ctx.now();
        let is_idle =
            self.touched().last_seen(session.id).max(Some(session.last_seen_at)) <= Some(self.idle_since(now));
        if holder.status != Status::Active || session.expires_at <= now || is_idle {
            return Err(invalid());
        }
        let next = token.successor(&self.keys().session, &stored.session.to_string());
        if stored.used_at.is_none() && self.exchange(ctx, &stored, &token, &next).await? {
            return Ok(self.token_pair(stored.user, stored.session, &next, now));
        }
        // Somebody was first: a moment ago, for the same answer, or long ago, with a copy.
        let stored = refresh_token::find(self.db(), token.digest()).await?.ok_or_else(invalid)?;
        let is_lost_answer = stored.used_at.is_some_and(|at| now.since(at) <= LOST_ANSWER);
        if is_lost_answer && refresh_token::is_unused(self.db(), next.digest()).await? {
            return Ok(self.token_pair(stored.user, stored.session, &next, now));
        }
        self.end_family(ctx, &stored).await
    }

    /// Uses the token up and adds its successor. True for whoever is first.
    async fn exchange(&self, ctx: &Ctx, stored: &RefreshToken, token: &Opaque, next: &Opaque) -> Result<bool, Problem> {
        let now = ctx.now();
        let mut tx = self.db().begin(ctx).await?;
        if !refresh_token::use_up(&mut tx, token.digest(), now).await? {
            return Ok(false);
        }
        refresh_token::insert(&mut tx, stored.session, next.digest(), now).await?;
        session::seen(&mut tx, stored.session, now).await?;
        // Programs do this every hour: it keeps a session alive and decides nothing.
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
        Ok(true)
    }

    /// Ends the session of a token that was used twice.
    async fn end_family(&self, ctx: &Ctx, stored: &RefreshToken) -> Result<TokenPair, Problem> {
        let mut tx = self.db().begin(ctx).await?;
        if session::delete(&mut tx, stored.user, stored.session).await? {
            tx.emit(&SessionEnded { id: stored.session, user: stored.user });
        }
        let entry = Entry::denied("session.refresh_reuse", "refresh_reused").on("session", stored.session);
        tx.commit(entry.with("user", stored.user.to_string())).await?;
        self.forget_session(stored.session);
        Err(reused())
    }
}

fn invalid() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "refresh_invalid",
        "The refresh token is not valid",
        "The refresh token is wrong, or its session has ended.",
        "Sign in again, for example with `diwan login`.",
    )
}

fn reused() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "refresh_reused",
        "The refresh token was used before",
        "This refresh token was exchanged already. Somebody may have copied it, so the session was ended.",
        "Sign in again. If you did not expect this, look at your sessions and change your password.",
    )
}
