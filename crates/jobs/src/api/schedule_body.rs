//! What schedules look like in the API.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use diwan_fleet::CommandActor;
use diwan_kernel::Timestamp;
use diwan_kernel::http::{Created, Json};
use serde::{Deserialize, Serialize};

use crate::calendar::MissedPolicy;
use crate::id::{JobId, ScheduleId};
use crate::jobs::Jobs;
use crate::schedules::change::Wanted;
use crate::schedules::schedule::Overlap;
use crate::schedules::{Schedule, ScheduleWhen};
use crate::spec::JobSpec;

/// Jobs that come by themselves.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = JobSchedule)]
pub(super) struct ScheduleView {
    /// Its id.
    id: ScheduleId,
    /// What it is called.
    name: String,
    /// Who answers for what it does.
    owner: CommandActor,
    /// When it fires.
    when: ScheduleWhen,
    /// What is done about fires that were missed because nobody was there.
    missed: MissedPolicy,
    /// What is done when the job of the last fire has not ended.
    overlap: Overlap,
    /// What each fire wants.
    job: JobSpec,
    /// Since when it does not fire.
    paused_at: Option<Timestamp>,
    /// When it fires next, as far as that is known.
    next_at: Option<Timestamp>,
    /// When it last fired.
    last_fired_at: Option<Timestamp>,
    /// The job of that.
    last_job_id: Option<JobId>,
    /// Why it could not fire the last time, if that is so.
    trouble: Option<String>,
    /// Where it is called, if it is.
    hook_url: Option<String>,
    /// When it was made.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

impl ScheduleView {
    pub(super) fn new(jobs: &Jobs, one: Schedule) -> Self {
        let base = jobs.public_url().as_str().trim_end_matches('/');
        Self {
            hook_url: one.when.is_hook().then(|| format!("{base}/api/v1/hooks/jobs/{}", one.id)),
            id: one.id,
            name: one.name,
            owner: one.owner,
            when: one.when,
            missed: one.missed,
            overlap: one.overlap,
            job: one.job,
            paused_at: one.paused_at,
            next_at: one.next_at,
            last_fired_at: one.last_fired_at,
            last_job_id: one.last_job,
            trouble: one.trouble,
            created_at: one.created_at,
            updated_at: one.updated_at,
        }
    }
}

/// A schedule that is to be.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateSchedule {
    /// What it is called.
    #[schema(min_length = 1, max_length = 128)]
    name: String,
    /// When it fires.
    when: ScheduleWhen,
    /// What is done about fires that were missed because nobody was there.
    #[serde(default)]
    missed: MissedPolicy,
    /// What is done when the job of the last fire has not ended.
    #[serde(default)]
    overlap: Overlap,
    /// What each fire wants.
    job: JobSpec,
}

impl From<CreateSchedule> for Wanted {
    fn from(body: CreateSchedule) -> Self {
        let CreateSchedule { name, when, missed, overlap, job } = body;
        Self { name, when, missed, overlap, job }
    }
}

/// What is to be different.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateSchedule {
    /// What it is called.
    #[schema(min_length = 1, max_length = 128)]
    name: Option<String>,
    /// When it fires.
    when: Option<ScheduleWhen>,
    /// What is done about fires that were missed.
    missed: Option<MissedPolicy>,
    /// What is done when the job of the last fire has not ended.
    overlap: Option<Overlap>,
    /// What each fire wants. Whoever changes it answers for it from then on.
    job: Option<JobSpec>,
    /// Whether it fires at all.
    paused: Option<bool>,
}

impl UpdateSchedule {
    pub(super) fn change(self, one: &mut Schedule, now: Timestamp) {
        one.name = self.name.unwrap_or_else(|| one.name.clone());
        one.when = self.when.unwrap_or_else(|| one.when.clone());
        one.missed = self.missed.unwrap_or(one.missed);
        one.overlap = self.overlap.unwrap_or(one.overlap);
        one.job = self.job.unwrap_or_else(|| one.job.clone());
        match self.paused {
            Some(true) => one.paused_at = one.paused_at.or(Some(now)),
            Some(false) => one.paused_at = None,
            None => {}
        }
    }
}

/// A schedule and, if it is called, the secret that signs calls: shown this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct CreatedSchedule {
    /// The schedule.
    #[serde(flatten)]
    pub(super) schedule: ScheduleView,
    /// What signs calls.
    pub(super) secret: Option<String>,
}

/// The secret that signs calls: shown this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ScheduleSecret {
    /// What signs calls.
    pub(super) secret: String,
}

impl IntoResponse for CreatedSchedule {
    fn into_response(self) -> Response {
        let has_secret = self.secret.is_some();
        let response = Created(self).into_response();
        if has_secret { not_to_be_kept(response) } else { response }
    }
}

impl IntoResponse for ScheduleSecret {
    fn into_response(self) -> Response {
        not_to_be_kept(Json(self).into_response())
    }
}

/// What is shown once is kept nowhere, not for a repetition of the request either.
fn not_to_be_kept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
