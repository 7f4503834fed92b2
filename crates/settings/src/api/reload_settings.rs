//! Reads the configuration file now.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;

use crate::accept::Accepted;
use crate::settings::Settings;
use crate::version::Cause;
use crate::watch::{Failed, refused_problem, take_up};

/// Take up what the configuration file says now. It is watched as well: this is for those who do not
/// want to wait, or want to know what is wrong with it.
#[utoipa::path(
    post,
    path = "/settings/reload",
    operation_id = "reload_settings",
    tag = "settings",
    responses((status = 200, description = "The version in force", body = Accepted), GuardedWrite),
    extensions(("x-permission" = json!("settings.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn reload_settings(
    ctx: Allowed<may::SettingsManage>,
    State(settings): State<Settings>,
) -> Result<Json<Accepted>, Problem> {
    match take_up(&settings, &ctx, Cause::File).await {
        Ok(accepted) => Ok(Json(accepted)),
        Err(Failed::Refused(refused)) => Err(refused_problem(&refused.0)),
        Err(Failed::Problem(problem)) => Err(problem),
    }
}
