//! Lists the settings.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedRead;
use diwan_kernel::config::Fault;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use diwan_kernel::world::Timestamp;
use serde::Serialize;

use crate::item::{Item, is_restart_needed, items};
use crate::move_secret::PlainView;
use crate::settings::Settings;

/// All settings and how they stand.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Settings)]
pub(super) struct SettingsView {
    /// The version in force.
    version: i64,
    /// The configuration file.
    file: FileView,
    /// The sections, in their order.
    sections: Vec<SectionView>,
    /// The settings, by section.
    items: Vec<Item>,
    /// Why what the file says is not in force, when it is refused.
    refused: Option<RefusedView>,
    /// Secrets that stand in the file as they are, rather than in the vault.
    plain_secrets: Vec<PlainView>,
    /// Whether something that was saved waits for the next start.
    restart_needed: bool,
}

/// The configuration file.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SettingsFile)]
struct FileView {
    /// Where it is, or will be once something is saved.
    path: String,
    /// Whether there is one.
    exists: bool,
    /// Whether the server may write it.
    is_writable: bool,
}

/// A section.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SettingsSection)]
struct SectionView {
    /// Its name in the file.
    name: &'static str,
    /// What it is about.
    description: String,
}

/// What the file says, and why that is not in force.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SettingsRefused)]
struct RefusedView {
    /// When that was noticed.
    at: Timestamp,
    /// Everything that is wrong.
    faults: Vec<Fault>,
}

/// List the settings: what is in force, where each value came from, and what it may be.
#[utoipa::path(
    get,
    path = "/settings",
    operation_id = "list_settings",
    tag = "settings",
    responses((status = 200, description = "All settings", body = SettingsView), GuardedRead),
    extensions(("x-permission" = json!("settings.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_settings(
    _: Allowed<may::SettingsRead>,
    State(settings): State<Settings>,
) -> Result<Json<SettingsView>, Problem> {
    // Whoever asks because of an event sees what the event is about.
    let now = settings.settled().await;
    let (sections, path) = (settings.sections(), &settings.parts().file.path);
    let disk = settings.world().disk();
    Ok(Json(SettingsView {
        version: now.version,
        file: FileView {
            path: path.display().to_string(),
            exists: now.layers.text().is_some(),
            is_writable: disk.may_replace(&disk.follow(path)),
        },
        sections: sections.iter().map(|s| SectionView { name: s.name, description: s.about.clone() }).collect(),
        items: items(sections, &now.layers, &settings.parts().layers),
        refused: now.refused.map(|refused| RefusedView { at: refused.at, faults: refused.faults }),
        plain_secrets: settings.plain_in_file(),
        restart_needed: is_restart_needed(&settings),
    }))
}
