//! Unlinks an account at an identity provider.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Done, Path};

use super::answers::GuardedWrite;
use crate::factor::{oidc, session_user};
use crate::identity::Identity;
use crate::table::oidc_identity::LinkedId;

/// Unlink an account at an identity provider from yours.
#[utoipa::path(
    delete,
    path = "/me/identities/{id}",
    operation_id = "unlink_identity",
    tag = "identity",
    params(("id" = LinkedId, Path, description = "Which one")),
    responses((status = 204, description = "It no longer signs in"), GuardedWrite),
    extensions(("x-permission" = json!("profile.self")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn unlink_identity(
    ctx: Allowed<SteppedUp<may::ProfileSelf>>,
    State(identity): State<Identity>,
    Path(id): Path<LinkedId>,
) -> Result<Done, Problem> {
    let user = session_user(&ctx)?;
    oidc::unlink(&identity, &ctx, user, id).await?;
    Ok(Done)
}
