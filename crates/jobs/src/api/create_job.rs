//! Wants work to be done.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Created as CreatedAnswer, Json};

use crate::create::{Cause, Created, Owner};
use crate::jobs::Jobs;
use crate::spec::JobSpec;
use crate::view::JobView;

/// Want work to be done: it is written down, and given to a machine when its turn comes. Wanted again with the same
/// idempotency key, it is the same job.
#[utoipa::path(
    post,
    path = "/jobs",
    operation_id = "create_job",
    tag = "jobs",
    request_body = JobSpec,
    responses(
        (status = 201, description = "The job", body = JobView),
        (status = 200, description = "The job that was wanted with the same key before", body = JobView),
        GuardedWrite
    ),
    // A script is long, and longer still as JSON.
    extensions(("x-permission" = json!("jobs.run")), ("x-max-body-bytes" = json!(1_048_576))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn create_job(
    ctx: Allowed<may::JobsRun>,
    State(jobs): State<Jobs>,
    Json(spec): Json<JobSpec>,
) -> Result<Response, Problem> {
    spec.check()?;
    if spec.after.iter().any(|after| after.step.is_some()) {
        let message = "Steps are for jobs that are wanted together.";
        return Err(Problem::invalid_field("after", "after_invalid", message));
    }
    jobs.may_want(&ctx, &spec).await?;
    Ok(match jobs.create(&ctx, &Owner::from_ctx(&ctx), spec, Cause::default()).await? {
        Created::New(job) => CreatedAnswer(JobView::from(job)).into_response(),
        Created::Known(job) => Json(JobView::from(job)).into_response(),
    })
}
