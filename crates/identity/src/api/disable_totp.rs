//! Removes the authenticator app.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::Done;

use super::answers::GuardedWrite;
use crate::factor::{session_user, totp};
use crate::identity::Identity;

/// Remove the authenticator app from your account, and the recovery codes with it.
#[utoipa::path(
    delete,
    path = "/me/totp",
    operation_id = "disable_totp",
    tag = "identity",
    responses((status = 204, description = "Sign-in asks for no code any more"), GuardedWrite),
    extensions(("x-permission" = json!("profile.self")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn disable_totp(
    ctx: Allowed<SteppedUp<may::ProfileSelf>>,
    State(identity): State<Identity>,
) -> Result<Done, Problem> {
    let user = session_user(&ctx)?;
    totp::disable(&identity, &ctx, user).await?;
    Ok(Done)
}
