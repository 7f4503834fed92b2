//! Ends all of somebody's sessions.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::id::UserId;
use diwan_kernel::{Permission, Problem, Role};

use super::answers::GuardedWrite;
use super::revoke_my_other_sessions::RevokedSessions;
use crate::identity::Identity;

/// Sign somebody out everywhere.
#[utoipa::path(
    delete,
    path = "/users/{id}/sessions",
    operation_id = "revoke_user_sessions",
    tag = "identity",
    params(("id" = UserId, Path, description = "Who")),
    responses((status = 200, description = "How many have ended", body = RevokedSessions), GuardedWrite),
    extensions(("x-permission" = json!("users.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn revoke_user_sessions(
    ctx: Allowed<may::UsersManage>,
    State(identity): State<Identity>,
    Path(id): Path<UserId>,
) -> Result<Json<RevokedSessions>, Problem> {
    let user = identity.get_user(id).await?;
    if user.role == Role::Owner {
        ctx.require(Permission::RolesOwner)?;
    }
    let revoked = identity.end_sessions(&ctx, user.id, None).await?;
    Ok(Json(RevokedSessions { revoked }))
}
