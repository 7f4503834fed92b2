//! Revokes one of the caller's API tokens.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Done, Path};
use diwan_kernel::id::ApiTokenId;

use super::answers::GuardedWrite;
use crate::identity::Identity;

/// Revoke one of your API tokens. It is void at once.
#[utoipa::path(
    delete,
    path = "/me/tokens/{id}",
    operation_id = "revoke_api_token",
    tag = "identity",
    params(("id" = ApiTokenId, Path, description = "Which one")),
    responses((status = 204, description = "It is void"), GuardedWrite),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn revoke_api_token(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Path(id): Path<ApiTokenId>,
) -> Result<Done, Problem> {
    identity.revoke_api_token(&ctx, id).await?;
    Ok(Done)
}
