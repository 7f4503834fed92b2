//! Why nothing was run.

use std::io;
use std::path::PathBuf;

/// What keeps a command from running in a sandbox. None of them means that it ran without one.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// This system lacks layers that the mode requires.
    #[error("this system does not offer what the sandbox requires: {0}")]
    Missing(String),
    /// The profile asks for something that cannot be.
    #[error("the profile cannot be used: {0}")]
    Profile(String),
    /// A path of the profile cannot be shown inside.
    #[error("{} cannot be shown in the sandbox: {why}", path.display())]
    Root {
        /// Which one.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// A layer could not be put around the command, which was therefore not started.
    #[error("the sandbox could not be set up: {layer}: {why}")]
    Setup {
        /// Which layer or step.
        layer: String,
        /// Why not.
        why: String,
    },
    /// The sandbox stands, but the program in it could not be started.
    #[error("the program could not be started: {0}")]
    Program(String),
    /// The operating system refused something outside the sandbox.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What it said.
        source: io::Error,
    },
}

impl SandboxError {
    /// For `map_err`: names what was tried.
    #[cfg(target_os = "linux")]
    pub(crate) fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::System { what, source: source.into() }
    }
}
