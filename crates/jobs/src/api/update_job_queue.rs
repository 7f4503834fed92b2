//! Decides about a queue.

use axum::extract::State;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Done, Json, Path};
use diwan_kernel::{Entry, Problem};
use serde::Deserialize;

use crate::event::QueueChanged;
use crate::jobs::Jobs;
use crate::spec::is_queue;
use crate::table::gauge::{self, Queue};

/// What is decided.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateJobQueue {
    /// Whether nothing new of it begins. What is under way goes on.
    paused: Option<bool>,
    /// How many of it may be under way at once; 0 is any number.
    #[schema(maximum = 100_000)]
    limit: Option<u32>,
}

/// Pause a queue, let it go on, or say how many of it may be under way at once.
#[utoipa::path(
    put,
    path = "/job-queues/{name}",
    operation_id = "update_job_queue",
    tag = "jobs",
    params(("name" = String, Path, description = "Which queue", max_length = 63)),
    request_body = UpdateJobQueue,
    responses((status = 204, description = "It is decided"), GuardedWrite),
    extensions(("x-permission" = json!("jobs.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn update_job_queue(
    ctx: Allowed<may::JobsManage>,
    State(jobs): State<Jobs>,
    Path(name): Path<String>,
    Json(body): Json<UpdateJobQueue>,
) -> Result<Done, Problem> {
    if !is_queue(&name) {
        return Err(Problem::not_found("queue"));
    }
    if body.limit.is_some_and(|limit| limit > 100_000) {
        return Err(Problem::invalid_field("limit", "out_of_range", "It must be at most 100000."));
    }
    let known = gauge::queues(jobs.db()).await?.into_iter().find(|queue| queue.name == name);
    let mut queue = known.unwrap_or(Queue { name, most: None, paused_at: None, paused_by: None });
    match body.paused {
        Some(true) if queue.paused_at.is_none() => {
            (queue.paused_at, queue.paused_by) = (Some(ctx.now()), Some(ctx.actor.key()));
        }
        Some(false) => (queue.paused_at, queue.paused_by) = (None, None),
        _ => {}
    }
    if let Some(limit) = body.limit {
        queue.most = (limit > 0).then_some(limit);
    }
    let mut tx = jobs.db().begin(&ctx).await?;
    gauge::set_queue(&mut tx, &queue).await?;
    tx.emit(&QueueChanged { name: queue.name.clone() });
    let entry = Entry::done("job_queue.update").on("job_queue", &queue.name).with("paused", queue.paused_at.is_some());
    tx.commit(entry.with("limit", queue.most)).await?;
    jobs.board().set_queue(&queue.name, queue.paused_at.is_some(), queue.most);
    jobs.wake();
    Ok(Done)
}
