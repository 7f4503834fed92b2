//! Goes back to an older version of the settings.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Json, Path};
use serde::Deserialize;

use super::check_comment;
use crate::accept::Accepted;
use crate::settings::Settings;

/// Why.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SettingsRollback)]
pub(super) struct Rollback {
    /// Why.
    #[serde(default)]
    #[schema(max_length = 500)]
    comment: Option<String>,
}

/// Go back to what the settings said in an older version. It is judged like any other change and
/// becomes a version of its own.
#[utoipa::path(
    post,
    path = "/settings/versions/{version}/rollback",
    operation_id = "roll_back_settings",
    tag = "settings",
    params(("version" = i64, Path, description = "Which version")),
    request_body = Rollback,
    responses((status = 200, description = "The version in force", body = Accepted), GuardedWrite),
    extensions(("x-permission" = json!("settings.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn roll_back_settings(
    ctx: Allowed<SteppedUp<may::SettingsManage>>,
    State(settings): State<Settings>,
    Path(version): Path<i64>,
    Json(body): Json<Rollback>,
) -> Result<Json<Accepted>, Problem> {
    let comment = check_comment(body.comment)?;
    Ok(Json(settings.roll_back(&ctx, version, comment).await?))
}
