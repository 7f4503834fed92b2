//! Adds a passkey to one's account.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Created, Json};
use serde::Deserialize;
use serde_json::Value;

use super::answers::GuardedWrite;
use super::list_passkeys::Passkey;
use crate::factor::{passkey, session_user};
use crate::identity::Identity;

/// What a device answered.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FinishPasskeyRegistration {
    /// What came with the question.
    #[schema(min_length = 1, max_length = 128)]
    challenge_id: String,
    /// What to call it.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    /// What `navigator.credentials.create` gave, with its bytes in base64url.
    #[schema(value_type = Object)]
    credential: Value,
}

/// Add a passkey to your account.
#[utoipa::path(
    post,
    path = "/me/passkeys/finish",
    operation_id = "finish_passkey_registration",
    tag = "identity",
    request_body = FinishPasskeyRegistration,
    responses((status = 201, description = "The passkey", body = Passkey), GuardedWrite),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn finish_passkey_registration(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Json(body): Json<FinishPasskeyRegistration>,
) -> Result<Created<Passkey>, Problem> {
    let user = session_user(&ctx)?;
    let FinishPasskeyRegistration { challenge_id, name, credential } = body;
    let made = passkey::finish_registration(&identity, &ctx, user, &challenge_id, &name, credential).await?;
    Ok(Created(made.into()))
}
