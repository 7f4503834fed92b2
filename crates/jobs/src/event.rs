//! What is announced about jobs.

use diwan_fleet::MachineId;
use diwan_kernel::events::{Audience, DomainEvent};
use diwan_kernel::{Permission, Timestamp};
use serde::Serialize;

use crate::id::{JobId, ScheduleId};
use crate::job::Job;
use crate::state::JobState;

macro_rules! audience {
    ($type:ty, $name:literal) => {
        impl DomainEvent for $type {
            const TOPIC: &'static str = "jobs";
            const NAME: &'static str = $name;

            fn audience(&self) -> Audience {
                Audience::Permission(Permission::JobsRead)
            }
        }
    };
}

/// A job is another now.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct JobChanged {
    id: JobId,
    state: JobState,
    attempt: u32,
    queue: String,
    machine_id: Option<MachineId>,
    schedule_id: Option<ScheduleId>,
}

audience!(JobChanged, "job.changed");

impl From<&Job> for JobChanged {
    fn from(job: &Job) -> Self {
        Self {
            id: job.id,
            state: job.state,
            attempt: job.attempt,
            queue: job.spec.queue.clone(),
            machine_id: job.machine.as_ref().map(|(id, _)| *id),
            schedule_id: job.schedule.map(|(id, _)| id),
        }
    }
}

/// Many jobs are others now: whoever looks on looks anew.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct JobsChanged {
    pub(crate) count: usize,
}

audience!(JobsChanged, "jobs.changed");

/// Something was decided about a queue, or about how much a machine takes.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct QueueChanged {
    pub(crate) name: String,
}

audience!(QueueChanged, "job_queue.changed");

/// A schedule is another now, or fired.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ScheduleChanged {
    pub(crate) id: ScheduleId,
}

/// What that is called.
pub(crate) const SCHEDULE_CHANGED: &str = "job_schedule.changed";

audience!(ScheduleChanged, "job_schedule.changed");

/// A job has ended, for those within the house who wait for that.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct JobEnded {
    pub(crate) id: JobId,
    pub(crate) name: String,
    pub(crate) state: JobState,
    pub(crate) queue: String,
    pub(crate) labels: std::collections::BTreeMap<String, String>,
    pub(crate) ended_at: Option<Timestamp>,
    /// Whose it is.
    pub(crate) owner_id: String,
}

impl DomainEvent for JobEnded {
    const TOPIC: &'static str = "jobs";
    const NAME: &'static str = "job.ended";

    fn audience(&self) -> Audience {
        Audience::Internal
    }
}
