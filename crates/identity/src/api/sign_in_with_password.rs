//! Signs in with an address and a password.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::Json;
use diwan_kernel::{Problem, Secret};
use serde::Deserialize;

use super::answers::OpenWrite;
use super::read::{Reading, password};
use crate::email::Email;
use crate::identity::Identity;
use crate::sign_in::{Deliver, SignInResponse, SignInResult};

/// Who you are.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInWithPassword {
    /// Your e-mail address.
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// Your password.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 256)]
    password: Secret<String>,
    /// What you want to carry.
    #[serde(default)]
    deliver: Deliver,
}

/// Sign in with your e-mail address and password.
#[utoipa::path(
    post,
    path = "/auth/password",
    operation_id = "sign_in_with_password",
    tag = "identity",
    request_body = SignInWithPassword,
    responses((status = 200, description = "Signed in, or one more proof is needed", body = SignInResult), OpenWrite),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn sign_in_with_password(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    Json(body): Json<SignInWithPassword>,
) -> Result<SignInResponse, Problem> {
    let mut reading = Reading::default();
    let email = reading.take(Email::parse("email", &body.email));
    reading.take(password("password", &body.password));
    reading.done()?;
    let email = email.ok_or_else(|| Problem::invalid("The body is not complete."))?;
    identity.sign_in_with_password(&ctx, &email, &body.password, body.deliver).await
}
