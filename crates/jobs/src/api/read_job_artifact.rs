//! Gives a file that a job has left.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Path, Query};
use diwan_kernel::problem::ProblemDocument;
use serde::Deserialize;

use super::attempt_query::AttemptQuery;
use crate::id::JobId;
use crate::jobs::Jobs;

/// Which file.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ArtifactQuery {
    /// Its path, as it is listed.
    #[param(min_length = 1, max_length = 1024)]
    path: String,
}

/// A file that a try at a job has left, to be saved: it is fetched from the machine that keeps it. `Range` is understood if
/// it names one part. What breaks off in the middle, or turns out not to be what the machine told of it, is shorter than
/// `Content-Length` says.
#[utoipa::path(
    get,
    path = "/jobs/{id}/artifacts/content",
    operation_id = "read_job_artifact",
    tag = "jobs",
    params(("id" = JobId, Path, description = "Which job"), AttemptQuery, ArtifactQuery),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The part that was asked for", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 410, description = "It is not kept any longer, or the copy is damaged", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        GuardedKept,
    ),
    extensions(("x-permission" = json!("jobs.read")), ("x-time-limit-s" = json!(120))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn read_job_artifact(
    _: Allowed<may::JobsRead>,
    State(jobs): State<Jobs>,
    Path(id): Path<JobId>,
    Query(which): Query<AttemptQuery>,
    Query(query): Query<ArtifactQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let attempt = jobs.attempt_of(id, which.attempt).await?;
    let command = attempt.and_then(|attempt| attempt.command_id).ok_or_else(|| Problem::not_found("artifact"))?;
    jobs.fleet().answer_artifact(command, &query.path, &headers).await
}
