//! Schedules: jobs that come by themselves, by the clock, when another service calls, or when something happened here.
//!
//! A fire is known by its schedule and the moment it is for, and makes one job however many servers notice it.
//!
//! Start at [`schedule`] for what a schedule is, at [`fire`] for how it fires, at [`listen`] for what happens here, at [`hook`]
//! for whom is believed.

pub(crate) mod change;
mod fire;
pub(crate) mod hook;
mod listen;
pub(crate) mod schedule;
mod trigger;

pub(crate) use self::fire::start;
pub(crate) use self::schedule::{Schedule, ScheduleWhen};
