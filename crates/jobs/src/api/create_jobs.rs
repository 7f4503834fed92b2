//! Wants several pieces of work to be done.

use std::collections::BTreeSet;

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Created, Json};
use serde::{Deserialize, Serialize};

use crate::create::Owner;
use crate::id::JobId;
use crate::jobs::Jobs;
use crate::spec::{JobSpec, within};

const MOST: usize = 1000;

/// Several pieces of work. Later ones can wait for earlier ones by `after: [{"step": 0}]`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateJobs {
    /// What is wanted.
    #[schema(min_items = 1, max_items = 1000)]
    jobs: Vec<JobSpec>,
}

/// The jobs, in the order in which they were wanted.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct CreatedJobs {
    /// Their ids.
    jobs: Vec<CreatedJob>,
}

/// A job that was written down.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CreatedJob {
    /// Its id.
    id: JobId,
}

/// Want several pieces of work to be done: all are written down, or none.
#[utoipa::path(
    post,
    path = "/jobs/batch",
    operation_id = "create_jobs",
    tag = "jobs",
    request_body = CreateJobs,
    responses((status = 201, description = "The jobs", body = CreatedJobs), GuardedWrite),
    extensions(("x-permission" = json!("jobs.run")), ("x-max-body-bytes" = json!(8_388_608))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn create_jobs(
    ctx: Allowed<may::JobsRun>,
    State(jobs): State<Jobs>,
    Json(body): Json<CreateJobs>,
) -> Result<Created<CreatedJobs>, Problem> {
    if !(1..=MOST).contains(&body.jobs.len()) {
        return Err(Problem::invalid_field(
            "jobs",
            "out_of_range",
            format!("From 1 to {MOST} jobs are wanted at once."),
        ));
    }
    let mut keys = BTreeSet::new();
    let of_one = |at: usize, problem: Problem| within(&format!("jobs[{at}]"), problem);
    for (at, spec) in body.jobs.iter().enumerate() {
        spec.check().map_err(|problem| of_one(at, problem))?;
        if spec.idempotency_key.as_ref().is_some_and(|key| !keys.insert(key)) {
            let message = "Another job of these has this key.";
            return Err(of_one(at, Problem::invalid_field("idempotency_key", "twice", message)));
        }
    }
    for (at, spec) in body.jobs.iter().enumerate() {
        jobs.may_want(&ctx, spec).await.map_err(|problem| of_one(at, problem))?;
    }
    let created = jobs.create_several(&ctx, &Owner::from_ctx(&ctx), body.jobs).await?;
    Ok(Created(CreatedJobs { jobs: created.into_iter().map(|job| CreatedJob { id: job.id }).collect() }))
}
