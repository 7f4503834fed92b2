//! The file as its owner writes it: one type, from which the checks, the reference and the JSON Schema are made.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rule_file::RuleEntry;

/// The policy of a machine: what may be done on it, by whom, and within which bounds.
///
/// What no rule allows is denied. Where several rules fit, the strictest decides: `deny`, then `ask`,
/// then `allow`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyFile {
    /// The version of this format. There is only `1`.
    #[schemars(range(min = 1, max = 1))]
    #[serde(rename = "version")]
    pub(crate) _version: u32,
    /// Whether a command is refused when the kernel cannot give the whole sandbox. With `false` commands
    /// run with whatever layers there are. Danger: the policy is hygiene and the sandbox is the boundary;
    /// without it whoever controls a repository controls the user that commands run as.
    #[serde(default = "yes")]
    pub(crate) require_sandbox: bool,
    /// The user that commands run as, by name. Without it, the user of the bridge.
    #[serde(default)]
    pub(crate) run_as: Option<String>,
    /// How the rules that the control plane asks for are accepted.
    #[serde(default)]
    pub(crate) approvals: ApprovalsEntry,
    /// The directories that work is done in, by name.
    #[serde(default)]
    pub(crate) roots: BTreeMap<String, RootEntry>,
    /// The programs that rules speak of, by name.
    #[serde(default)]
    pub(crate) programs: BTreeMap<String, ProgramEntry>,
    /// What the sandbox lets a command do, by name.
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, ProfileEntry>,
    /// The rules. Their order decides nothing but which of two equally strict ones gives its profile: the
    /// first.
    #[serde(default)]
    #[schemars(length(max = 500))]
    pub(crate) rules: Vec<RuleEntry>,
}

/// How the rules that the control plane asks for are accepted.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovalsEntry {
    /// Whether a rule may be accepted by a signed approval from the control plane. With `false` only
    /// somebody on the machine can accept one.
    #[serde(default)]
    pub(crate) remote: bool,
}

/// A directory that work is done in.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RootEntry {
    /// Where it is: absolute, or below the home of the bridge's user as `~/…`.
    pub(crate) path: String,
    /// Whether anything in it may be changed. A profile can only narrow this.
    #[serde(default)]
    pub(crate) writable: bool,
}

/// A program. Only the file at one of the listed places is run, and only if nobody but root and the
/// bridge's user can write to it, to a directory above it, or to a link on the way.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProgramEntry {
    /// Where it may be, the first that exists is taken: absolute, or below the home of the bridge's user
    /// as `~/…`.
    #[schemars(length(min = 1, max = 16))]
    pub(crate) path: Vec<String>,
    /// Other names that it may be called by: `python` for `python3`.
    #[serde(default)]
    #[schemars(length(max = 8))]
    pub(crate) also: Vec<String>,
    /// SHA-256 digests, in hexadecimal, one of which the file must have.
    #[serde(default)]
    #[schemars(length(max = 16))]
    pub(crate) sha256: Vec<String>,
    /// Whether the program takes `--` as the end of its flags; then it is put before positionals.
    #[serde(default)]
    pub(crate) double_dash: bool,
}

/// What the sandbox lets a command do.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileEntry {
    /// What it reaches by network.
    #[serde(default)]
    pub(crate) network: Network,
    /// Whether it may write below its root, where the root is writable.
    #[serde(default)]
    pub(crate) writable: bool,
    /// Whether `.git/config`, `.git/hooks` and what else makes git run programs stays read-only.
    #[serde(default = "yes")]
    pub(crate) protect_git: bool,
    /// Whether it runs in the sandbox at all. `false` is only for rules about terminals and services.
    /// Danger: what runs outside can do whatever its user can, and change this file too.
    #[serde(default = "yes")]
    pub(crate) confined: bool,
    /// Directories and files elsewhere that it may read: absolute, or `~/…`. What is absent is left out.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub(crate) readable: Vec<String>,
    /// How much it may use.
    #[serde(default)]
    pub(crate) limits: LimitsEntry,
}

impl Default for ProfileEntry {
    fn default() -> Self {
        Self {
            network: Network::None,
            writable: false,
            protect_git: true,
            confined: true,
            readable: vec![],
            limits: LimitsEntry::default(),
        }
    }
}

/// What a command reaches by network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// Nothing.
    #[default]
    None,
    /// What the machine reaches.
    Host,
}

