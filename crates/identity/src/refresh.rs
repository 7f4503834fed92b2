//! Exchanging a refresh token for the next pair of tokens.
//!
//! Each refresh token works once. One that is used a second time was copied, so its whole session
//! ends: whoever holds the other copy is out too. There is one exception, for answers that get lost
//! on the way: for ten seconds the one just exchanged gives the same successor again, as long as the
//! successor was not used itself.

use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::db::Unrecorded;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, DbError, Entry, Problem, Tx};

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
        self.exchange(ctx, &stored, &token, &next).await?;
        Ok(self.token_pair(stored.user, stored.session, &next, now))
    }

    /// Uses the token up and adds its successor, or finds that a moment ago somebody else did.
    ///
    /// What came before is asked inside the unit of work: whoever was first may not be on the disk
    /// yet, and is once this unit is.
    async fn exchange(&self, ctx: &Ctx, stored: &RefreshToken, token: &Opaque, next: &Opaque) -> Result<(), Problem> {
        let now = ctx.now();
        let mut tx = self.db().begin(ctx).await?;
        if refresh_token::use_up(&mut tx, token.digest(), now).await? {
            refresh_token::insert(&mut tx, stored.session, next.digest(), now).await?;
            session::seen(&mut tx, stored.session, now).await?;
        } else if !is_lost_answer(&mut tx, token, next, now).await? {
            return self.end_family(tx, stored).await;
        }
        // Programs do this every hour: it keeps a session alive and decides nothing.
        Ok(tx.commit_unrecorded(Unrecorded::Bookkeeping).await?)
    }

    /// Ends the session of a token that was used twice.
    async fn end_family(&self, mut tx: Tx, stored: &RefreshToken) -> Result<(), Problem> {
        if !session::delete(&mut tx, stored.user, stored.session).await? {
            return Err(invalid());
        }
        tx.emit(&SessionEnded { id: stored.session, user: stored.user });
        let entry = Entry::denied("session.refresh_reuse", "refresh_reused").on("session", stored.session);
        tx.commit(entry.with("user", stored.user.to_string())).await?;
        self.forget_session(stored.session);
        Err(reused())
    }
}

/// Whether a used token was exchanged a moment ago, for a successor that nobody used yet.
async fn is_lost_answer(tx: &mut Tx, token: &Opaque, next: &Opaque, now: Timestamp) -> Result<bool, DbError> {
    let used_at = refresh_token::used_at(tx, token.digest()).await?;
    let is_recent = used_at.is_some_and(|at| now.since(at) <= LOST_ANSWER);
    Ok(is_recent && refresh_token::is_unused(tx, next.digest()).await?)
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
