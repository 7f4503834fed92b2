//! A job as it stands, and one try at it.

use std::collections::BTreeSet;

use diwan_fleet::{CommandActor, CommandId, CommandUsage, MachineId};
use diwan_kernel::Timestamp;

use crate::flow::{Flow, FlowId, Place};
use crate::id::{JobId, ScheduleId};
use crate::spec::JobSpec;
use crate::state::{JobHold, JobState};

/// A job.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: JobId,
    pub(crate) flow: FlowId,
    pub(crate) name: String,
    /// Whose it is: a person, or what else acts. Between these turns are shared out.
    pub(crate) owner_id: String,
    pub(crate) owner: CommandActor,
    pub(crate) spec: JobSpec,
    pub(crate) state: JobState,
    pub(crate) hold: JobHold,
    /// How many times it was given to a machine.
    pub(crate) attempt: u32,
    /// How many of these counted: one that never came to its machine does not.
    pub(crate) tries: u32,
    pub(crate) most_tries: u32,
    /// Grows with everything that makes word of an earlier try worthless.
    pub(crate) fence: u64,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) deadline_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) ready_at: Timestamp,
    pub(crate) leased_at: Option<Timestamp>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) cancel_asked_at: Option<Timestamp>,
    pub(crate) machine: Option<(MachineId, String)>,
    /// Machines that have refused it, while others may take it.
    pub(crate) avoids: BTreeSet<MachineId>,
    pub(crate) command: Option<CommandId>,
    pub(crate) fared: Fared,
    pub(crate) dead_at: Option<Timestamp>,
    pub(crate) open_dependencies: u32,
    pub(crate) schedule: Option<(ScheduleId, Timestamp)>,
    pub(crate) rerun_of: Option<JobId>,
    /// The job by whose end or push its schedule fired.
    pub(crate) begun_by: Option<JobId>,
    /// How many jobs began one another up to here.
    pub(crate) depth: u32,
    pub(crate) idempotency_digest: Option<Vec<u8>>,
}

/// How a try went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fared {
    /// A stable code, unless it succeeded.
    pub(crate) reason: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) exit_code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) usage: Option<CommandUsage>,
    pub(crate) output_bytes: u64,
    pub(crate) error_bytes: u64,
}

/// A try at a job that is over.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) attempt: u32,
    pub(crate) fence: u64,
    pub(crate) machine: MachineId,
    pub(crate) machine_name: String,
    pub(crate) command: Option<CommandId>,
    pub(crate) leased_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) state: JobState,
    pub(crate) fared: Fared,
}

impl Job {
    /// Its place in its flow.
    pub(crate) const fn place(&self) -> Place {
        Place { ready_at: self.ready_at, job: self.id }
    }

    /// A machine has it.
    pub(crate) const fn is_under_way(&self) -> bool {
        matches!(self.state, JobState::Leased | JobState::Running)
    }

    /// How its last try went, once that is over. While it is under way, what is written down is of the try before.
    pub(crate) fn fares(&self) -> Option<&Fared> {
        (!self.is_under_way()).then_some(&self.fared)
    }

    /// It is not given to this machine again.
    pub(crate) fn avoid(&mut self, machine: MachineId) {
        self.avoids.insert(machine);
        self.flow = self.in_flow().id();
    }

    /// It may be given to all machines again that it is for.
    pub(crate) fn avoid_none(&mut self) {
        self.avoids.clear();
        self.flow = self.in_flow().id();
    }

    /// What it has in common with the others of its flow.
    pub(crate) fn in_flow(&self) -> Flow {
        Flow { avoids: self.avoids.clone(), ..Flow::of(&self.spec, &self.owner_id) }
    }
}
