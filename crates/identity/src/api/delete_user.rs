//! Removes somebody.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Done, Path};
use diwan_kernel::id::UserId;

use super::answers::GuardedWrite;
use crate::identity::Identity;

/// Remove somebody, with their sessions, tokens and credentials. What they did stays in the audit trail.
#[utoipa::path(
    delete,
    path = "/users/{id}",
    operation_id = "delete_user",
    tag = "identity",
    params(("id" = UserId, Path, description = "Who")),
    responses((status = 204, description = "They are gone"), GuardedWrite),
    extensions(("x-permission" = json!("users.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn delete_user(
    ctx: Allowed<SteppedUp<may::UsersManage>>,
    State(identity): State<Identity>,
    Path(id): Path<UserId>,
) -> Result<Done, Problem> {
    identity.remove_user(&ctx, id).await?;
    Ok(Done)
}
