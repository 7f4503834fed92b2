//! How a session begins, and what its bearer gets to carry.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};
use diwan_kernel::id::{SessionId, UserId};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Actor, Ctx, DbError, Entry, Id, Tx};

use crate::client_name::client_name;
use crate::cookie::{self, SameSite};
use crate::cookie_value::CookieValue;
use crate::device_mark;
use crate::event::{SessionEnded, SessionStarted};
use crate::identity::Identity;
use crate::jws::{self, Claims};
use crate::network::Network;
use crate::opaque::Opaque;
use crate::person::SessionKind;
use crate::sign_in::{Deliver, SignInMethod, SignInResponse, SignInResult, TokenPair};
use crate::table::session::Session;
use crate::table::user::User;
use crate::table::{refresh_token, seen_from, session, user};

/// A session that is about to begin: nothing of it is written yet.
#[derive(Debug)]
pub(crate) struct Opening {
    session: Session,
    /// For programs: the first refresh token.
    refresh: Option<Opaque>,
    /// For browsers: their mark.
    device: Option<[u8; 16]>,
}

impl Opening {
    /// Gives the session the name that its program asked for.
    pub(crate) fn named(mut self, client_name: &str) -> Self {
        client_name.clone_into(&mut self.session.client_name);
        self
    }
}

impl Identity {
    /// Makes ready what a new session needs. It always has a new id: nothing that a client brought
    /// along becomes a session.
    pub(crate) fn prepare_session(&self, ctx: &Ctx, user: &User, method: SignInMethod, deliver: Deliver) -> Opening {
        let now = ctx.now();
        let is_browser = deliver == Deliver::Cookie;
        let agent = ctx.request.as_ref().and_then(|r| r.user_agent.as_deref());
        // Whoever approves a command line in the browser has not proved anything at the command line.
        let fresh_proof = (method != SignInMethod::Device).then(|| now.plus(diwan_kernel::ctx::STEP_UP_WINDOW));
        let session = Session {
            id: Id::new(&ctx.world),
            user: user.id,
            kind: if is_browser { SessionKind::Browser } else { SessionKind::Api },
            method,
            client_name: client_name(agent),
            address: ctx.address().map(|a| a.to_string()),
            generation: 0,
            accepted_from: 0,
            accepted_until: None,
            rotated_at: now,
            stepped_up_until: fresh_proof,
            created_at: now,
            last_seen_at: now,
            expires_at: now.plus(self.config().session_absolute()),
        };
        let refresh = (!is_browser).then(|| Opaque::fresh(&ctx.world));
        let device = is_browser.then(|| ctx.device.unwrap_or_else(|| ctx.world.random()));
        Opening { session, refresh, device }
    }

    /// Writes a new session down. The entry it gives back is the one to commit with.
    pub(crate) async fn save_session(
        &self,
        tx: &mut Tx,
        ctx: &Ctx,
        user: &User,
        opening: &Opening,
    ) -> Result<Entry, DbError> {
        let Opening { session, refresh, device } = opening;
        session::insert(tx, session).await?;
        if let Some(refresh) = refresh {
            refresh_token::insert(tx, session.id, refresh.digest(), session.created_at).await?;
        }
        if let Some(most) = user.plan.quotas().sessions {
            for id in session::delete_beyond(tx, user.id, most).await? {
                tx.emit(&SessionEnded { id, user: user.id });
            }
        }
        user::seen(tx, user.id, session.created_at).await?;
        tx.emit(&SessionStarted { id: session.id, user: user.id });
        let (new_address, new_device) = note_places(tx, ctx, user.id, *device).await?;
        let actor = Actor::User { id: user.id, name: Arc::from(&*user.name), role: user.role, session: session.id };
        Ok(Entry::done("session.start")
            .on("session", session.id)
            .by(actor)
            .with("method", session.method.as_str())
            .with("kind", session.kind.as_str())
            .with("client", session.client_name.as_str())
            .with("new_address", new_address)
            .with("new_device", new_device))
    }

    /// What the client gets for its new session, once that is committed.
    pub(crate) fn welcome(&self, user: User, opening: &Opening, status: StatusCode) -> SignInResponse {
        let Opening { session, refresh, device } = opening;
        let tokens = refresh.as_ref().map(|refresh| self.token_pair(user.id, session.id, refresh, session.created_at));
        let mut cookies = vec![];
        if let Some(device) = device {
            let value = CookieValue { session: session.id, generation: 0 };
            cookies.push(self.session_cookie(value, session.expires_at.since(session.created_at)));
            cookies.push(self.device_cookie(*device));
        }
        SignInResponse { status, result: SignInResult::SignedIn { user: Box::new(user.into()), tokens }, cookies }
    }

    /// A fresh access token, and the refresh token that goes with it.
    pub(crate) fn token_pair(&self, user: UserId, session: SessionId, refresh: &Opaque, now: Timestamp) -> TokenPair {
        let claims = Claims::new(self.issuer(), user, session, self.world().random(), now);
        TokenPair {
            access_token: jws::sign(&self.keys().access, &claims),
            refresh_token: refresh.text(),
            token_type: "Bearer",
            expires_in_s: jws::LIFETIME.as_secs(),
        }
    }

    /// The cookie of a session.
    pub(crate) fn session_cookie(&self, value: CookieValue, lives_for: Duration) -> HeaderValue {
        self.set_cookie(cookie::SESSION, &value.text(&self.keys().session), SameSite::Strict, Some(lives_for))
    }
}

/// Notes where somebody signs in from; whether the address and the browser are new. Where somebody
/// signs in first, nothing is new.
async fn note_places(tx: &mut Tx, ctx: &Ctx, user: UserId, device: Option<[u8; 16]>) -> Result<(bool, bool), DbError> {
    let was_here = seen_from::has_any(tx, user).await?;
    let now = ctx.now();
    let mut is_new = (false, false);
    if let Some(address) = ctx.address() {
        let place = format!("network:{}", Network::household(address));
        is_new.0 = seen_from::note(tx, user, &place, now).await? && was_here;
    }
    if let Some(device) = device {
        is_new.1 = seen_from::note(tx, user, &device_mark::place(device), now).await? && was_here;
    }
    Ok(is_new)
}
