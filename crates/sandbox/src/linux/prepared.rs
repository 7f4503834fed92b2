//! A command that is ready to be started, while it runs, and its end.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Mutex, PoisonError};

use nix::fcntl::OFlag;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::kill;
use nix::unistd::{Pid, pipe2};

use super::groups::Group;
use super::plan::Plan;
use super::wire::{self, Field};
use super::{ASK_ALL, NAME, OUTER, told};
use crate::error::SandboxError;
use crate::outcome::{Ended, Outcome, Usage};

/// A command and its sandbox. As long as this value lives the command may live; dropping it kills
/// whatever still runs in it.
#[derive(Debug)]
pub struct Prepared {
    launcher: PathBuf,
    plan: OwnedFd,
    told: Mutex<File>,
    telling: OwnedFd,
    /// While this end is open the launcher lets the command live.
    lifeline: Mutex<Option<OwnedFd>>,
    lifeline_inside: OwnedFd,
    group: Group,
}

impl Prepared {
    pub(super) fn new(launcher: &Path, plan: &Plan, group: Group) -> Result<Self, SandboxError> {
        let failed = SandboxError::system::<nix::Error>;
        let memory = memfd_create("plan", MFdFlags::MFD_CLOEXEC).map_err(failed("memory for the plan"))?;
        let mut memory = File::from(memory);
        memory.write_all(&plan.to_bytes()).map_err(SandboxError::system("writing the plan"))?;
        let (told, telling) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).map_err(failed("pipe of the report"))?;
        let (lifeline_inside, lifeline) = pipe2(OFlag::O_CLOEXEC).map_err(failed("pipe of the lifeline"))?;
        Ok(Self {
            launcher: launcher.to_owned(),
            plan: memory.into(),
            told: Mutex::new(told.into()),
            telling,
            lifeline: Mutex::new(Some(lifeline)),
            lifeline_inside,
            group,
        })
    }

    /// The command to start, once. Its three streams are the program's: set them as you like. Signals that
    /// are sent to it reach the program, but the one of [`Prepared::ask_all`]; `SIGKILL` ends everything in the
    /// sandbox; and it ends as the program ends, by the same code or signal.
    #[must_use]
    pub fn command(&self) -> Command {
        let inherited = [&self.plan, &self.telling, &self.lifeline_inside];
        for descriptor in inherited {
            // If it could not be passed on, the launcher does not find it and starts nothing.
            let _ = wire::inherit(descriptor, true);
        }
        let numbers = inherited.map(|descriptor| descriptor.as_raw_fd().to_string());
        let mut command = Command::new(&self.launcher);
        // A process group of its own: keys that are typed at the bridge's terminal are not for it.
        command.arg0(NAME).arg(OUTER).arg(numbers.join(",")).env_clear().process_group(0);
        command
    }

    /// To be said once the command runs: what was passed on to it is passed on to nobody else from then on.
    /// Until then, whatever else this process starts inherits it too; other sandboxes let go of it at once.
    pub fn started(&self) {
        for descriptor in [&self.plan, &self.telling, &self.lifeline_inside] {
            let _ = wire::inherit(descriptor, false);
        }
    }

    /// Asks everything in the sandbox to end: each process there gets `SIGTERM`. The command runs as this process,
    /// which was not waited for yet.
    pub fn ask_all(&self, launcher: u32) {
        // One that is over already hears nothing.
        let _ = i32::try_from(launcher).map(|launcher| kill(Pid::from_raw(launcher), ASK_ALL));
    }

    /// Ends everything in the sandbox at once.
    pub fn kill_all(&self) {
        self.lifeline.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.group.kill();
    }

    /// What became of it; to be asked after the command was waited for.
    ///
    /// # Errors
    /// If the sandbox could not be set up or the program in it not be started: then nothing has run.
    pub fn finish(&self, status: ExitStatus) -> Result<Outcome, SandboxError> {
        let fields = self.told();
        if let Some(failure) = told::failure(&fields) {
            return Err(failure);
        }
        let Some(ended) = Ended::told(&fields).or(status.signal().map(Ended::Signalled)) else {
            let why = format!("ended with {status} and without a word");
            return Err(SandboxError::Setup { layer: "launcher".to_owned(), why });
        };
        let mut usage = Usage::told(&fields);
        if let Some(counted) = self.group.usage() {
            usage.memory_bytes = counted.memory_bytes.max(usage.memory_bytes);
            usage.memory_kills = counted.memory_kills;
        }
        Ok(Outcome { ended, usage })
    }

    pub(super) fn told(&self) -> Vec<Field> {
        let mut bytes = vec![];
        // It ends where nothing more has been written, since this end never waits.
        let _ = self.told.lock().unwrap_or_else(PoisonError::into_inner).read_to_end(&mut bytes);
        wire::fields(&bytes)
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        self.kill_all();
    }
}
