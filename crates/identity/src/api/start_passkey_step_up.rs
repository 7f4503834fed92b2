//! Begins a fresh proof of identity with a passkey.

use axum::extract::State;
use axum::http::HeaderMap;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;

use super::answers::GuardedWrite;
use super::start_passkey_sign_in::PasskeyChallenge;
use crate::factor::{passkey, session_user};
use crate::identity::Identity;

/// Begin to confirm with a passkey that it is you.
#[utoipa::path(
    post,
    path = "/auth/step-up/passkey/start",
    operation_id = "start_passkey_step_up",
    tag = "identity",
    responses((status = 200, description = "What to ask the device", body = PasskeyChallenge), GuardedWrite),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn start_passkey_step_up(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    headers: HeaderMap,
) -> Result<Json<PasskeyChallenge>, Problem> {
    let user = session_user(&ctx)?;
    Ok(Json(passkey::start_step_up(&identity, &ctx, &headers, user).await?.into()))
}
