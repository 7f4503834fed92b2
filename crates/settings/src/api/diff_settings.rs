//! Says what differs between two versions.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use serde::{Deserialize, Serialize};

use crate::compare::Change;
use crate::settings::Settings;

/// Which two versions.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Between {
    /// The one.
    #[param(minimum = 1)]
    from: i64,
    /// The other.
    #[param(minimum = 1)]
    to: i64,
}

/// What differs between two versions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SettingsDiff)]
pub(super) struct Diff {
    /// The one.
    from: i64,
    /// The other.
    to: i64,
    /// What the file of the other says differently. Secrets show where they are kept, or as dots.
    changes: Vec<Change>,
}

/// What differs between two versions of the settings.
#[utoipa::path(
    get,
    path = "/settings/diff",
    operation_id = "diff_settings",
    tag = "settings",
    params(Between),
    responses((status = 200, description = "What differs", body = Diff), GuardedReadOne),
    extensions(("x-permission" = json!("settings.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn diff_settings(
    _: Allowed<may::SettingsRead>,
    State(settings): State<Settings>,
    Query(Between { from, to }): Query<Between>,
) -> Result<Json<Diff>, Problem> {
    Ok(Json(Diff { from, to, changes: settings.diff(from, to).await? }))
}
