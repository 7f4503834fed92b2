//! Who was here, before it is written down: at most once a minute each, in groups, off the way of
//! requests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use diwan_kernel::db::Unrecorded;
use diwan_kernel::id::{ApiTokenId, SessionId, UserId};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, DbError};

use crate::identity::Identity;
use crate::table::{api_token, session, user};

/// Sorted, so that two nodes that write at the same time go in the same order.
#[derive(Debug, Default)]
struct Notes {
    sessions: BTreeMap<SessionId, Timestamp>,
    tokens: BTreeMap<ApiTokenId, Timestamp>,
    users: BTreeMap<UserId, Timestamp>,
}

/// What is to be written.
#[derive(Debug, Default)]
pub(crate) struct Touched(Mutex<Notes>);

impl Touched {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session was used.
    pub(crate) fn session(&self, id: SessionId, user: UserId, now: Timestamp) {
        let mut notes = self.notes();
        notes.sessions.insert(id, now);
        notes.users.insert(user, now);
    }

    /// A token was used.
    pub(crate) fn token(&self, id: ApiTokenId, user: UserId, now: Timestamp) {
        let mut notes = self.notes();
        notes.tokens.insert(id, now);
        notes.users.insert(user, now);
    }

    /// When a session was used, as far as that is not written yet.
    pub(crate) fn last_seen(&self, id: SessionId) -> Option<Timestamp> {
        self.notes().sessions.get(&id).copied()
    }

    /// A write failed: what was to be written is kept, unless there is something newer.
    fn put_back(&self, old: Notes) {
        let mut notes = self.notes();
        for (id, at) in old.sessions {
            notes.sessions.entry(id).or_insert(at);
        }
        for (id, at) in old.tokens {
            notes.tokens.entry(id).or_insert(at);
        }
        for (id, at) in old.users {
            notes.users.entry(id).or_insert(at);
        }
    }
}

impl Identity {
    /// Writes down who was here.
    pub(crate) async fn write_touched(&self) {
        let notes = std::mem::take(&mut *self.touched().notes());
        if let Err(error) = self.write_notes(&notes).await {
            tracing::warn!(%error, "who was here could not be written down");
            self.touched().put_back(notes);
        }
    }

    async fn write_notes(&self, notes: &Notes) -> Result<(), DbError> {
        if notes.users.is_empty() {
            return Ok(());
        }
        let mut tx = self.db().begin(&Ctx::system(self.world(), "sessions")).await?;
        for (id, at) in &notes.sessions {
            session::seen(&mut tx, *id, *at).await?;
        }
        for (id, at) in &notes.tokens {
            api_token::used(&mut tx, *id, *at).await?;
        }
        for (id, at) in &notes.users {
            user::seen(&mut tx, *id, *at).await?;
        }
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await
    }
}
