//! Moves a secret from the configuration file into the vault.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::Json;
use serde::Deserialize;

use crate::accept::Accepted;
use crate::settings::Settings;

/// Which secret goes where.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SettingsSecretMove)]
pub(super) struct Move {
    /// The setting, as `plain_secrets` names it: `mail.password`.
    #[schema(max_length = 500)]
    key: String,
    /// Its name in the vault: `mail/password`.
    #[schema(max_length = 128)]
    name: String,
}

/// Move a secret from the configuration file into the vault; a reference takes its place in the file.
#[utoipa::path(
    post,
    path = "/settings/secrets/move",
    operation_id = "move_settings_secret",
    tag = "settings",
    request_body = Move,
    responses((status = 200, description = "The version in force", body = Accepted), GuardedKept),
    extensions(("x-permission" = json!("settings.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn move_settings_secret(
    ctx: Allowed<SteppedUp<may::SettingsManage>>,
    State(settings): State<Settings>,
    Json(body): Json<Move>,
) -> Result<Json<Accepted>, Problem> {
    Ok(Json(settings.move_secret(&ctx, &body.key, &body.name).await?))
}
