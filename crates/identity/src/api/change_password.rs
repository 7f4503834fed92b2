//! Sets the caller's password.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Done, Json};
use diwan_kernel::{Problem, Secret};
use serde::Deserialize;

use super::answers::GuardedWrite;
use super::read::{Reading, password};
use crate::identity::Identity;

/// The passwords.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePassword {
    /// The one you have; left out only when you have none.
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 256)]
    current_password: Option<Secret<String>>,
    /// The one you want.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 256)]
    new_password: Secret<String>,
}

/// Set your password. Your other sessions end.
#[utoipa::path(
    put,
    path = "/me/password",
    operation_id = "change_password",
    tag = "identity",
    request_body = ChangePassword,
    responses((status = 204, description = "It is set"), GuardedWrite),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn change_password(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Json(body): Json<ChangePassword>,
) -> Result<Done, Problem> {
    let mut reading = Reading::default();
    if let Some(current) = &body.current_password {
        reading.take(password("current_password", current));
    }
    reading.take(password("new_password", &body.new_password));
    reading.done()?;
    identity.change_password(&ctx, body.current_password.as_ref(), &body.new_password).await?;
    Ok(Done)
}
