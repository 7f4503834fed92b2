//! Lists queues.

use std::collections::BTreeMap;

use axum::extract::State;
use diwan_kernel::answers::GuardedRead;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use diwan_kernel::{Page, Problem, Timestamp};
use serde::Serialize;

use crate::jobs::Jobs;
use crate::spec::USUAL_QUEUE;
use crate::table::flow;
use crate::table::gauge::{self, Queue};
use crate::table::job::{self, QueueCounts};

/// A queue.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct JobQueue {
    /// What it is called.
    name: String,
    /// Since when nothing new of it begins.
    paused_at: Option<Timestamp>,
    /// Who paused it.
    paused_by: Option<String>,
    /// How many of it may be under way at once.
    limit: Option<u32>,
    /// How many are ready and wait for their turn.
    waiting: u64,
    /// How many wait for a moment or for other jobs.
    held: u64,
    /// How many are under way.
    under_way: u64,
    /// Since when the first that is ready waits.
    oldest_ready_at: Option<Timestamp>,
}

impl JobQueue {
    fn new(name: String, decided: Option<Queue>, counts: Option<QueueCounts>) -> Self {
        let (paused_at, paused_by, limit) = decided.map_or((None, None, None), |q| (q.paused_at, q.paused_by, q.most));
        let numbers = counts.map_or((0, 0, 0, None), |c| (c.ready, c.held, c.under_way, c.oldest_ready_at));
        let (waiting, held, under_way, oldest_ready_at) = numbers;
        Self { name, paused_at, paused_by, limit, waiting, held, under_way, oldest_ready_at }
    }
}

/// The queues that jobs are or were in, and those about which something was decided.
#[utoipa::path(
    get,
    path = "/job-queues",
    operation_id = "list_job_queues",
    tag = "jobs",
    responses((status = 200, description = "Queues", body = Page<JobQueue>), GuardedRead),
    extensions(("x-permission" = json!("jobs.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_job_queues(
    _: Allowed<may::JobsRead>,
    State(jobs): State<Jobs>,
) -> Result<Json<Page<JobQueue>>, Problem> {
    let mut all = BTreeMap::from([(USUAL_QUEUE.to_owned(), (None, None))]);
    all.extend(flow::queues(jobs.db()).await?.into_iter().map(|name| (name, (None, None))));
    for decided in gauge::queues(jobs.db()).await? {
        let name = decided.name.clone();
        all.entry(name).or_default().0 = Some(decided);
    }
    for counts in job::queues(jobs.db()).await? {
        let name = counts.queue.clone();
        all.entry(name).or_default().1 = Some(counts);
    }
    let queues = all.into_iter().map(|(name, (decided, counts))| JobQueue::new(name, decided, counts));
    Ok(Json(Page::whole(queues.collect())))
}
