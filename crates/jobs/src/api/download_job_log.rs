//! Gives all that a job said, as a file.

use axum::extract::State;
use axum::response::Response;
use diwan_fleet::OutputDownload;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Path, Query};
use diwan_kernel::problem::ProblemDocument;

use super::attempt_query::AttemptQuery;
use crate::id::JobId;
use crate::jobs::Jobs;

/// All that a job said on a channel, as a file; of one that still runs, what there is so far. What breaks off in the
/// middle is shorter than `Content-Length` says.
#[utoipa::path(
    get,
    path = "/jobs/{id}/log/download",
    operation_id = "download_job_log",
    tag = "jobs",
    params(("id" = JobId, Path, description = "Which job"), AttemptQuery, OutputDownload),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "text/plain"),
        (status = 410, description = "It is not kept any longer", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        GuardedKept,
    ),
    extensions(("x-permission" = json!("jobs.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn download_job_log(
    _: Allowed<may::JobsRead>,
    State(jobs): State<Jobs>,
    Path(id): Path<JobId>,
    Query(which): Query<AttemptQuery>,
    Query(query): Query<OutputDownload>,
) -> Result<Response, Problem> {
    let command = jobs.command_of(id, which.attempt).await?;
    jobs.fleet().answer_download(command, query).await
}
