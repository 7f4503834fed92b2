//! When schedules fire: pure rules, without a clock and without a database.
//!
//! [`Cron`] is what people write, [`Zone`] is whose clocks are meant. [`next_after`] says when it fires next, and
//! [`due`] what is to be fired now, after a while in which nobody looked. A fire is known by its tick, the moment that
//! the expression names: whoever works it out, and however often, comes to the same one.
//!
//! Start at [`next`] for what happens when clocks are changed, at [`missed`] for what happens after an absence.

mod cron;
mod fault;
mod field;
mod jitter;
mod missed;
mod next;
mod set;
#[cfg(test)]
mod tests;
mod timetable;
mod zone;

pub(crate) use cron::Cron;
pub(crate) use jitter::Jitter;
pub(crate) use missed::{MissedPolicy, due};
pub(crate) use next::preview;
pub(crate) use timetable::{Tick, Timetable};
pub(crate) use zone::Zone;

#[cfg(test)]
use {missed::Due, next::next_after};
