//! Changes settings.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::Json;
use serde::Deserialize;

use super::check_comment;
use crate::accept::Accepted;
use crate::edit::Changes;
use crate::settings::Settings;

/// A change.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SettingsUpdate)]
pub(super) struct Update {
    /// Values by setting (`mail.port`); null for its default. A list or map is given whole; the dots of
    /// a hidden secret in it keep the secret that was there.
    #[schema(value_type = Object, example = json!({"mail.port": 25}))]
    changes: Changes,
    /// The version that was looked at: the change is refused when another is in force by now.
    #[serde(default)]
    base: Option<i64>,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 500)]
    comment: Option<String>,
}

/// Change settings. All of the change is taken or none of it; it is written into the configuration file
/// and in force when this answers, but for what needs a restart.
#[utoipa::path(
    patch,
    path = "/settings",
    operation_id = "update_settings",
    tag = "settings",
    request_body = Update,
    responses((status = 200, description = "The version in force", body = Accepted), GuardedWrite),
    extensions(("x-permission" = json!("settings.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn update_settings(
    ctx: Allowed<SteppedUp<may::SettingsManage>>,
    State(settings): State<Settings>,
    Json(update): Json<Update>,
) -> Result<Json<Accepted>, Problem> {
    let comment = check_comment(update.comment)?;
    Ok(Json(settings.edit(&ctx, &update.changes, update.base, comment).await?))
}
