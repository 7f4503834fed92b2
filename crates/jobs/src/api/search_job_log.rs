//! Looks for a text in what a job said.

use axum::extract::State;
use diwan_fleet::{OutputMatches, OutputSearch};
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path, Query};
use diwan_kernel::problem::ProblemDocument;

use super::attempt_query::AttemptQuery;
use crate::id::JobId;
use crate::jobs::Jobs;

/// The lines of what a job said that have a text in them, each once, with the place of the first find. It is as with
/// `search_command_output`: `next_from` and `next_line` say where to go on.
#[utoipa::path(
    get,
    path = "/jobs/{id}/log/search",
    operation_id = "search_job_log",
    tag = "jobs",
    params(("id" = JobId, Path, description = "Which job"), AttemptQuery, OutputSearch),
    responses(
        (status = 200, description = "What was found so far", body = OutputMatches),
        (status = 410, description = "It is not kept any longer", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        GuardedKept,
    ),
    extensions(("x-permission" = json!("jobs.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn search_job_log(
    _: Allowed<may::JobsRead>,
    State(jobs): State<Jobs>,
    Path(id): Path<JobId>,
    Query(which): Query<AttemptQuery>,
    Query(query): Query<OutputSearch>,
) -> Result<Json<OutputMatches>, Problem> {
    let command = jobs.command_of(id, which.attempt).await?;
    Ok(Json(jobs.fleet().answer_search(command, query).await?))
}
