//! Makes an account for whoever holds an invitation.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::Json;
use diwan_kernel::{Problem, Secret};
use serde::Deserialize;

use super::answers::OpenWriteOne;
use super::read::{Reading, bounded, password};
use crate::identity::Identity;
use crate::invitation::Acceptance;
use crate::person::{Language, read_name};
use crate::sign_in::{SignInResponse, SignInResult};

/// Who accepts.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptInvitation {
    /// From the link.
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    token: Secret<String>,
    /// What you are called.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// A new password.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 256)]
    password: Secret<String>,
    /// The language of your dashboard; left out: that of the invitation.
    language: Option<Language>,
}

/// Accept an invitation: you get an account and are signed in.
#[utoipa::path(
    post,
    path = "/invitations/accept",
    operation_id = "accept_invitation",
    tag = "identity",
    request_body = AcceptInvitation,
    responses((status = 201, description = "You are in", body = SignInResult), OpenWriteOne),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn accept_invitation(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    Json(body): Json<AcceptInvitation>,
) -> Result<SignInResponse, Problem> {
    let mut reading = Reading::default();
    reading.take(bounded("token", body.token.expose(), 128));
    let name = reading.take(read_name("name", &body.name));
    reading.take(password("password", &body.password));
    reading.done()?;
    let name = name.unwrap_or_default();
    let acceptance = Acceptance { token: body.token, name, password: body.password, language: body.language };
    identity.accept_invitation(&ctx, acceptance).await
}
