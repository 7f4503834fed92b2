//! What a schedule is, and what of one can be meant.

use std::collections::BTreeMap;

use diwan_fleet::CommandActor;
use diwan_kernel::problem::FieldError;
use diwan_kernel::{Problem, Timestamp, text};
use serde::{Deserialize, Serialize};

use crate::calendar::{Cron, Jitter, MissedPolicy, Timetable, Zone};
use crate::id::{JobId, ScheduleId};
use crate::spec::{JobSpec, is_label, is_queue, within};
use crate::state::JobState;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const LONGEST_NAME: usize = 128;
const LONGEST_EXPRESSION: usize = 255;
/// What of a filter says whose jobs and pushes count.
pub(super) const OWNER: &str = "owner";

/// A schedule.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pub(crate) id: ScheduleId,
    pub(crate) name: String,
    pub(crate) owner_id: String,
    pub(crate) owner: CommandActor,
    pub(crate) when: ScheduleWhen,
    pub(crate) missed: MissedPolicy,
    pub(crate) overlap: Overlap,
    pub(crate) job: JobSpec,
    pub(crate) paused_at: Option<Timestamp>,
    /// The moment that was fired last, or since when it counts: nothing up to it is fired any more.
    pub(crate) last_at: Timestamp,
    pub(crate) next_at: Option<Timestamp>,
    pub(crate) last_fired_at: Option<Timestamp>,
    pub(crate) last_job: Option<JobId>,
    /// What went wrong when it should have fired.
    pub(crate) trouble: Option<String>,
    /// What signs calls, sealed.
    pub(crate) secret: Option<Vec<u8>>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// When a schedule fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ScheduleWhen {
    /// By the clock.
    Cron {
        /// Minute, hour, day of month, month, day of week; a field for seconds may stand before them.
        #[schema(max_length = 255)]
        expression: String,
        /// Whose clock: a name like `Europe/Berlin`.
        #[serde(default = "utc")]
        #[schema(max_length = 64)]
        time_zone: String,
        /// A fire may be late by as many milliseconds, so that not all come at once; always by the same for one moment.
        #[serde(default)]
        #[schema(maximum = 86_400_000)]
        jitter_ms: u64,
    },
    /// When another service calls, and shows that it knows the secret.
    Webhook {
        /// Who calls, and signs how.
        provider: HookProvider,
        /// Only when this branch was pushed; not for `diwan`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(max_length = 244)]
        branch: Option<String>,
    },
    /// When something happened here.
    Event {
        /// What.
        event: ScheduleEvent,
        /// Only when all of these are so: of `job.ended` `state`, `name`, `queue`, `label`; of `machine.joined` `name`;
        /// of `git.push` `machine`, by its name or id. Jobs and pushes count as far as they are those of the schedule's
        /// owner, unless `owner` says whose: a person's id, or `*` for anybody's.
        #[serde(default)]
        filter: BTreeMap<String, String>,
    },
}

/// Who calls a webhook, and signs how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HookProvider {
    /// Anything of one's own, by `X-Diwan-Timestamp` and `X-Diwan-Signature`.
    Diwan,
    /// GitHub.
    Github,
    /// GitLab.
    Gitlab,
    /// Gitea and Forgejo.
    Gitea,
}

/// What can happen here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) enum ScheduleEvent {
    /// A job has ended.
    #[serde(rename = "job.ended")]
    JobEnded,
    /// A machine has joined.
    #[serde(rename = "machine.joined")]
    MachineJoined,
    /// A push by a machine has succeeded.
    #[serde(rename = "git.push")]
    GitPush,
}

/// What is done when the job of the last fire has not ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Overlap {
    /// Another job.
    #[default]
    Allow,
    /// Nothing.
    Skip,
}

fn utc() -> String {
    "UTC".to_owned()
}

impl ScheduleEvent {
    /// What its filter may ask.
    pub(super) const fn asks(self) -> &'static [&'static str] {
        match self {
            Self::JobEnded => &["state", "name", "queue", "label", OWNER],
            Self::MachineJoined => &["name"],
            Self::GitPush => &["machine", OWNER],
        }
    }
}

