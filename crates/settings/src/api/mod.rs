//! The operations of the settings.

mod diff_settings;
mod get_settings_schema;
mod list_settings;
mod list_settings_versions;
mod move_settings_secret;
mod reload_settings;
mod roll_back_settings;
mod update_settings;
mod validate_settings;

use diwan_kernel::{Problem, text};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::settings::Settings;

/// All of them, with paths relative to `/api/v1`.
pub(crate) fn routes() -> OpenApiRouter<Settings> {
    OpenApiRouter::new()
        .routes(routes!(list_settings::list_settings, update_settings::update_settings))
        .routes(routes!(get_settings_schema::get_settings_schema))
        .routes(routes!(validate_settings::validate_settings))
        .routes(routes!(reload_settings::reload_settings))
        .routes(routes!(list_settings_versions::list_settings_versions))
        .routes(routes!(diff_settings::diff_settings))
        .routes(routes!(roll_back_settings::roll_back_settings))
        .routes(routes!(move_settings_secret::move_settings_secret))
}

/// What somebody says about their change; may be nothing.
fn check_comment(comment: Option<String>) -> Result<String, Problem> {
    match comment.as_deref().map(str::trim) {
        None | Some("") => Ok(String::new()),
        Some(comment) => text::line("comment", comment, 500).map_err(|error| Problem::invalid_fields(vec![error])),
    }
}
