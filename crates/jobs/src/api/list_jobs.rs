//! Lists jobs.

use axum::extract::State;
use diwan_fleet::MachineId;
use diwan_kernel::answers::GuardedRead;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::{Page, PageQuery, Problem};
use serde::Deserialize;

use crate::id::{JobId, ScheduleId};
use crate::jobs::Jobs;
use crate::state::JobState;
use crate::table::job::{self, Wanted};
use crate::view::JobView;

/// Which jobs are wanted.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct JobQuery {
    /// Those that stand so.
    state: Option<JobState>,
    /// Those of several states at once.
    #[param(inline)]
    phase: Option<JobPhase>,
    /// Those of this queue.
    #[param(max_length = 63)]
    queue: Option<String>,
    /// Those whose last try is or was on this machine.
    machine: Option<MachineId>,
    /// Those of this person: `usr_…`.
    #[param(max_length = 64)]
    owner: Option<String>,
    /// Those with this label: `key=value`.
    #[param(max_length = 127)]
    label: Option<String>,
    /// Those that ended for this reason.
    #[param(max_length = 64)]
    reason: Option<String>,
    /// Those that this schedule wanted.
    schedule: Option<ScheduleId>,
    /// A part of the name or of the id.
    #[param(max_length = 128)]
    search: Option<String>,
}

/// Several states at once.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum JobPhase {
    /// Queued.
    Waiting,
    /// Leased or running.
    UnderWay,
    /// However it ended.
    Ended,
    /// Ended so that somebody has to look at it.
    Dead,
}

impl JobQuery {
    fn wanted(self, before: Option<JobId>) -> Result<Wanted, Problem> {
        let texts = [
            ("queue", &self.queue, 63),
            ("owner", &self.owner, 64),
            ("label", &self.label, 127),
            ("reason", &self.reason, 64),
            ("search", &self.search, 128),
        ];
        for (field, text, most) in texts {
            if text.as_ref().is_some_and(|text| text.chars().count() > most) {
                let message = format!("It must not be longer than {most} characters.");
                return Err(Problem::invalid_field(field, "too_long", message));
            }
        }
        let waiting = matches!(self.phase, Some(JobPhase::Waiting)).then_some(JobState::Queued);
        let state = match (self.state, waiting) {
            (Some(state), Some(_)) if state != JobState::Queued => {
                return Err(Problem::invalid_field("state", "contradiction", "No job that waits stands so."));
            }
            (state, waiting) => state.or(waiting),
        };
        Ok(Wanted {
            state,
            is_open: matches!(self.phase, Some(JobPhase::Ended)).then_some(false),
            is_under_way: matches!(self.phase, Some(JobPhase::UnderWay)),
            is_dead: matches!(self.phase, Some(JobPhase::Dead)),
            queue: self.queue,
            machine: self.machine,
            owner: self.owner,
            label: self.label,
            reason: self.reason,
            schedule: self.schedule,
            search: self.search,
            before,
        })
    }
}

/// Jobs, newest first.
#[utoipa::path(
    get,
    path = "/jobs",
    operation_id = "list_jobs",
    tag = "jobs",
    params(PageQuery, JobQuery),
    responses((status = 200, description = "Jobs", body = Page<JobView>), GuardedRead),
    extensions(("x-permission" = json!("jobs.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_jobs(
    _: Allowed<may::JobsRead>,
    State(jobs): State<Jobs>,
    Query(page): Query<PageQuery>,
    Query(query): Query<JobQuery>,
) -> Result<Json<Page<JobView>>, Problem> {
    let (limit, before) = (page.limit()?, page.position::<JobId>()?);
    let found = job::list(jobs.db(), &query.wanted(before)?, limit + 1).await?;
    Ok(Json(Page::cut(found, limit, |job| job.id).map(|job| JobView::from(job).in_a_list())))
}
