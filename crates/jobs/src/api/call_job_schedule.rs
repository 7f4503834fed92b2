//! Another service calls a schedule.

use axum::extract::{Request, State};
use diwan_kernel::Problem;
use diwan_kernel::answers::OpenWriteOne;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::{Json, Path, read_body};
use serde::Serialize;

use crate::id::{JobId, ScheduleId};
use crate::jobs::Jobs;
use crate::schedules::hook::Called;

/// No call is longer.
const LONGEST: usize = 5 * 1024 * 1024;

/// What came of a call.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ScheduleCalled {
    /// `fired`; `passed` when it was for something else; `skipped` when the job before goes on and must not be
    /// overtaken; `again` when the same call came before.
    outcome: &'static str,
    /// The job, if it fired.
    job_id: Option<JobId>,
}

/// Call a schedule, as another service. `diwan` signs `TIMESTAMP.BODY` with HMAC-SHA-256 and says so in
/// `X-Diwan-Timestamp` (seconds since 1970, at most five minutes off) and `X-Diwan-Signature: v1=HEX`; GitHub, GitLab
/// and Gitea do as they always do. The same call counts once.
#[utoipa::path(
    post,
    path = "/hooks/jobs/{id}",
    operation_id = "call_job_schedule",
    tag = "jobs",
    params(("id" = ScheduleId, Path, description = "Which schedule")),
    request_body(content = String, description = "Whatever the service says", content_type = "application/json"),
    responses((status = 200, description = "What came of it", body = ScheduleCalled), OpenWriteOne),
    extensions(
        ("x-permission" = json!("none")),
        ("x-for-services" = json!(true)),
        ("x-max-body-bytes" = json!(5_242_880)),
    ),
)]
pub(super) async fn call_job_schedule(
    ctx: Allowed<Anyone>,
    State(jobs): State<Jobs>,
    Path(id): Path<ScheduleId>,
    request: Request,
) -> Result<Json<ScheduleCalled>, Problem> {
    let headers = request.headers().clone();
    let body = read_body(request, LONGEST).await?;
    let called = jobs.take_call(&ctx, id, &headers, &body).await?;
    let (outcome, job_id) = match called {
        Called::Fired(job) => ("fired", Some(job.id)),
        Called::Passed => ("passed", None),
        Called::Skipped => ("skipped", None),
        Called::Again => ("again", None),
    };
    Ok(Json(ScheduleCalled { outcome, job_id }))
}
