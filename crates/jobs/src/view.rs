//! Jobs as the API shows them.

use diwan_fleet::{CommandActor, CommandId, CommandUsage, MachineId};
use diwan_kernel::Timestamp;
use serde::Serialize;

use crate::id::{JobId, ScheduleId};
use crate::job::{Attempt, Fared, Job};
use crate::spec::JobSpec;
use crate::state::{JobHold, JobState};

/// Work that is wanted, and where it stands.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Job)]
pub(crate) struct JobView {
    /// Its id.
    id: JobId,
    /// Whose it is.
    owner: CommandActor,
    /// What it is called.
    title: String,
    /// What is wanted.
    #[serde(flatten)]
    spec: JobSpec,
    /// Where it stands.
    state: JobState,
    /// Why a queued one is not ready; empty when it is.
    hold: JobHold,
    /// How many times it was given to a machine.
    attempt: u32,
    /// How many of these counted.
    tries: u32,
    /// How often it is tried at the most.
    most_tries: u32,
    /// Grows with everything that makes word of an earlier try worthless.
    #[schema(maximum = 9007199254740991_u64)]
    fence: u64,
    /// Until when it waits before it is ready.
    due_at: Option<Timestamp>,
    /// When it expires unless it has begun.
    deadline_at: Option<Timestamp>,
    /// When it was wanted.
    created_at: Timestamp,
    /// Since when it is, or was, ready.
    ready_at: Timestamp,
    /// When the last try was given to a machine.
    leased_at: Option<Timestamp>,
    /// When the machine began with it.
    started_at: Option<Timestamp>,
    /// When the job ended.
    ended_at: Option<Timestamp>,
    /// Since when it is to stop.
    cancel_asked_at: Option<Timestamp>,
    /// On which machine the last try is or was.
    machine_id: Option<MachineId>,
    /// What that was called then.
    machine_name: Option<String>,
    /// The command that the last try is: what it says is read there.
    command_id: Option<CommandId>,
    /// Why it did not succeed.
    reason: Option<String>,
    /// More about that, for people.
    detail: Option<String>,
    /// With which status the last try ended by itself.
    exit_code: Option<i32>,
    /// Which signal ended it.
    signal: Option<i32>,
    /// What it took.
    usage: Option<CommandUsage>,
    /// How much output there is.
    output_bytes: u64,
    /// How much error output there is.
    error_bytes: u64,
    /// Since when somebody has to look at it.
    dead_at: Option<Timestamp>,
    /// The schedule that wanted it.
    schedule_id: Option<ScheduleId>,
    /// The moment of the schedule that it is for.
    scheduled_for: Option<Timestamp>,
    /// The job that it repeats with changes.
    rerun_of: Option<JobId>,
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        let Fared { reason, detail, exit_code, signal, usage, output_bytes, error_bytes } =
            job.fares().cloned().unwrap_or_default();
        let (machine_id, machine_name) = job.machine.unzip();
        let (schedule_id, scheduled_for) = job.schedule.unzip();
        Self {
            id: job.id,
            owner: job.owner,
            title: job.name,
            spec: job.spec,
            state: job.state,
            hold: job.hold,
            attempt: job.attempt,
            tries: job.tries,
            most_tries: job.most_tries,
            fence: job.fence,
            due_at: job.due_at,
            deadline_at: job.deadline_at,
            created_at: job.created_at,
            ready_at: job.ready_at,
            leased_at: job.leased_at,
            started_at: job.started_at,
            ended_at: job.ended_at,
            cancel_asked_at: job.cancel_asked_at,
            machine_id,
            machine_name,
            command_id: job.command,
            reason,
            detail,
            exit_code,
            signal,
            usage,
            output_bytes,
            error_bytes,
            dead_at: job.dead_at,
            schedule_id,
            scheduled_for,
            rerun_of: job.rerun_of,
        }
    }
}

impl JobView {
    /// The same for a list of many.
    pub(crate) fn in_a_list(mut self) -> Self {
        self.spec.operation = self.spec.operation.in_a_list();
        self
    }
}

/// One time that a job was given to a machine.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = JobAttempt)]
pub(crate) struct AttemptView {
    /// Which time, from 1.
    pub(crate) attempt: u32,
    /// On which machine.
    machine_id: MachineId,
    /// What that was called.
    machine_name: String,
    /// The command that it is: what it says is read there.
    pub(crate) command_id: Option<CommandId>,
    /// When it was given to the machine.
    leased_at: Timestamp,
    /// When the machine began.
    started_at: Option<Timestamp>,
    /// When it ended.
    ended_at: Option<Timestamp>,
    /// Where it stands, or how it ended.
    state: JobState,
    /// Why it did not succeed.
    reason: Option<String>,
    /// More about that.
    detail: Option<String>,
    /// With which status it ended by itself.
    exit_code: Option<i32>,
    /// Which signal ended it.
    signal: Option<i32>,
    /// What it took.
    usage: Option<CommandUsage>,
    /// How much output there is.
    output_bytes: u64,
    /// How much error output there is.
    error_bytes: u64,
}

impl From<Attempt> for AttemptView {
    fn from(one: Attempt) -> Self {
        let Fared { reason, detail, exit_code, signal, usage, output_bytes, error_bytes } = one.fared;
        Self {
            attempt: one.attempt,
            machine_id: one.machine,
            machine_name: one.machine_name,
            command_id: one.command,
            leased_at: one.leased_at,
            started_at: one.started_at,
            ended_at: one.ended_at,
            state: one.state,
            reason,
            detail,
            exit_code,
            signal,
            usage,
            output_bytes,
            error_bytes,
        }
    }
}

impl AttemptView {
    /// The last time that a job was given to a machine.
    pub(crate) fn last_of(job: &Job) -> Option<Self> {
        let (machine, machine_name) = job.machine.clone()?;
        let one = Attempt {
            attempt: job.attempt,
            fence: job.fence,
            machine,
            machine_name,
            command: job.command,
            leased_at: job.leased_at?,
            started_at: job.started_at,
            ended_at: job.ended_at,
            state: job.state,
            fared: job.fares().cloned().unwrap_or_default(),
        };
        Some(one.into())
    }
}

/// A job with its history and what stands around it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = JobDetails)]
pub(crate) struct JobDetails {
    /// The job.
    #[serde(flatten)]
    pub(crate) job: JobView,
    /// Every time that it was given to a machine, in order.
    pub(crate) attempts: Vec<AttemptView>,
    /// What a queued job waits for now.
    pub(crate) waits_for: Option<JobWait>,
    /// Those that it waits for, or waited for.
    pub(crate) dependencies: Vec<JobNeighbour>,
    /// Those that wait for it, or waited for it.
    pub(crate) dependents: Vec<JobNeighbour>,
}

/// A job that another waits for.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct JobNeighbour {
    /// Its id.
    pub(crate) id: JobId,
    /// What it is called.
    pub(crate) title: String,
    /// Where it stands.
    pub(crate) state: JobState,
}

/// What a queued job waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JobWait {
    /// The moment `due_at`.
    Time,
    /// Other jobs.
    Dependencies,
    /// Its queue is paused.
    QueuePaused,
    /// As many of its queue are under way as may be.
    QueueFull,
    /// As many with its key are under way as may be.
    KeyFull,
    /// No machine that it may be on is connected.
    NoMachine,
    /// All machines that it may be on have enough to do.
    MachinesFull,
    /// Its turn: others go first.
    Turn,
}
