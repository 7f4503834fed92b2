//! Stops a job.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path, Query};
use serde::Deserialize;

use crate::id::JobId;
use crate::jobs::Jobs;
use crate::view::JobView;

/// How it is stopped.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CancelJob {
    /// Whether a job that is under way on a machine which is away ends now, without word from there. What the machine
    /// does meanwhile is not known; when it is back it is told to stop.
    #[serde(default)]
    #[param(required = false)]
    give_up: bool,
}

/// Stop a job. One that waits ends at once; one that is under way is stopped on its machine, now or when that comes
/// back, and ends when it has stopped. Another's needs `jobs.manage`.
#[utoipa::path(
    post,
    path = "/jobs/{id}/cancel",
    operation_id = "cancel_job",
    tag = "jobs",
    params(("id" = JobId, Path, description = "Which job"), CancelJob),
    responses((status = 200, description = "The job", body = JobView), GuardedWrite),
    extensions(("x-permission" = json!("jobs.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn cancel_job(
    ctx: Allowed<may::JobsRun>,
    State(jobs): State<Jobs>,
    Path(id): Path<JobId>,
    Query(how): Query<CancelJob>,
) -> Result<Json<JobView>, Problem> {
    Ok(Json(jobs.cancel(&ctx, id, how.give_up).await?.into()))
}
