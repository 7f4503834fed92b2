//! Ends a sign-in with a passkey.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::Json;
use serde::Deserialize;
use serde_json::Value;

use super::answers::OpenWrite;
use crate::factor::passkey;
use crate::identity::Identity;
use crate::sign_in::{Deliver, SignInResponse, SignInResult};

/// What a device answered.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FinishPasskeySignIn {
    /// What came with the question.
    #[schema(min_length = 1, max_length = 2048)]
    challenge_id: String,
    /// What `navigator.credentials.get` gave, with its bytes in base64url.
    #[schema(value_type = Object)]
    credential: Value,
    /// What the client wants to carry.
    #[serde(default)]
    #[schema(required = false)]
    deliver: Deliver,
}

/// Sign in with a passkey. It checks its owner itself, so that nothing more is asked for.
#[utoipa::path(
    post,
    path = "/auth/passkey/finish",
    operation_id = "finish_passkey_sign_in",
    tag = "identity",
    request_body = FinishPasskeySignIn,
    responses((status = 200, description = "Signed in", body = SignInResult), OpenWrite),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn finish_passkey_sign_in(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    Json(body): Json<FinishPasskeySignIn>,
) -> Result<SignInResponse, Problem> {
    let candidate = passkey::finish_sign_in(&identity, &ctx, &body.challenge_id, body.credential).await?;
    identity.complete_sign_in(&ctx, candidate, body.deliver).await
}
