//! Finishes a sign-in with a second factor.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::Json;
use diwan_kernel::{Problem, Secret};
use serde::Deserialize;

use super::answers::OpenWrite;
use super::read::{Reading, bounded};
use crate::identity::Identity;
use crate::sign_in::{Deliver, SecondFactorMethod, SignInResponse, SignInResult};

/// What can be typed as a second factor.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CodeMethod {
    /// A code from an authenticator app.
    Totp,
    /// One of the codes on paper.
    RecoveryCode,
}

/// The second proof.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInWithSecondFactor {
    /// What came with the question.
    #[schema(min_length = 1, max_length = 128)]
    challenge: String,
    /// What is proved.
    method: CodeMethod,
    /// The code.
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    code: Secret<String>,
    /// What you want to carry.
    #[serde(default)]
    deliver: Deliver,
}

/// Finish signing in with a code.
#[utoipa::path(
    post,
    path = "/auth/second-factor",
    operation_id = "sign_in_with_second_factor",
    tag = "identity",
    request_body = SignInWithSecondFactor,
    responses((status = 200, description = "Signed in", body = SignInResult), OpenWrite),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn sign_in_with_second_factor(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    Json(body): Json<SignInWithSecondFactor>,
) -> Result<SignInResponse, Problem> {
    let mut reading = Reading::default();
    reading.take(bounded("challenge", &body.challenge, 128));
    reading.take(bounded("code", body.code.expose(), 64));
    reading.done()?;
    let method = match body.method {
        CodeMethod::Totp => SecondFactorMethod::Totp,
        CodeMethod::RecoveryCode => SecondFactorMethod::RecoveryCode,
    };
    identity.finish_second_factor(&ctx, &body.challenge, (method, body.code.expose()), body.deliver).await
}
