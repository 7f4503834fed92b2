//! Opens a WebSocket on what a job says.

use axum::extract::{Request, State};
use axum::response::Response;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Path, Query};
use diwan_kernel::problem::ProblemDocument;
use serde::Deserialize;

use super::attempt_query::AttemptQuery;
use crate::id::JobId;
use crate::jobs::Jobs;

/// From where on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FollowLogQuery {
    /// How much of its output is known already.
    #[param(default = 0, maximum = 9_007_199_254_740_991u64)]
    output: Option<u64>,
    /// How much of its error output is known already.
    #[param(default = 0, maximum = 9_007_199_254_740_991u64)]
    errors: Option<u64>,
}

/// Look on while a job runs.
///
/// A WebSocket on which the server says the same as on that of `follow_command`: pieces of output with their places,
/// `state {command}` whenever something about the try changes, and after the last piece it closes with 1000. After a
/// break go on with `output` and `errors` where you stopped. Nothing can be done to the job here.
#[utoipa::path(
    get,
    path = "/jobs/{id}/log/follow",
    operation_id = "follow_job_log",
    tag = "jobs",
    params(("id" = JobId, Path, description = "Which job"), AttemptQuery, FollowLogQuery),
    responses(
        (status = 101, description = "It begins."),
        (status = 400, description = "The request is not valid", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 401, description = "Nobody is signed in.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed, or the page is of another origin.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 404, description = "There is no such job or try.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 409, description = "There is no log.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 410, description = "It is not kept any longer.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 426, description = "This is no WebSocket.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 429, description = "There are too many.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-permission" = json!("jobs.read")), ("x-socket" = json!(true)))
)]
pub(super) async fn follow_job_log(
    ctx: Allowed<may::JobsRead>,
    State(jobs): State<Jobs>,
    Path(id): Path<JobId>,
    Query(which): Query<AttemptQuery>,
    Query(query): Query<FollowLogQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let command = jobs.command_of(id, which.attempt).await?;
    let from = [query.output.unwrap_or_default(), query.errors.unwrap_or_default()];
    jobs.fleet().answer_follower(&ctx, command, from, request).await
}
