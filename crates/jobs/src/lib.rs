//! Jobs: durable work between people, schedules, agents and machines.
//!
//! A job is written down before anything is done for it, waits for its turn and for a machine, is tried as often
//! as it may be, and has exactly one end. Each try is carried to a machine as an errand of the fleet.
//!
//! The promise: at-least-once delivery, effectively-once effects for steps that take the idempotency key; arbitrary
//! commands at most once by default.
//!
//! What it deliberately does not know: how a machine is reached and what it may do. That is the fleet's and the
//! machine's.
//!
//! Start at `create` for how a job comes about, `board` for who goes next, `dispatch` for how it is given to a machine,
//! `decide` for what follows from how a try went, and `settle` for how that is written down.
#![forbid(unsafe_code)]

mod again;
mod api;
mod board;
mod calendar;
mod change;
mod config;
mod create;
mod decide;
mod dispatch;
mod event;
mod flow;
mod id;
mod job;
mod jobs;
mod lend;
mod light;
mod log;
mod look;
mod migration;
mod news;
mod record;
mod schedules;
mod settle;
mod spec;
mod state;
mod statistics;
mod table;
mod together;
mod upkeep;
mod variables;
mod view;

pub use config::JobsConfig;
pub use id::{JobId, ScheduleId};
pub use jobs::{Jobs, Owners, Parts};
pub use migration::MIGRATIONS;
