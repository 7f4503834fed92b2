//! Who comes to the house, and who knows them.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use diwan_kernel::ctx::RequestFacts;
use diwan_kernel::{Actor, Ctx, Id, Problem, Role, World};
use diwan_server::{Authenticator, Caller};

/// People by the name in their cookie or token.
pub(crate) const PEOPLE: [(&str, u128, Role); 3] =
    [("amina", 1, Role::Admin), ("dalia", 2, Role::Developer), ("omar", 3, Role::Owner)];

/// Whose sessions have ended.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) ended: Mutex<Vec<String>>,
}

/// Knows people by their first names.
pub(crate) struct Doorman {
    pub(crate) world: World,
    pub(crate) book: Arc<Book>,
}

#[async_trait]
impl Authenticator for Doorman {
    async fn authenticate(&self, parts: &Parts, facts: Arc<RequestFacts>) -> Result<Caller, Problem> {
        let mut ctx = Ctx::anonymous(&self.world, facts);
        let header = |name| parts.headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
        let token = header(header::AUTHORIZATION).map(|v| v.trim_start_matches("Bearer "));
        let cookie = header(header::COOKIE).and_then(|v| v.strip_prefix("diwan_session="));
        let Some(name) = token.or(cookie) else {
            return Ok(Caller { ctx, rate: None, set_cookies: vec![], refused: None });
        };
        let known = PEOPLE.iter().find(|(n, ..)| *n == name && !self.book.ended.lock().unwrap().contains(&name.into()));
        let Some((name, number, role)) = known else {
            let ended = Problem::new(StatusCode::UNAUTHORIZED, "session_ended", "Ended", "It ended.", "Sign in.");
            let gone = HeaderValue::from_static("diwan_session=; Max-Age=0");
            return Ok(Caller { ctx, rate: None, set_cookies: vec![gone], refused: Some(ended) });
        };
        let (id, session) = (Id::from_bits(*number), Id::from_bits(number + 100));
        ctx.actor = Actor::User { id, name: (*name).into(), role: *role, session };
        ctx.permissions = role.permissions();
        Ok(Caller { ctx, rate: None, set_cookies: vec![], refused: None })
    }
}
