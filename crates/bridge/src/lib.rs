//! The bridge: the daemon that runs on every machine, dials out to the control plane and does the work.
//!
//! It joins with a token, keeps one connection, believes only commands that the control plane signed for this
//! machine and this moment, asks the owner's policy about each, runs what is allowed in a sandbox, and keeps
//! the output until the control plane has all of it.
//!
//! What it deliberately does not know: who may command (the control plane's business), what a command line
//! means (the policy's), how a room is locked (the sandbox's), how bytes get through (the link's).
//!
//! Start at [`serve`] for the daemon, at `commands/carry_out.rs` for a command's way from its signature to its
//! end, and at `journal/mod.rs` for what outlives a crash.
#![forbid(unsafe_code)]

pub mod cli;

mod artifacts;
mod backoff;
mod commands;
mod control;
mod daemon;
mod dial;
mod error;
mod execute;
mod identity;
mod join;
mod journal;
mod light;
mod machine;
mod mask;
mod membership;
mod policy_file;
mod process;
mod rules;
mod self_knowledge;
mod simulated;
mod sleep;
mod state;
mod tls_time;

pub use commands::{Channel, Given, Running, Said, Size};
pub use daemon::{RunParams, serve};
pub use dial::DialError;
pub use diwan_policy::Plan;
pub use error::{JoinError, RunError, StateError};
pub use execute::{Finished, Streams};
pub use join::{JoinParams, join};
pub use machine::{Machine, Ready, Sampler, ThisMachine};
pub use membership::Membership;
pub use simulated::{Happened, Simulated};
pub use state::State;

/// Becomes another program if this one was started as that: the launcher of a sandbox, or one of the agents that serve
/// or gather files inside of one or begin a project there, or what puts an SSH key into the file of a user. It is to be
/// the very first thing in `main`.
pub fn launch_if_asked() {
    diwan_sandbox::launch_if_asked();
    execute::files::serve_if_asked();
    execute::gather::serve_if_asked();
    execute::starter::make_if_asked();
    execute::keys::serve_if_asked();
}
