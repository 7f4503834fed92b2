//! How a command ended and what it used.

use std::time::Duration;

/// How the program itself ended, as its parent inside the sandbox saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It returned this code.
    Exited(i32),
    /// This signal killed it.
    Signalled(i32),
}

/// What the program and all its descendants used together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time in user mode.
    pub cpu_user: Duration,
    /// Processor time in the kernel.
    pub cpu_system: Duration,
    /// The most memory that was in use at once: of all processes where a control group counts, else of
    /// the largest one.
    pub memory_bytes: u64,
    /// How often the memory limit killed a process; known only where a control group counts.
    pub memory_kills: Option<u64>,
}

/// The end of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub ended: Ended,
    /// What it used.
    pub usage: Usage,
}
