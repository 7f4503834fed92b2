//! Wants a job once more, with changes.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Created as CreatedAnswer, Json, Path};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::create::{Cause, Created, Owner};
use crate::id::JobId;
use crate::jobs::Jobs;
use crate::spec::JobSpec;
use crate::view::JobView;

/// What is to be different.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RerunJob {
    /// The fields of the job that are other ones now; each takes the place of the whole field.
    #[serde(default)]
    #[schema(value_type = Object)]
    changes: Map<String, Value>,
}

/// Want a job once more, as it was or with changes: a new job of whoever asks. What it waited for and when, and its
/// idempotency key, are not taken over unless they are among the changes.
#[utoipa::path(
    post,
    path = "/jobs/{id}/rerun",
    operation_id = "rerun_job",
    tag = "jobs",
    params(("id" = JobId, Path, description = "Which job")),
    request_body = RerunJob,
    responses((status = 201, description = "The new job", body = JobView), GuardedWrite),
    // A script is long, and longer still as JSON.
    extensions(("x-permission" = json!("jobs.run")), ("x-max-body-bytes" = json!(1_048_576))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn rerun_job(
    ctx: Allowed<may::JobsRun>,
    State(jobs): State<Jobs>,
    Path(id): Path<JobId>,
    Json(body): Json<RerunJob>,
) -> Result<CreatedAnswer<JobView>, Problem> {
    // The answer says everything of the job that it is like.
    let found = jobs.get_for_rerun(&ctx, id).await?;
    let spec = changed(&found.spec, body.changes)?;
    spec.check()?;
    jobs.may_want(&ctx, &spec).await?;
    let cause = Cause { rerun_of: Some(id), ..Cause::default() };
    let (Created::New(job) | Created::Known(job)) = jobs.create(&ctx, &Owner::from_ctx(&ctx), spec, cause).await?;
    Ok(CreatedAnswer(job.into()))
}

fn changed(spec: &JobSpec, changes: Map<String, Value>) -> Result<JobSpec, Problem> {
    let usual = JobSpec { after: vec![], not_before: None, idempotency_key: None, ..spec.clone() };
    let mut all = serde_json::json!(usual);
    for (field, value) in changes {
        all[field] = value;
    }
    serde_json::from_value(all).map_err(|error| {
        let message = format!("What is to be different cannot be meant: {error}.");
        Problem::invalid_field("changes", "changes_invalid", message)
    })
}
