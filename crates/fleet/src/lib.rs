//! The fleet: which machines are ours, whether they are there, and what they are asked to do.
//!
//! What is here: how a machine joins and proves who it is, the connections that are open now, and commands,
//! which are written down before they are carried to a machine and until it is known how they ended.
//!
//! What it deliberately does not know: how a machine does what it is asked. That is the bridge's.
//!
//! Start at [`Fleet`].
#![forbid(unsafe_code)]

mod connections;
mod fleet;
mod machine;

pub use fleet::{Fleet, Parts};
pub use machine::{Machine, MachineId};
