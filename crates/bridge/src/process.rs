//! The bridge as a process: its runtime, its signals.

use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::heap::keep_giving_back;
use diwan_kernel::{Supervisor, TaskPolicy, World};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::daemon::{COMMANDS_AT_ONCE, RunParams, serve};
use crate::error::{JoinError, RunError};
use crate::join::{JoinParams, join};
use crate::machine::{self, ThisMachine};
use crate::membership::Membership;

/// How long what is for the process itself may take to end.
const FAREWELL: Duration = Duration::from_secs(1);
/// Threads that may wait for the disk, besides one for each command.
const OTHER_THREADS: usize = 8;

/// Runs the bridge until `SIGTERM` or `SIGINT`, or until its parent is gone. One thread does nearly everything: a
/// bridge is idle most of the time, and the machine is there for others.
///
/// # Errors
/// [`RunError`] when it cannot start.
pub(crate) fn run(world: &World, params: &RunParams, with_parent: bool) -> Result<(), RunError> {
    let runtime = runtime().map_err(RunError::System)?;
    runtime.block_on(async {
        let signals = stop_signals().map_err(RunError::System)?;
        let parent = if with_parent { Some(parent().map_err(RunError::System)?) } else { None };
        let stop = async {
            tokio::select! {
                biased;
                () = signals => {}
                () = gone(parent) => {}
            }
        };
        let process = Supervisor::new();
        process.spawn("memory", TaskPolicy::Once, keep_giving_back(process.clone()));
        let served = serve(world, Arc::new(ThisMachine::look()), params, stop).await;
        process.shut_down(FAREWELL).await;
        served
    })
}

/// Joins, for those who have no runtime of their own.
///
/// # Errors
/// As [`join`].
pub(crate) fn join_from_outside(world: &World, params: JoinParams<'_>) -> Result<Membership, JoinError> {
    let runtime = runtime().map_err(|e| JoinError::Lost(e.to_string()))?;
    runtime.block_on(join(world, params, machine::facts(vec![])))
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().max_blocking_threads(COMMANDS_AT_ONCE + OTHER_THREADS).build()
}

/// The parent holds the other end of standard input, which is a pipe.
fn parent() -> std::io::Result<pipe::Receiver> {
    pipe::Receiver::from_owned_fd(rustix::io::dup(std::io::stdin())?)
}

/// When the pipe ends, so did the parent. Who has none is never alone.
async fn gone(parent: Option<pipe::Receiver>) {
    let Some(mut parent) = parent else { return std::future::pending().await };
    let mut bytes = [0; 64];
    while parent.read(&mut bytes).await.is_ok_and(|length| length > 0) {}
}

fn stop_signals() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            biased;
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
