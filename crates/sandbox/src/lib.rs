//! The room in which a bridge runs every command: what is not named in its profile is not there.
//!
//! A [`Sandbox`] tries once which layers of protection this system really offers. For every command a
//! [`Profile`] says which program runs, what it may read and write, and how much it may use;
//! [`Sandbox::prepare`] makes of it a [`Prepared`], whose [`Prepared::command`] is started like any other
//! command. What starts is this same program again, as the launcher: it builds the room around itself,
//! locks it from the inside, and only then starts the program that was asked for.
//!
//! What it deliberately does not know: policies, the network protocol, time. It reads no configuration,
//! and nothing here decides whether a program may run; only what it can reach when it does.
//!
//! Start at [`profile`] for what can be said, then at `linux/outer.rs` and `linux/inner.rs` for how a
//! room comes to be.
#![forbid(unsafe_code)]

pub mod layers;
pub mod outcome;
pub mod profile;

mod error;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

pub use error::SandboxError;
pub use layers::{Layer, Layers, Mode, State};
#[cfg(target_os = "linux")]
pub use linux::{Prepared, Sandbox, hold, launch_if_asked};
#[cfg(not(target_os = "linux"))]
pub use other::{Prepared, Sandbox, hold, launch_if_asked};
pub use outcome::{Ended, Outcome, Usage};
pub use profile::{GIVEN, HOME, Limits, Network, PROTECTED, Profile, User};
