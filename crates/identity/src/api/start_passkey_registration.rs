//! Begins to add a passkey to one's account.

use axum::extract::State;
use axum::http::HeaderMap;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::Json;

use super::answers::GuardedWrite;
use super::start_passkey_sign_in::PasskeyChallenge;
use crate::factor::{passkey, session_user};
use crate::identity::Identity;

/// Begin to add a passkey to your account.
#[utoipa::path(
    post,
    path = "/me/passkeys/start",
    operation_id = "start_passkey_registration",
    tag = "identity",
    responses((status = 200, description = "What to ask the device", body = PasskeyChallenge), GuardedWrite),
    extensions(("x-permission" = json!("profile.self")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn start_passkey_registration(
    ctx: Allowed<SteppedUp<may::ProfileSelf>>,
    State(identity): State<Identity>,
    headers: HeaderMap,
) -> Result<Json<PasskeyChallenge>, Problem> {
    let user = session_user(&ctx)?;
    Ok(Json(passkey::start_registration(&identity, &ctx, &headers, user).await?.into()))
}
