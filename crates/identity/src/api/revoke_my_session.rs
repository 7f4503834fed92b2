//! Ends one of the caller's sessions.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Done, Path};
use diwan_kernel::id::SessionId;

use super::answers::GuardedWrite;
use crate::identity::Identity;

/// Sign out one of your sessions, wherever it is.
#[utoipa::path(
    delete,
    path = "/me/sessions/{id}",
    operation_id = "revoke_my_session",
    tag = "identity",
    params(("id" = SessionId, Path, description = "Which one")),
    responses((status = 204, description = "It has ended"), GuardedWrite),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn revoke_my_session(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Path(id): Path<SessionId>,
) -> Result<Done, Problem> {
    identity.end_session(&ctx, ctx.user_id()?, id, "session.revoke").await?;
    Ok(Done)
}
