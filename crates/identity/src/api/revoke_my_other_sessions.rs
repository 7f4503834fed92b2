//! Ends all sessions of the caller but the one that asks.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use diwan_kernel::{Actor, Problem};
use serde::Serialize;

use super::answers::GuardedWrite;
use crate::identity::Identity;

/// What was ended.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RevokedSessions {
    /// How many sessions.
    pub(crate) revoked: usize,
}

/// Sign out everywhere else.
#[utoipa::path(
    post,
    path = "/me/sessions/revoke-others",
    operation_id = "revoke_my_other_sessions",
    tag = "identity",
    responses((status = 200, description = "How many have ended", body = RevokedSessions), GuardedWrite),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn revoke_my_other_sessions(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
) -> Result<Json<RevokedSessions>, Problem> {
    let Actor::User { id, session, .. } = ctx.actor else { return Err(Problem::session_required()) };
    let revoked = identity.end_sessions(&ctx, id, Some(session)).await?;
    Ok(Json(RevokedSessions { revoked }))
}
