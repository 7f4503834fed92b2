//! Terminals: commands whose newest output is shown rather than kept, and into which somebody types.
//!
//! A terminal goes the way of every command. What is different: of its output only the newest is here, in memory,
//! for whoever looks on ([`Scrollback`]); all of it lies on no disk, unless it is recorded ([`recording`]). Several
//! may look on, and only whoever opened it may type ([`access`]).

pub(crate) mod access;
mod presence;
pub(crate) mod recording;
mod scrollback;

pub(crate) use presence::{Present, TerminalSize, TerminalView};
pub(crate) use recording::{Recorded, Recorder};
pub(crate) use scrollback::Scrollback;
