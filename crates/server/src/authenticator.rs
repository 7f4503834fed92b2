//! Who turns a credential into a caller. The composition fills this in; the edge knows no accounts.

use std::sync::Arc;

use async_trait::async_trait;
use axum::http::HeaderValue;
use axum::http::request::Parts;
use diwan_kernel::ctx::RequestFacts;
use diwan_kernel::{Ctx, Problem};

use crate::pass::rate::Rate;

/// Who sent a request, as far as its credential tells.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The context for the operation; anonymous when no credential counts.
    pub ctx: Ctx,
    /// How fast this caller may send requests; `None` for the configured rate.
    pub rate: Option<Rate>,
    /// Cookies to set with the answer, whatever it is (a session that rotates, or that ended).
    pub set_cookies: Vec<HeaderValue>,
    /// Why the credential that was sent does not count. Public operations still work; when an
    /// operation answers `sign_in_required`, this is the answer to give instead.
    pub refused: Option<Problem>,
}

/// Turns the credential of a request into a caller.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// Who is calling. Asked for every request to the API.
    ///
    /// # Errors
    /// When that cannot be known now (503), or the address may not come in at all (403).
    async fn authenticate(&self, parts: &Parts, facts: Arc<RequestFacts>) -> Result<Caller, Problem>;
}

/// Knows nobody: what the edge stands on until it is told better.
pub(crate) struct NobodyKnown {
    pub world: diwan_kernel::World,
}

#[async_trait]
impl Authenticator for NobodyKnown {
    async fn authenticate(&self, _: &Parts, facts: Arc<RequestFacts>) -> Result<Caller, Problem> {
        let ctx = Ctx::anonymous(&self.world, facts);
        Ok(Caller { ctx, rate: None, set_cookies: vec![], refused: None })
    }
}
