//! `GET /settings`: the configuration in force and where each value came from.

use std::sync::Arc;

use axum::extract::State;
use diwan_kernel::config::{Layers, Section, Source};
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use diwan_kernel::problem::ProblemDocument;
use diwan_kernel::redact::REDACTED;
use serde::Serialize;
use serde_json::Value;

use super::Platform;

/// One setting in force.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Setting {
    /// The section it belongs to.
    pub section: &'static str,
    /// Its name within the section.
    pub key: &'static str,
    /// Its value; a secret that is set shows as dots.
    pub value: Value,
    /// Where the value came from.
    pub source: Source,
    /// What it is for.
    pub description: &'static str,
    /// Whether a change needs a restart.
    pub needs_restart: bool,
}

/// All settings in force.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Settings {
    /// By section and key.
    items: Vec<Setting>,
}

/// The settings of one section.
pub fn settings_of<S: Section>(layers: &Layers, section: &S) -> Vec<Setting> {
    let values = serde_json::to_value(section).unwrap_or_default();
    let defaults = serde_json::to_value(S::default()).unwrap_or_default();
    let setting = |key: &diwan_kernel::config::Key| {
        let source = layers.source_of(S::NAME, key.name);
        let value = values.get(key.name).cloned().unwrap_or_default();
        // A secret never shows itself, so that nobody set it is known by where it came from.
        let default = defaults.get(key.name).cloned().unwrap_or_default();
        let is_unset = source == Source::Default && default == value;
        let value = match (key.secret, is_unset) {
            (false, _) => value,
            (true, true) => {
                if value == REDACTED {
                    Value::Null
                } else {
                    value
                }
            }
            (true, false) => REDACTED.into(),
        };
        Setting { section: S::NAME, key: key.name, value, source, description: key.about, needs_restart: true }
    };
    S::KEYS.iter().map(setting).collect()
}

/// List the configuration in force
#[utoipa::path(
    get,
    path = "/settings",
    operation_id = "list_settings",
    tag = "platform",
    responses(
        (status = 200, description = "All settings.", body = Settings),
        (status = 401, description = "Nobody is signed in.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-permission" = json!("settings.read")))
)]
pub(super) async fn list_settings(
    _ctx: Allowed<may::SettingsRead>,
    State(platform): State<Arc<Platform>>,
) -> Json<Settings> {
    Json(Settings { items: platform.settings.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ServerConfig;
    use diwan_kernel::Secret;
    use serde_json::json;

    #[test]
    fn a_secret_that_is_set_shows_as_dots_and_one_that_is_not_as_nothing() {
        let value = |config: &ServerConfig| {
            let settings = settings_of(&Layers::default(), config);
            assert_eq!(settings.len(), ServerConfig::KEYS.len());
            settings.into_iter().find(|s| s.key == "database_url").unwrap().value
        };
        let set =
            ServerConfig { database_url: Some(Secret::new("postgres://u:hunter2@h/d".into())), ..Default::default() };
        assert_eq!(value(&set), json!(REDACTED));
        assert_eq!(value(&ServerConfig::default()), Value::Null);
    }
}
