//! Ends a fresh proof of identity with a passkey.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use serde::Deserialize;
use serde_json::Value;

use super::answers::GuardedWrite;
use crate::factor::{passkey, session_user};
use crate::identity::Identity;
use crate::step_up::SteppedUp;

/// What a device answered.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FinishPasskeyStepUp {
    /// What came with the question.
    #[schema(min_length = 1, max_length = 128)]
    challenge_id: String,
    /// What `navigator.credentials.get` gave, with its bytes in base64url.
    #[schema(value_type = Object)]
    credential: Value,
}

/// Confirm with a passkey that it is you.
#[utoipa::path(
    post,
    path = "/auth/step-up/passkey/finish",
    operation_id = "finish_passkey_step_up",
    tag = "identity",
    request_body = FinishPasskeyStepUp,
    responses((status = 200, description = "Dangerous actions are open for a while", body = SteppedUp), GuardedWrite),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn finish_passkey_step_up(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Json(body): Json<FinishPasskeyStepUp>,
) -> Result<SteppedUp, Problem> {
    let user = session_user(&ctx)?;
    passkey::finish_step_up(&identity, &ctx, user, &body.challenge_id, body.credential).await
}
