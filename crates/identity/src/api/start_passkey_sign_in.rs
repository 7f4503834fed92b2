//! Begins a sign-in with a passkey.

use axum::extract::State;
use axum::http::HeaderMap;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::Json;
use serde::Serialize;
use serde_json::Value;

use super::answers::OpenWrite;
use crate::factor::passkey::{self, Question};
use crate::identity::Identity;

/// A question to a device.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PasskeyChallenge {
    /// To send along with the answer.
    challenge_id: String,
    /// What `navigator.credentials` takes, with its bytes in base64url: `{publicKey: {…}}`.
    #[schema(value_type = Object)]
    options: Value,
}

impl From<Question> for PasskeyChallenge {
    fn from(question: Question) -> Self {
        Self { challenge_id: question.challenge_id, options: question.options }
    }
}

/// Begin a sign-in with a passkey. No name is needed: the device knows whose it is.
#[utoipa::path(
    post,
    path = "/auth/passkey/start",
    operation_id = "start_passkey_sign_in",
    tag = "identity",
    responses((status = 200, description = "What to ask the device", body = PasskeyChallenge), OpenWrite),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn start_passkey_sign_in(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    headers: HeaderMap,
) -> Result<Json<PasskeyChallenge>, Problem> {
    Ok(Json(passkey::start_sign_in(&identity, &ctx, &headers)?.into()))
}
