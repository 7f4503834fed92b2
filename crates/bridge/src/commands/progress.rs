//! How far a command is: what everybody who follows it looks at.

use std::sync::Arc;

use diwan_protocol::run::{Ended, Verdict};

/// The two things that a command says something on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Its output.
    Output,
    /// Its errors.
    Errors,
}

impl Channel {
    /// Both of them.
    pub const BOTH: [Self; 2] = [Self::Output, Self::Errors];

    /// As the protocol counts them.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Output => 1,
            Self::Errors => 2,
        }
    }

    pub(crate) fn index(self) -> usize {
        match self {
            Self::Output => 0,
            Self::Errors => 1,
        }
    }
}

/// How far a command is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// What the policy said.
    pub(crate) verdict: Option<Arc<Verdict>>,
    /// When it began, in milliseconds since 1970.
    pub(crate) started_ms: Option<i64>,
    /// How much there is of each channel.
    pub(crate) lengths: [u64; 2],
    /// How much of the input was taken.
    pub(crate) input_taken: u64,
    /// How it ended.
    pub(crate) ended: Option<Ended>,
}
