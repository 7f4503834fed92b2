//! Stops a job.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};

use crate::id::JobId;
use crate::jobs::Jobs;
use crate::view::JobView;

/// Stop a job. One that waits ends at once; one that is under way is stopped on its machine, now or when that comes
/// back, and ends when it has stopped. Another's needs `jobs.manage`.
#[utoipa::path(
    post,
    path = "/jobs/{id}/cancel",
    operation_id = "cancel_job",
    tag = "jobs",
    params(("id" = JobId, Path, description = "Which job")),
    responses((status = 200, description = "The job", body = JobView), GuardedWrite),
    extensions(("x-permission" = json!("jobs.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn cancel_job(
    ctx: Allowed<may::JobsRun>,
    State(jobs): State<Jobs>,
    Path(id): Path<JobId>,
) -> Result<Json<JobView>, Problem> {
    Ok(Json(jobs.cancel(&ctx, id).await?.into()))
}
