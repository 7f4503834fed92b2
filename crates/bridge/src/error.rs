//! What can go wrong, in words that say what is wrong and what to do.

use std::path::PathBuf;

use diwan_kernel::world::DiskError;

use crate::dial::DialError;

/// What is wrong with the directory of a bridge.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another process has it.
    #[error("another bridge runs with {}: stop it first, or give this one a directory of its own", .0.display())]
    Taken(PathBuf),
    /// A file in it makes no sense.
    #[error("{} is damaged: take a copy of it from a backup, or join this machine again with --force", .0.display())]
    Damaged(PathBuf),
    /// The process is ending.
    #[error("the bridge is being stopped")]
    Stopped,
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why a machine did not join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// What was given is no address with a fingerprint.
    #[error("{0}: copy the whole line that the dashboard shows, it has the form https://host:port#fingerprint")]
    Target(String),
    /// It is a machine of a control plane already.
    #[error(
        "this machine has joined {url} as {name} already: run it with `diwan bridge run`, or join again with --force"
    )]
    AlreadyJoined {
        /// Which.
        url: String,
        /// As what.
        name: String,
    },
    /// The control plane said no.
    #[error("the control plane refuses: {words}")]
    Refused {
        /// For programs.
        code: String,
        /// What is wrong and what to do.
        words: String,
    },
    /// It could not be reached, or is somebody else.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// It answered something that makes no sense.
    #[error("the control plane answered something that this version does not understand ({0}): is it older or newer?")]
    Answer(String),
    /// The answer did not come. Trying again is safe: the same key asks again.
    #[error("the connection ended before the answer came ({0}): run the same line again, the token stays valid")]
    Lost(String),
    /// The state directory.
    #[error(transparent)]
    State(#[from] StateError),
    /// A key could not be made.
    #[error("no key could be made: {0}")]
    Key(String),
}

/// Why the daemon stopped, or did not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It never joined.
    #[error("this machine has not joined a control plane: paste the line that the dashboard shows under Add machine")]
    NotJoined,
    /// The state directory.
    #[error(transparent)]
    State(#[from] StateError),
    /// Its identity does not fit together.
    #[error("the identity of this machine cannot be used ({0}): join it again with --force")]
    Identity(String),
    /// The journal.
    #[error("the journal of commands cannot be used: {0}")]
    Journal(std::io::Error),
    /// The policy.
    #[error("{0}")]
    Policy(String),
    /// The system.
    #[error("cannot start: {0}")]
    System(std::io::Error),
}
