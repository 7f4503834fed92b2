//! What is run, to the last argument: whoever carries it out decides nothing.

use std::path::PathBuf;

use diwan_protocol::command::Limits as OwnLimits;

use crate::file::{Class, Network};

/// A program to be run. The environment is the whole of it, but for `HOME`, `TMPDIR` and `XDG_*`: whoever
/// runs it sets them to directories that are private to the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What is run: an absolute path without links.
    pub program: PathBuf,
    /// What it is told, beginning with what it is called as. That must be handed over as it is here, and not
    /// replaced by `program`: rustup, busybox and python look at it.
    pub argv: Vec<String>,
    /// Its environment.
    pub env: Vec<(String, String)>,
    /// Where it works; nothing for services.
    pub root: Option<RootRef>,
    /// The directory that it runs in, below the root; empty is the root itself. It must be opened so that
    /// no link can lead out of the root: a link may have been put there since this was judged.
    pub dir: String,
    /// What the sandbox lets it do.
    pub profile: SandboxProfile,
    /// After how long it is ended.
    pub wall_time_ms: u64,
    /// After how much output it is ended.
    pub output_limit_bytes: u64,
    /// The user that it runs as; without one, the bridge's.
    pub run_as: Option<String>,
    /// What the rule lets it do.
    pub class: Option<Class>,
    /// A script that it runs: the first of its arguments is the name of a file that holds this. Whoever runs it puts
    /// that where only the command finds it.
    pub script: Option<String>,
}

/// Something to be done with files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilesPlan {
    /// Below which root.
    pub root: RootRef,
    /// The path below it; empty is the root itself. It must be opened as [`Plan::dir`] is.
    pub path: String,
    /// The longest file.
    pub longest_bytes: u64,
    /// What the sandbox lets it do: its root is writable only for what writes.
    pub profile: SandboxProfile,
    /// After how long it is ended.
    pub wall_time_ms: u64,
    /// After how much of what it says about itself it is ended; what is in files does not count.
    pub output_limit_bytes: u64,
    /// The user that it runs as; without one, the bridge's.
    pub run_as: Option<String>,
    /// What the rule lets it do.
    pub class: Option<Class>,
}

/// Something to be done with an SSH key, outside the sandbox and with the rights of the user whose key it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysPlan {
    /// The program that logs in, where that is what is done.
    pub ssh: Option<PathBuf>,
    /// How much of the machine it may use.
    pub profile: SandboxProfile,
    /// After how long it is ended.
    pub wall_time_ms: u64,
    /// After how much of what it says about itself it is ended.
    pub output_limit_bytes: u64,
    /// What the rule lets it do.
    pub class: Option<Class>,
}

/// A root of the policy, as it is on the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootRef {
    /// Its name in the policy.
    pub name: String,
    /// Where it is, without links.
    pub path: PathBuf,
    /// Whether anything in it may be changed.
    pub writable: bool,
}

/// What the sandbox lets a command do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxProfile {
    /// Whether it is refused when the kernel cannot give the whole sandbox.
    pub required: bool,
    /// Whether it runs in the sandbox at all.
    pub confined: bool,
    /// What it reaches by network.
    pub network: Network,
    /// Whether it may write below its root.
    pub writable: bool,
    /// Whether what makes git run programs stays read-only.
    pub protect_git: bool,
    /// What else it may read; every path is there.
    pub readable: Vec<PathBuf>,
    /// How much it may use.
    pub limits: Limits,
}

/// How much a command may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Processor time, in percent of one core.
    pub cpu_percent: u32,
    /// Memory.
    pub memory_bytes: u64,
    /// Processes and threads at once.
    pub processes: u32,
    /// Open files of one process.
    pub open_files: u32,
    /// The longest file that it may write.
    pub file_bytes: u64,
}

impl Plan {
    /// The same, held to limits of its own besides those of the rule.
    #[must_use]
    pub fn within(mut self, own: &OwnLimits) -> Self {
        let limits = &mut self.profile.limits;
        limits.cpu_percent = smaller(limits.cpu_percent, own.cpu_percent);
        limits.memory_bytes = smaller(limits.memory_bytes, own.memory_bytes);
        limits.processes = smaller(limits.processes, own.processes);
        limits.open_files = smaller(limits.open_files, own.open_files);
        limits.file_bytes = smaller(limits.file_bytes, own.file_bytes);
        self.output_limit_bytes = smaller(self.output_limit_bytes, own.output_bytes);
        self
    }
}

fn smaller<N: Ord>(granted: N, own: Option<N>) -> N {
    match own {
        Some(own) => granted.min(own),
        None => granted,
    }
}

impl SandboxProfile {
    /// For people.
    pub(crate) fn in_words(&self) -> String {
        if !self.confined {
            return "outside the sandbox".to_owned();
        }
        let network = if self.network == Network::Host { "the network of the machine" } else { "no network" };
        let files = if self.writable { "its root writable" } else { "its root read-only" };
        format!("in the sandbox, with {network} and {files}")
    }
}
