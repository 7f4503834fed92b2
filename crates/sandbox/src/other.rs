//! Systems whose layers are not known here: they say so, and run commands without any if that is accepted.

use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use crate::error::SandboxError;
use crate::layers::{Layers, Mode};
use crate::outcome::{Ended, Outcome, Usage};
use crate::profile::Profile;

/// There is no launcher here.
pub fn launch_if_asked() {}

/// A sandbox without any layer.
#[derive(Debug, Clone)]
pub struct Sandbox {
    layers: Layers,
}

impl Sandbox {
    /// Says that nothing is offered.
    ///
    /// # Errors
    /// Always with [`Mode::Required`].
    pub fn new(mode: Mode) -> Result<Self, SandboxError> {
        let layers = Layers::none("not known for this operating system");
        match layers.missing() {
            Some(missing) if mode == Mode::Required => Err(SandboxError::Missing(missing)),
            _ => Ok(Self { layers }),
        }
    }

    /// The same: there is no launcher here.
    ///
    /// # Errors
    /// As [`Sandbox::new`].
    pub fn with_launcher(mode: Mode, _launcher: impl Into<PathBuf>) -> Result<Self, SandboxError> {
        Self::new(mode)
    }

    /// None of them.
    #[must_use]
    pub fn layers(&self) -> &Layers {
        &self.layers
    }

    /// Makes a command ready.
    ///
    /// # Errors
    /// If the profile cannot be used.
    pub fn prepare(&self, profile: &Profile) -> Result<Prepared, SandboxError> {
        profile.check()?;
        if !profile.given.is_empty() {
            let why = "there is no private place here for a file that only the command may read";
            return Err(SandboxError::Profile(why.to_owned()));
        }
        Ok(Prepared { profile: profile.clone() })
    }
}

/// Makes ready a command that runs outside of any room.
///
/// # Errors
/// If the profile cannot be used.
pub fn hold(profile: &Profile) -> Result<Prepared, SandboxError> {
    profile.check()?;
    Ok(Prepared { profile: profile.clone() })
}

/// A command that is ready.
#[derive(Debug)]
pub struct Prepared {
    profile: Profile,
}

impl Prepared {
    /// The command to start.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.profile.program);
        command.args(&self.profile.arguments).env_clear().current_dir(&self.profile.directory);
        command.envs(self.profile.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Nothing was passed on here.
    pub fn started(&self) {}

    /// Nothing holds the processes together here: whoever started the command asks it.
    pub fn ask_all(&self, _launcher: u32) {}

    /// Nothing holds the processes together here: whoever started the command kills it.
    pub fn kill_all(&self) {}

    /// What became of it.
    ///
    /// # Errors
    /// None here.
    pub fn finish(&self, status: ExitStatus) -> Result<Outcome, SandboxError> {
        let ended = signal(status).map_or(Ended::Exited(status.code().unwrap_or(1)), Ended::Signalled);
        Ok(Outcome { ended, usage: Usage::default() })
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}
