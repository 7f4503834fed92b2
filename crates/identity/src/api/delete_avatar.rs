//! Takes the caller's picture away.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Done;

use super::answers::GuardedWrite;
use crate::identity::Identity;

/// Take your picture away.
#[utoipa::path(
    delete,
    path = "/me/avatar",
    operation_id = "delete_avatar",
    tag = "identity",
    responses((status = 204, description = "It is gone"), GuardedWrite),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn delete_avatar(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
) -> Result<Done, Problem> {
    identity.delete_avatar(&ctx).await?;
    Ok(Done)
}
