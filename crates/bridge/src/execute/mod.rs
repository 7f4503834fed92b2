//! Processes: started as the policy's plan says, attended to, and ended.

mod attend;
pub(crate) mod files;
pub(crate) mod gather;
pub(crate) mod keys;
mod pty;
mod ready;
mod said;
pub(crate) mod starter;
mod stop;
mod users;

use diwan_protocol::facts::Layer;
use diwan_protocol::run::{Outcome, Usage};
use diwan_sandbox::{Mode, Sandbox, SandboxError};

pub(crate) use ready::Ready;

use crate::commands::Size;

/// Starts processes.
#[derive(Debug)]
pub(crate) struct Executor {
    /// Why there is none, where there is none.
    sandbox: Result<Sandbox, String>,
}

/// What a process reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    /// Output and errors apart, and perhaps input.
    Pipes {
        /// Whether there is input.
        has_input: bool,
    },
    /// A terminal of this size.
    Terminal(Size),
    /// Errors as always; input and output are for whoever takes up the pipe.
    Pipe,
}

/// A process that is over.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub outcome: Outcome,
    /// How much it said on each channel.
    pub lengths: [u64; 2],
    /// What it took.
    pub usage: Usage,
}

impl Executor {
    /// Finds out what this system offers. What a plan requires is seen to when there is a plan.
    pub(crate) fn new() -> Self {
        Self { sandbox: Sandbox::new(Mode::BestEffort).map_err(|error| in_words(&error)) }
    }

    /// The layers of the sandbox, as they are told.
    pub(crate) fn layers(&self) -> Vec<Layer> {
        let Ok(sandbox) = &self.sandbox else { return vec![] };
        let layer = |(name, is_active, detail): (&str, bool, &str)| Layer {
            name: name.to_owned(),
            is_active,
            detail: detail.to_owned(),
        };
        sandbox.layers().iter().map(layer).collect()
    }
}

fn in_words(error: &SandboxError) -> String {
    error.to_string()
}
