//! Has a job that ended tried once more.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};

use crate::id::JobId;
use crate::jobs::Jobs;
use crate::view::JobView;

/// Have a job that has ended tried once more: it is the same job with the same idempotency key, and its history goes
/// on. Another's needs `jobs.manage`.
#[utoipa::path(
    post,
    path = "/jobs/{id}/retry",
    operation_id = "retry_job",
    tag = "jobs",
    params(("id" = JobId, Path, description = "Which job")),
    responses((status = 200, description = "The job", body = JobView), GuardedWrite),
    extensions(("x-permission" = json!("jobs.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn retry_job(
    ctx: Allowed<may::JobsRun>,
    State(jobs): State<Jobs>,
    Path(id): Path<JobId>,
) -> Result<Json<JobView>, Problem> {
    Ok(Json(jobs.retry(&ctx, id).await?.into()))
}
