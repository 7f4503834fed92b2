//! What is done with dead letters.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use serde::{Deserialize, Serialize};

use crate::change::Which;
use crate::id::JobId;
use crate::jobs::Jobs;
use crate::table::job::Wanted;

const MOST: usize = 1000;

/// Which dead letters: exactly one of `ids`, `filter` and `all` is needed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeadLetters {
    /// These.
    #[schema(min_items = 1, max_items = 1000)]
    ids: Option<Vec<JobId>>,
    /// Those that are like this.
    filter: Option<DeadLetterFilter>,
    /// All: those of the caller, or with `jobs.manage` those of everybody.
    #[serde(default)]
    all: bool,
}

/// What dead letters are like.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeadLetterFilter {
    /// In this queue.
    #[schema(max_length = 63)]
    queue: Option<String>,
    /// For this reason.
    #[schema(max_length = 64)]
    reason: Option<String>,
    /// Of this person: `usr_…`.
    #[schema(max_length = 64)]
    owner: Option<String>,
    /// With this label: `key=value`.
    #[schema(max_length = 127)]
    label: Option<String>,
}

impl DeadLetters {
    fn which(self) -> Result<Which, Problem> {
        let wrong = |message: &str| Err(Problem::invalid_field("ids", "which_missing", message));
        match (self.ids, self.filter, self.all) {
            (Some(ids), None, false) if (1..=MOST).contains(&ids.len()) => Ok(Which::These(ids)),
            (Some(_), None, false) => wrong("It names 1 to 1000 jobs."),
            (None, Some(filter), false) => Ok(Which::Those(Wanted {
                queue: filter.queue,
                reason: filter.reason,
                owner: filter.owner,
                label: filter.label,
                ..Wanted::default()
            })),
            (None, None, true) => Ok(Which::Those(Wanted::default())),
            _ => wrong("Exactly one of ids, filter and all is needed."),
        }
    }
}

/// How many were tried again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Replayed {
    /// So many.
    replayed: usize,
}

/// How many rest now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Dismissed {
    /// So many.
    dismissed: usize,
}

/// Have dead letters tried once more, each as the same job.
#[utoipa::path(
    post,
    path = "/job-dead-letters/replay",
    operation_id = "replay_dead_letters",
    tag = "jobs",
    request_body = DeadLetters,
    responses((status = 200, description = "How many", body = Replayed), GuardedWrite),
    extensions(("x-permission" = json!("jobs.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn replay_dead_letters(
    ctx: Allowed<may::JobsRun>,
    State(jobs): State<Jobs>,
    Json(body): Json<DeadLetters>,
) -> Result<Json<Replayed>, Problem> {
    Ok(Json(Replayed { replayed: jobs.replay_dead(&ctx, &body.which()?).await? }))
}

/// Let dead letters rest: they stay as they ended, and nobody has to look at them any more.
#[utoipa::path(
    post,
    path = "/job-dead-letters/dismiss",
    operation_id = "dismiss_dead_letters",
    tag = "jobs",
    request_body = DeadLetters,
    responses((status = 200, description = "How many", body = Dismissed), GuardedWrite),
    extensions(("x-permission" = json!("jobs.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn dismiss_dead_letters(
    ctx: Allowed<may::JobsRun>,
    State(jobs): State<Jobs>,
    Json(body): Json<DeadLetters>,
) -> Result<Json<Dismissed>, Problem> {
    Ok(Json(Dismissed { dismissed: jobs.dismiss_dead(&ctx, &body.which()?).await? }))
}
