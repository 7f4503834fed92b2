//! Sessions and tokens as requests need them: read from the database, kept for a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use diwan_kernel::id::{SessionId, UserId};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, DbError};

use crate::identity::Identity;
use crate::table::api_token::{self, ApiToken};
use crate::table::session::{self, Holder, Session};
use crate::table::user::Status;

/// Being here is noted once in so long.
const NOTE_EVERY: Duration = Duration::from_secs(60);

/// A session that was read a moment ago.
#[derive(Debug)]
pub(crate) struct KnownSession {
    pub(crate) session: Session,
    pub(crate) holder: Holder,
    pub(crate) name: Arc<str>,
    last_seen_ms: AtomicI64,
}

/// An API token that was read a moment ago.
#[derive(Debug)]
pub(crate) struct KnownToken {
    pub(crate) token: ApiToken,
    pub(crate) holder: Holder,
    pub(crate) name: Arc<str>,
    pub(crate) last_used_ms: AtomicI64,
}

impl KnownSession {
    pub(crate) fn is_of(&self, user: UserId) -> bool {
        self.session.user == user
    }
}

impl KnownToken {
    pub(crate) fn is_of(&self, user: UserId) -> bool {
        self.token.user == user
    }
}

impl Identity {
    /// A session that is alive: not ended, not expired, not idle for too long, its person active.
    pub(crate) async fn living_session(&self, ctx: &Ctx, id: SessionId) -> Result<Option<Arc<KnownSession>>, DbError> {
        let Some(known) = self.known_session(ctx, id).await? else { return Ok(None) };
        let now = ctx.now();
        let last_seen = Timestamp::from_millis(known.last_seen_ms.load(Ordering::Relaxed));
        let is_alive =
            known.holder.status == Status::Active && now < known.session.expires_at && last_seen > self.idle_since(now);
        if is_alive && is_due(&known.last_seen_ms, now) {
            self.touched().session(id, known.session.user, now);
        }
        Ok(is_alive.then_some(known))
    }

    async fn known_session(&self, ctx: &Ctx, id: SessionId) -> Result<Option<Arc<KnownSession>>, DbError> {
        let now = ctx.world.monotonic();
        if let Some(known) = self.sessions().get(&id, now) {
            return Ok(Some(known));
        }
        let before = self.sessions().before(now);
        let Some((session, holder)) = session::find(self.db(), id).await? else { return Ok(None) };
        // What was noted in memory and not written yet counts too.
        let last_seen = self.touched().last_seen(id).max(Some(session.last_seen_at)).unwrap_or_default();
        let known = Arc::new(KnownSession {
            name: Arc::from(&*holder.name),
            last_seen_ms: AtomicI64::new(last_seen.as_millis()),
            session,
            holder,
        });
        self.sessions().keep(id, known.clone(), before);
        Ok(Some(known))
    }

    pub(crate) async fn known_token(&self, ctx: &Ctx, hash: [u8; 32]) -> Result<Option<Arc<KnownToken>>, DbError> {
        let now = ctx.world.monotonic();
        if let Some(known) = self.tokens().get(&hash, now) {
            return Ok(Some(known));
        }
        let before = self.tokens().before(now);
        let Some((token, holder)) = api_token::find_by_hash(self.db(), hash).await? else { return Ok(None) };
        let last_used = token.last_used_at.unwrap_or_default();
        let known = Arc::new(KnownToken {
            name: Arc::from(&*token.name),
            last_used_ms: AtomicI64::new(last_used.as_millis()),
            token,
            holder,
        });
        self.tokens().keep(hash, known.clone(), before);
        Ok(Some(known))
    }
}

/// Whether being here is to be noted again; true for one of those who ask at the same time.
pub(crate) fn is_due(noted_ms: &AtomicI64, now: Timestamp) -> bool {
    let noted = noted_ms.load(Ordering::Relaxed);
    now.since(Timestamp::from_millis(noted)) >= NOTE_EVERY
        && noted_ms.compare_exchange(noted, now.as_millis(), Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn being_here_is_noted_by_one_of_many() {
        let noted = AtomicI64::new(0);
        let now = Timestamp::from_millis(60_000);
        assert!(is_due(&noted, now));
        assert!(!is_due(&noted, now));
        assert!(!is_due(&noted, Timestamp::from_millis(119_999)));
        assert!(is_due(&noted, Timestamp::from_millis(120_000)));
    }
}
