//! How streams and links end.

use crate::frame::FrameError;

/// Why a stream was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetCode {
    /// Nobody here is interested any more.
    Cancelled,
    /// There are too many streams, or none is taken now.
    Refused,
    /// What came made no sense.
    Protocol,
    /// It took too long.
    TimedOut,
    /// Something that a newer version says.
    Other(u32),
}

impl ResetCode {
    pub(crate) fn read(code: u32) -> Self {
        match code {
            1 => Self::Cancelled,
            2 => Self::Refused,
            3 => Self::Protocol,
            4 => Self::TimedOut,
            other => Self::Other(other),
        }
    }

    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Cancelled => 1,
            Self::Refused => 2,
            Self::Protocol => 3,
            Self::TimedOut => 4,
            Self::Other(other) => other,
        }
    }
}

/// A stream that did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reset {
    /// The other end cut it off.
    #[error("the other side ended the stream: {reason}")]
    ByPeer {
        /// Why, for programs.
        code: ResetCode,
        /// Why, for people.
        reason: String,
    },
    /// This end did.
    #[error("the stream was given up")]
    Here,
    /// The message is longer than agreed.
    #[error("a message of more than {0} bytes")]
    TooLong(usize),
    /// With the whole link.
    #[error("the connection ended: {0}")]
    Link(Ended),
}

/// Why a link is over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// This end closed it.
    #[error("it was closed here")]
    Here,
    /// The other end took its leave.
    #[error("the other side closed it: {reason}")]
    GoneAway {
        /// After how long one may come again.
        retry_after_ms: u32,
        /// Why, for people.
        reason: String,
    },
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// Nothing was heard for too long.
    #[error("nothing was heard for too long")]
    Silent,
    /// What came cannot be read.
    #[error("{0}")]
    Frame(#[from] FrameError),
    /// The other end did what it may not.
    #[error("the other side broke the rules: {0}")]
    Rule(&'static str),
}
