//! Changes the caller's own profile.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use serde::Deserialize;

use super::answers::GuardedWrite;
use super::read::Reading;
use crate::identity::Identity;
use crate::people::ProfileChange;
use crate::person::{Language, Theme, read_name, read_time_zone};
use crate::view::User;

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateMe {
    /// What you are called.
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
    /// The language of your dashboard and mails.
    language: Option<Language>,
    /// How your dashboard looks.
    theme: Option<Theme>,
    /// The time zone that times are shown in.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z][A-Za-z0-9_+-]*){0,2}$")]
    time_zone: Option<String>,
}

/// Change your profile.
#[utoipa::path(
    patch,
    path = "/me",
    operation_id = "update_me",
    tag = "identity",
    request_body = UpdateMe,
    responses((status = 200, description = "You, as you are now", body = User), GuardedWrite),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn update_me(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Json(body): Json<UpdateMe>,
) -> Result<Json<User>, Problem> {
    let mut reading = Reading::default();
    let name = body.name.and_then(|name| reading.take(read_name("name", &name)));
    let time_zone = body.time_zone.and_then(|zone| reading.take(read_time_zone("time_zone", &zone)));
    reading.done()?;
    let change = ProfileChange { name, language: body.language, theme: body.theme, time_zone };
    Ok(Json(identity.change_profile(&ctx, change).await?.into()))
}
