//! Makes the first owner of a fresh installation.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::Json;
use diwan_kernel::{Problem, Secret};
use serde::Deserialize;

use super::answers::OpenWrite;
use super::read::{Reading, password};
use crate::email::Email;
use crate::identity::Identity;
use crate::person::{Language, read_name};
use crate::setup::Claim;
use crate::sign_in::{SignInResponse, SignInResult};

/// Who is to be the owner.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimOwner {
    /// From the link that was printed at the start.
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    token: Secret<String>,
    /// Your e-mail address.
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// What you are called.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// A new password.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 256)]
    password: Secret<String>,
    /// The language of your dashboard.
    language: Option<Language>,
}

/// Become the owner of a fresh installation, with the link that it printed when it was started.
#[utoipa::path(
    post,
    path = "/setup/owner",
    operation_id = "claim_owner",
    tag = "identity",
    request_body = ClaimOwner,
    responses((status = 201, description = "You own it and are signed in", body = SignInResult), OpenWrite),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn claim_owner(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    Json(body): Json<ClaimOwner>,
) -> Result<SignInResponse, Problem> {
    let mut reading = Reading::default();
    let email = reading.take(Email::parse("email", &body.email));
    let name = reading.take(read_name("name", &body.name));
    reading.take(password("password", &body.password));
    reading.done()?;
    let (Some(email), Some(name)) = (email, name) else { return Err(Problem::invalid("The body is not complete.")) };
    let language = body.language.unwrap_or(identity.config().default_language);
    identity.claim(&ctx, Claim { token: body.token, email, name, password: body.password, language }).await
}
