//! Ends the session that asks.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Done;
use diwan_kernel::{Actor, Problem};

use super::answers::GuardedWrite;
use crate::cookie::{SESSION, SameSite};
use crate::identity::Identity;

/// Sign out: the session and its tokens are void at once.
#[utoipa::path(
    post,
    path = "/auth/sign-out",
    operation_id = "sign_out",
    tag = "identity",
    responses((status = 204, description = "Signed out"), GuardedWrite),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn sign_out(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
) -> Result<Response, Problem> {
    let Actor::User { session, .. } = ctx.actor else { return Err(Problem::session_required()) };
    identity.end_session(&ctx, ctx.user_id()?, session, "session.sign_out").await?;
    let mut response = Done.into_response();
    response.headers_mut().append(SET_COOKIE, identity.clear_cookie(SESSION, SameSite::Strict));
    Ok(response)
}
