//! The bridge as a process: its runtime, its signals.

use diwan_kernel::World;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::daemon::{COMMANDS_AT_ONCE, RunParams, serve};
use crate::error::{JoinError, RunError};
use crate::join::{JoinParams, join};
use crate::machine;
use crate::membership::Membership;

/// Threads that may wait for the disk, besides one for each command.
const OTHER_THREADS: usize = 8;

/// Runs the bridge until `SIGTERM` or `SIGINT`. One thread does nearly everything: a bridge is idle most of
/// the time, and the machine is there for others.
///
/// # Errors
/// [`RunError`] when it cannot start.
pub fn run(world: &World, params: &RunParams) -> Result<(), RunError> {
    let runtime = runtime().map_err(RunError::System)?;
    runtime.block_on(async {
        let stop = stop_signals().map_err(RunError::System)?;
        serve(world, params, stop).await
    })
}

/// Joins, for those who have no runtime of their own.
///
/// # Errors
/// As [`join`].
pub fn join_from_outside(world: &World, params: JoinParams<'_>) -> Result<Membership, JoinError> {
    let runtime = runtime().map_err(|e| JoinError::Lost(e.to_string()))?;
    runtime.block_on(join(world, params, machine::facts(vec![])))
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().max_blocking_threads(COMMANDS_AT_ONCE + OTHER_THREADS).build()
}

fn stop_signals() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
