//! Removes a passkey from one's account.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Done, Path};

use super::answers::GuardedWrite;
use crate::factor::{passkey, session_user};
use crate::identity::Identity;
use crate::table::passkey::PasskeyId;

/// Remove one of your passkeys.
#[utoipa::path(
    delete,
    path = "/me/passkeys/{id}",
    operation_id = "delete_passkey",
    tag = "identity",
    params(("id" = PasskeyId, Path, description = "Which one")),
    responses((status = 204, description = "It is gone"), GuardedWrite),
    extensions(("x-permission" = json!("profile.self")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn delete_passkey(
    ctx: Allowed<SteppedUp<may::ProfileSelf>>,
    State(identity): State<Identity>,
    Path(id): Path<PasskeyId>,
) -> Result<Done, Problem> {
    let user = session_user(&ctx)?;
    passkey::delete(&identity, &ctx, user, id).await?;
    Ok(Done)
}
