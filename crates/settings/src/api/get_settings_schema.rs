//! Gives the JSON Schema of the configuration file.

use axum::extract::State;
use diwan_kernel::answers::GuardedRead;
use diwan_kernel::config::schema_of;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use serde_json::Value;

use crate::settings::Settings;

/// What a configuration file may hold, as JSON Schema for editors.
#[utoipa::path(
    get,
    path = "/settings/schema",
    operation_id = "get_settings_schema",
    tag = "settings",
    responses((status = 200, description = "The JSON Schema", body = Object), GuardedRead),
    extensions(("x-permission" = json!("settings.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn get_settings_schema(
    _: Allowed<may::SettingsRead>,
    State(settings): State<Settings>,
) -> Json<Value> {
    Json(schema_of(settings.sections()))
}
