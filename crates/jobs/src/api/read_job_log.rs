//! Reads what a job said.

use axum::extract::State;
use axum::response::Response;
use diwan_fleet::OutputChannel;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Path, Query};
use diwan_kernel::problem::ProblemDocument;
use serde::Deserialize;

use super::attempt_query::AttemptQuery;
use crate::id::JobId;
use crate::jobs::Jobs;

/// Which part is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LogQuery {
    /// On what it was said.
    #[serde(default)]
    #[param(inline, required = false)]
    channel: OutputChannel,
    /// From which place on.
    #[param(default = 0, maximum = 9_007_199_254_740_991u64)]
    from: Option<u64>,
    /// How many bytes at the most.
    #[param(minimum = 1, maximum = 1_048_576, default = 262_144)]
    limit: Option<u32>,
}

/// What a job said, as bytes, from a place on. `X-Output-Length` says how much there is so far, `X-Output-Next` from
/// where to go on, and `X-Output-End` whether that is the end.
#[utoipa::path(
    get,
    path = "/jobs/{id}/log",
    operation_id = "read_job_log",
    tag = "jobs",
    params(("id" = JobId, Path, description = "Which job"), AttemptQuery, LogQuery),
    responses(
        (status = 200, description = "The bytes", body = Vec<u8>, content_type = "application/octet-stream", headers(
            ("X-Output-Length" = u64, description = "How much there is so far"),
            ("X-Output-Next" = u64, description = "From where to go on"),
            ("X-Output-End" = bool, description = "Whether nothing more comes after this"),
        )),
        (status = 410, description = "It is not kept any longer", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        GuardedKept,
    ),
    extensions(("x-permission" = json!("jobs.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn read_job_log(
    _: Allowed<may::JobsRead>,
    State(jobs): State<Jobs>,
    Path(id): Path<JobId>,
    Query(which): Query<AttemptQuery>,
    Query(query): Query<LogQuery>,
) -> Result<Response, Problem> {
    let command = jobs.command_of(id, which.attempt).await?;
    jobs.fleet().answer_part(command, query.channel, query.from, query.limit).await
}
