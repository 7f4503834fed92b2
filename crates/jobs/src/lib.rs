//! Jobs: durable work between people, schedules, agents and machines.
//!
//! A job is written down before anything is done for it, waits for its turn and for a machine, is tried as often
//! as it may be, and has exactly one end. Each attempt is carried to a machine as a command of the fleet.
//!
//! What it deliberately does not know: how a machine is reached and what it may do. That is the fleet's and the
//! machine's.
#![forbid(unsafe_code)]

mod id;

pub use id::{JobId, ScheduleId};
