//! Sessions: who sees them, and how they end.

use diwan_kernel::id::{SessionId, UserId};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Actor, Ctx, DbError, Entry, Page, PageQuery, Problem, Tx};

use crate::event::{SessionEnded, SessionsEnded};
use crate::identity::Identity;
use crate::table::{challenge, device_login, magic_link, session, user};
use crate::view;

impl Identity {
    /// A page of somebody's sessions, as the caller sees them.
    ///
    /// # Errors
    /// When the page that is asked for does not exist.
    pub(crate) async fn list_sessions(
        &self,
        ctx: &Ctx,
        user: UserId,
        query: &PageQuery,
    ) -> Result<Page<view::Session>, Problem> {
        let (limit, before) = (query.limit()?, query.position::<SessionId>()?);
        let now = ctx.now();
        let sessions = session::list(self.db(), user, now, self.idle_since(now), before, limit + 1).await?;
        let current = match ctx.actor {
            Actor::User { session, .. } => Some(session),
            _ => None,
        };
        Ok(Page::cut(sessions, limit, |s| s.id).map(|mut session| {
            let last_seen = self.touched().last_seen(session.id).unwrap_or_default();
            session.last_seen_at = session.last_seen_at.max(last_seen);
            view::Session::new(session, current)
        }))
    }

    /// Ends one session of somebody.
    ///
    /// # Errors
    /// 404 when it is not there or somebody else's.
    pub(crate) async fn end_session(
        &self,
        ctx: &Ctx,
        user: UserId,
        id: SessionId,
        action: &'static str,
    ) -> Result<(), Problem> {
        let mut tx = self.db().begin(ctx).await?;
        if !session::delete(&mut tx, user, id).await? {
            return Err(Problem::not_found("session"));
        }
        tx.emit(&SessionEnded { id, user });
        tx.commit(Entry::done(action).on("session", id)).await?;
        self.forget_session(id);
        Ok(())
    }

    /// Ends all sessions of somebody, but one. How many there were.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn end_sessions(
        &self,
        ctx: &Ctx,
        user: UserId,
        keep: Option<SessionId>,
    ) -> Result<usize, Problem> {
        let mut tx = self.db().begin(ctx).await?;
        user::lock(&mut tx, user).await?;
        let ended = end_all(&mut tx, user, keep).await?;
        tx.commit(Entry::done("session.revoke_all").on("user", user).with("ended_sessions", ended)).await?;
        self.forget_user(user);
        Ok(ended)
    }

    /// Since when a session that is still alive must have been used.
    pub(crate) fn idle_since(&self, now: Timestamp) -> Timestamp {
        now.minus(self.config().session_idle())
    }
}

/// Ends all sessions of somebody, but one, and everything that is about to become one: whoever began
/// to sign in begins anew. How many sessions there were.
pub(crate) async fn end_all(tx: &mut Tx, user: UserId, keep: Option<SessionId>) -> Result<usize, DbError> {
    // These first: what becomes a session meanwhile is there when the sessions end.
    device_login::delete_approved(tx, user).await?;
    challenge::delete_of(tx, user).await?;
    magic_link::delete_all(tx, user).await?;
    let ended = session::delete_others(tx, user, keep).await?;
    for id in &ended {
        tx.emit(&SessionEnded { id: *id, user });
    }
    if keep.is_none() {
        // Connections by API token know no session, but they carry the person's rights too.
        tx.emit(&SessionsEnded { user });
    }
    Ok(ended.len())
}
