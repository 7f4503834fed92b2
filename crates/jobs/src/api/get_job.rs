//! Shows a job.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};

use crate::id::JobId;
use crate::jobs::Jobs;
use crate::view::JobDetails;

/// A job with its history, what it waits for, and what waits for it.
#[utoipa::path(
    get,
    path = "/jobs/{id}",
    operation_id = "get_job",
    tag = "jobs",
    params(("id" = JobId, Path, description = "Which job")),
    responses((status = 200, description = "The job", body = JobDetails), GuardedReadOne),
    extensions(("x-permission" = json!("jobs.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn get_job(
    _: Allowed<may::JobsRead>,
    State(jobs): State<Jobs>,
    Path(id): Path<JobId>,
) -> Result<Json<JobDetails>, Problem> {
    Ok(Json(jobs.details(id).await?))
}
