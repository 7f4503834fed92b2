//! The ids of jobs and of what belongs to them.

use diwan_kernel::{Id, id_kinds};

id_kinds! {
    /// Work that is wanted.
    JobKind = "job",
    /// Jobs that come by themselves.
    ScheduleKind = "jsc",
}

/// The id of a job.
pub type JobId = Id<JobKind>;
/// The id of a schedule.
pub type ScheduleId = Id<ScheduleKind>;
