//! Judges a change of settings without making it.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::config::Fault;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use serde::{Deserialize, Serialize};

use crate::compare::Change;
use crate::edit::{Changes, Judged};
use crate::settings::Settings;

/// A change that is being thought of.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SettingsDraft)]
pub(super) struct Draft {
    /// Values by setting (`mail.port`); null for its default.
    #[schema(value_type = Object, example = json!({"mail.port": 25}))]
    changes: Changes,
}

/// What would become of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SettingsVerdict)]
pub(super) struct Verdict {
    /// Everything that is not acceptable; empty when all is well.
    faults: Vec<Fault>,
    /// What would differ; empty when it is not acceptable.
    changes: Vec<Change>,
}

/// Judge a change of settings without making it.
#[utoipa::path(
    post,
    path = "/settings/validate",
    operation_id = "validate_settings",
    tag = "settings",
    request_body = Draft,
    responses((status = 200, description = "What would become of it", body = Verdict), GuardedWrite),
    extensions(("x-permission" = json!("settings.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn validate_settings(
    ctx: Allowed<may::SettingsManage>,
    State(settings): State<Settings>,
    Json(draft): Json<Draft>,
) -> Result<Json<Verdict>, Problem> {
    Ok(Json(match settings.judge_edit(&ctx, &draft.changes).await? {
        Judged::Acceptable(_, changes) => Verdict { faults: vec![], changes },
        Judged::Refused(faults) => Verdict { faults, changes: vec![] },
    }))
}