impl ScheduleWhen {
    /// When it fires by the clock, if it does.
    ///
    /// # Errors
    /// 422 with what is wrong, and where.
    pub(crate) fn timetable(&self, id: ScheduleId) -> Result<Option<Timetable>, Problem> {
        let Self::Cron { expression, time_zone, jitter_ms } = self else { return Ok(None) };
        let mut wrong = vec![];
        if expression.len() > LONGEST_EXPRESSION {
            return Err(Problem::invalid_field("when.expression", "too_long", "An expression is no longer than 255."));
        }
        let cron = Cron::parse(expression);
        if let Err(fault) = &cron {
            let message = format!("At character {}, {fault}", fault.at + 1);
            wrong.push(FieldError { field: "when.expression".into(), code: "cron_invalid", message });
        }
        let zone = Zone::parse(time_zone);
        if let Err(fault) = &zone {
            let message = fault.to_string();
            wrong.push(FieldError { field: "when.time_zone".into(), code: "time_zone_unknown", message });
        }
        if *jitter_ms > DAY_MS {
            let message = "It is at most a day.".to_owned();
            wrong.push(FieldError { field: "when.jitter_ms".into(), code: "out_of_range", message });
        }
        match (cron, zone) {
            (Ok(cron), Ok(zone)) if wrong.is_empty() => {
                Ok(Some(Timetable { cron, zone, jitter: Jitter { schedule: id, within_ms: *jitter_ms } }))
            }
            _ => Err(Problem::invalid_fields(wrong)),
        }
    }

    /// Whether it is called by another service.
    pub(crate) const fn is_hook(&self) -> bool {
        matches!(self, Self::Webhook { .. })
    }
}

impl Schedule {
    /// Refuses what cannot be meant, and cleans its name.
    ///
    /// # Errors
    /// 422 with everything about it.
    pub(crate) fn check(&mut self) -> Result<(), Problem> {
        self.when.timetable(self.id)?;
        self.job.check().map_err(of_job)?;
        let mut wrong = vec![];
        match text::line("name", &self.name, LONGEST_NAME) {
            Ok(name) => self.name = name,
            Err(flaw) => wrong.push(flaw),
        }
        let mut unless = |is_right: bool, field: &str, code: &'static str, message: &str| {
            if !is_right {
                wrong.push(FieldError { field: field.to_owned(), code, message: message.to_owned() });
            }
        };
        let message = "Each fire is a job of its own: what it waits for, when, and its key cannot be said here.";
        unless(self.job.after.is_empty(), "job.after", "not_here", message);
        unless(self.job.not_before.is_none(), "job.not_before", "not_here", message);
        unless(self.job.idempotency_key.is_none(), "job.idempotency_key", "not_here", message);
        match &self.when {
            ScheduleWhen::Event { event, filter } => {
                for (key, value) in filter {
                    let message = format!("It may ask for {}.", event.asks().join(", "));
                    unless(event.asks().contains(&key.as_str()), &format!("when.filter.{key}"), "unknown", &message);
                    let (can_be, message) = can_be_so(key, value);
                    unless(can_be, &format!("when.filter.{key}"), "invalid", message);
                }
            }
            ScheduleWhen::Webhook { provider: HookProvider::Diwan, branch: Some(_) } => {
                unless(false, "when.branch", "not_here", "Only code hosts say which branch was pushed.");
            }
            ScheduleWhen::Webhook { branch: Some(branch), .. } => {
                let message = "A branch has 1 to 244 characters without spaces, and no refs/heads/ before them.";
                let is_named = (1..=244).contains(&branch.len()) && !branch.starts_with("refs/");
                let is_branch = is_named && !branch.contains(char::is_whitespace);
                unless(is_branch, "when.branch", "branch_invalid", message);
            }
            ScheduleWhen::Webhook { .. } | ScheduleWhen::Cron { .. } => {}
        }
        if wrong.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(wrong)) }
    }
}

/// Whether what is asked for can ever be so, and how it would be asked for.
fn can_be_so(key: &str, value: &str) -> (bool, &'static str) {
    if !(1..=255).contains(&value.len()) {
        return (false, "It has 1 to 255 characters.");
    }
    match key {
        "state" => (
            JobState::parse(value).is_some_and(|state| !state.is_open()),
            "Jobs end as succeeded, failed, cancelled, timed_out or expired.",
        ),
        "queue" => (is_queue(value), "It is no name of a queue."),
        "label" => (is_label(value), "A label is asked for as key=value."),
        _ => (true, ""),
    }
}

/// The fields are those of its job.
pub(super) fn of_job(problem: Problem) -> Problem {
    within("job", problem)
}
