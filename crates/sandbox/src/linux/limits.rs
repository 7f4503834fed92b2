//! Limits of each process, and what was used.

use std::io;

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::time::TimeValLike;

use super::plan::Plan;
use super::steps::{Said, Steps, because};
use crate::layers::Layer;

/// No image of a process that crashed: with 0 no file is written, but a program of the machine that takes
/// images in would still be started, as root. With 1 it is not.
const NO_CORE: u64 = 1;

/// Sets all of them, softly and hard, so that nothing inside can raise one.
pub(super) fn set(plan: &Plan) -> Said {
    let limits = &plan.profile.limits;
    let unless = |layer, limit: Option<u64>| limit.filter(|_| !plan.has(layer));
    let all = [
        (Resource::RLIMIT_CPU, limits.cpu_seconds),
        // What a process has written to, not what it has reserved: some runtimes reserve terabytes.
        (Resource::RLIMIT_DATA, unless(Layer::GroupMemory, limits.memory_bytes)),
        (Resource::RLIMIT_NPROC, unless(Layer::GroupProcesses, limits.processes)),
        (Resource::RLIMIT_NOFILE, limits.open_files),
        (Resource::RLIMIT_FSIZE, limits.file_bytes),
        (Resource::RLIMIT_CORE, Some(NO_CORE)),
        (Resource::RLIMIT_RTPRIO, Some(0)),
        (Resource::RLIMIT_NICE, Some(0)),
        (Resource::RLIMIT_MSGQUEUE, Some(0)),
    ];
    for (resource, limit) in all.into_iter().filter_map(|(resource, limit)| Some((resource, limit?))) {
        lower(resource, limit)?;
    }
    Ok(String::new())
}

/// What is lower already stays so: only root could raise it.
fn lower(resource: Resource, limit: u64) -> Result<(), String> {
    let (_, hard) = getrlimit(resource).map_err(because(format!("{resource:?}")))?;
    let limit = limit.min(hard);
    setrlimit(resource, limit, limit).map_err(because(format!("{resource:?}")))
}

/// Leaves no image of the memory behind when this process ends by a signal.
pub(super) fn no_core() -> Result<(), String> {
    lower(Resource::RLIMIT_CORE, NO_CORE)
}

/// Tells what all processes that were waited for have used.
pub(super) fn tell_usage(steps: &mut Steps) -> io::Result<()> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    steps.tell("cpu_user_us", &usage.user_time().num_microseconds().to_string())?;
    steps.tell("cpu_system_us", &usage.system_time().num_microseconds().to_string())?;
    steps.tell("memory_bytes", &usage.max_rss().saturating_mul(1024).to_string())
}