/// How much a command may use.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitsEntry {
    /// Processor time, in percent of one core.
    #[schemars(range(min = 1, max = 100_000))]
    pub(crate) cpu_percent: u32,
    /// Memory, in MiB.
    #[schemars(range(min = 1, max = 16_777_216))]
    pub(crate) memory_mib: u64,
    /// Processes and threads at once.
    #[schemars(range(min = 1, max = 100_000))]
    pub(crate) processes: u32,
    /// Open files of one process.
    #[schemars(range(min = 16, max = 1_048_576))]
    pub(crate) open_files: u32,
    /// The longest file that it may write, in MiB.
    #[schemars(range(min = 1, max = 16_777_216))]
    pub(crate) file_mib: u64,
    /// How long it may take, in seconds.
    #[schemars(range(min = 1, max = 604_800))]
    pub(crate) wall_time_s: u64,
    /// How much it may print, in MiB; then it is ended.
    #[schemars(range(min = 1, max = 16_777_216))]
    pub(crate) output_mib: u64,
}

impl Default for LimitsEntry {
    fn default() -> Self {
        Self {
            cpu_percent: 100,
            memory_mib: 512,
            processes: 64,
            open_files: 256,
            file_mib: 256,
            wall_time_s: 60,
            output_mib: 16,
        }
    }
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Kind {
    /// A program with arguments.
    #[serde(rename = "exec")]
    Exec,
    /// A new working copy.
    #[serde(rename = "git.clone")]
    GitClone,
    /// Fast-forwards a working copy.
    #[serde(rename = "git.pull")]
    GitPull,
    /// Pushes the branch that is checked out.
    #[serde(rename = "git.push")]
    GitPush,
    /// What is changed in a working copy.
    #[serde(rename = "git.status")]
    GitStatus,
    /// Builds a project, by what it is.
    #[serde(rename = "build")]
    Build,
    /// Tests a project, by what it is.
    #[serde(rename = "test")]
    Test,
    /// A script that comes with the operation, in one of the rule's `languages`. It is run as a file that only the
    /// command sees, never as a line for a shell.
    #[serde(rename = "script")]
    Script,
    /// How a service is doing.
    #[serde(rename = "service.status")]
    ServiceStatus,
    /// Restarts a service.
    #[serde(rename = "service.restart")]
    ServiceRestart,
    /// A terminal.
    #[serde(rename = "terminal")]
    Terminal,
    /// Reads a file.
    #[serde(rename = "files.get")]
    FilesGet,
    /// Writes a file.
    #[serde(rename = "files.put")]
    FilesPut,
    /// What is in a directory.
    #[serde(rename = "files.list")]
    FilesList,
    /// Keeps a directory the same at both ends.
    #[serde(rename = "files.sync")]
    FilesSync,
    /// Makes a new directory with a small project to begin with. Nothing that is there is changed.
    #[serde(rename = "project.create")]
    ProjectCreate,
    /// Puts an SSH key of the vault into `~/.ssh/authorized_keys` of one of the rule's `users`.
    #[serde(rename = "ssh_key.install")]
    SshKeyInstall,
    /// Finds out by a login on this machine whether such a key opens the door. Runs the program `ssh`.
    #[serde(rename = "ssh_key.prove")]
    SshKeyProve,
    /// Takes such a key out again.
    #[serde(rename = "ssh_key.remove")]
    SshKeyRemove,
}

impl Kind {
    /// All that writes files.
    pub(crate) const WRITING: [Self; 3] = [Self::FilesPut, Self::FilesSync, Self::ProjectCreate];
    /// All about SSH keys of the vault.
    pub(crate) const SSH_KEYS: [Self; 3] = [Self::SshKeyInstall, Self::SshKeyProve, Self::SshKeyRemove];

    pub(crate) fn writes_files(self) -> bool {
        Self::WRITING.contains(&self)
    }

    pub(crate) fn is_of_keys(self) -> bool {
        Self::SSH_KEYS.contains(&self)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.serialize(f)
    }
}

/// What is done when a rule fits. The later, the stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It is done.
    Allow,
    /// It is done once somebody else has said yes.
    Ask,
    /// It is not done.
    Deny,
}

/// What a rule lets a command do, which its profile must agree with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// It only reads. Its profile is not writable.
    Reads,
    /// It changes files, by code that comes from the machine.
    Writes,
    /// It runs code that lies in the repository: only ever in the sandbox.
    RunsRepoCode,
}

fn yes() -> bool {
    true
}
