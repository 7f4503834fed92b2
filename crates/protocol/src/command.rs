//! A command: who wants what of which machine, until when, and under which policy.

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

use crate::environment::Environment;
use crate::ssh_line::SshLine;

/// The version of commands that is written here, and the only one that is read.
pub const VERSION: u16 = 1;
/// A command that is to be carried out at once lives no longer than this.
pub const LONGEST_LIFE_MS: i64 = 60_000;
/// More arguments than this no program is given.
pub const MOST_ARGUMENTS: usize = 64;
/// And not more bytes in all of them.
pub const LONGEST_ARGUMENTS: usize = 32 * 1024;
/// No script is longer.
pub const LONGEST_SOURCE: usize = 64 * 1024;

/// What a machine is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Command {
    /// [`VERSION`].
    #[n(0)]
    pub version: u16,
    /// Its id: `cmd_…`.
    #[n(1)]
    pub id: String,
    /// The machine it is for, and no other.
    #[n(2)]
    pub machine: String,
    /// What the bridge drew by lot when it started: a command of an earlier life is not for this one.
    #[n(3)]
    pub boot: ByteArray<16>,
    /// Higher than in every command before.
    #[n(4)]
    pub sequence: u64,
    /// When it was signed, in milliseconds since 1970.
    #[n(5)]
    pub issued_ms: i64,
    /// From when on it is not carried out any more.
    #[n(6)]
    pub expires_ms: i64,
    /// SHA-256 of the policy that was judged by: of another one the answer might be another.
    #[n(7)]
    pub policy: ByteArray<32>,
    /// Who wants it.
    #[n(8)]
    pub actor: Actor,
    /// Who said yes, where the policy asks for that.
    #[n(9)]
    pub approval: Option<Approval>,
    /// What is to be done.
    #[n(10)]
    pub operation: Operation,
    /// Whether it may be done again when nobody knows whether it was done.
    #[n(11)]
    pub retry_safe: bool,
    /// What it is given in its environment; said only if it is given anything, so that a bridge which cannot give it
    /// refuses.
    #[n(12)]
    pub environment: Option<Environment>,
    /// Patterns of the files that are kept when it has ended; said only if there are any, and only to a bridge that can
    /// keep them.
    #[n(13)]
    pub artifacts: Option<Vec<String>>,
    /// Limits of its own, besides those of the machine's policy; said only if there are any, so that a bridge which
    /// cannot keep them refuses.
    #[n(14)]
    pub limits: Option<Limits>,
}

/// How much of the machine something may use, where that is to be less than the policy there grants: of the two, the
/// smaller counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Limits {
    /// Processor time, in percent of one core.
    #[n(0)]
    pub cpu_percent: Option<u32>,
    /// Memory.
    #[n(1)]
    pub memory_bytes: Option<u64>,
    /// Processes and threads at once.
    #[n(2)]
    pub processes: Option<u32>,
    /// Open files of one process.
    #[n(3)]
    pub open_files: Option<u32>,
    /// The longest file that it may write.
    #[n(4)]
    pub file_bytes: Option<u64>,
    /// How much it may print.
    #[n(5)]
    pub output_bytes: Option<u64>,
}

impl Limits {
    /// Whether they can be meant: those that say nothing are not said at all, and nothing runs with none of something.
    pub fn are_sane(&self) -> bool {
        let Self { cpu_percent, memory_bytes, processes, open_files, file_bytes, output_bytes } = *self;
        let counts = [cpu_percent, processes, open_files];
        let sizes = [memory_bytes, file_bytes, output_bytes];
        *self != Self::default() && !counts.contains(&Some(0)) && !sizes.contains(&Some(0))
    }
}

/// Who wants something.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Actor {
    /// `usr_…`, or what else acts.
    #[n(0)]
    pub id: String,
    /// For people.
    #[n(1)]
    pub name: String,
}

/// Who said yes, and when.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Approval {
    /// Its id.
    #[n(0)]
    pub id: String,
    /// Who gave it: never who wants it.
    #[n(1)]
    pub by: Actor,
    /// When, in milliseconds since 1970.
    #[n(2)]
    pub at_ms: i64,
}

/// What is to be done. Paths are relative to a root that the machine's policy names.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Operation {
    /// Runs a program that a rule of the policy lets in.
    #[n(0)]
    Exec(#[n(0)] Exec),
    /// Something with a git repository.
    #[n(1)]
    Git(#[n(0)] Git),
    /// Builds the project that is there, by what the project is.
    #[n(2)]
    Build(#[n(0)] Place),
    /// Tests it.
    #[n(3)]
    Test(#[n(0)] Place),
    /// How a service is doing.
    #[n(4)]
    ServiceStatus(#[n(0)] String),
    /// Restarts a service.
    #[n(5)]
    ServiceRestart(#[n(0)] String),
    /// Opens a terminal.
    #[n(6)]
    Terminal(#[n(0)] Terminal),
    /// Something with files.
    #[n(7)]
    Files(#[n(0)] Files),
    /// Something with an SSH key of the vault.
    #[n(8)]
    SshKey(#[n(0)] SshKey),
    /// Nothing: whoever is asked says that it is done.
    #[n(9)]
    Noop,
    /// Runs a script that comes along.
    #[n(10)]
    Script(#[n(0)] Script),
    /// Makes a new directory with a small project in it.
    #[n(11)]
    CreateProject(#[n(0)] CreateProject),
}

/// A directory below a root.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Place {
    /// The name of the root in the policy.
    #[n(0)]
    pub root: String,
    /// Below it; empty is the root itself.
    #[n(1)]
    pub path: String,
}

/// A program with its arguments: never a line for a shell.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Exec {
    /// The program and its arguments.
    #[n(0)]
    pub argv: Vec<String>,
    /// Where.
    #[n(1)]
    pub place: Place,
    /// Whether it is given input.
    #[n(2)]
    pub has_input: bool,
    /// After how long it is ended, if the rule allows so long.
    #[n(3)]
    pub timeout_ms: Option<u64>,
}

/// A script: a text that is run as a file, and never as a line for a shell.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Script {
    /// What it is written in: the machine's policy knows which program that means.
    #[n(0)]
    pub language: String,
    /// Its text.
    #[n(1)]
    pub source: String,
    /// What it is told.
    #[n(2)]
    pub arguments: Vec<String>,
    /// Where.
    #[n(3)]
    pub place: Place,
    /// After how long it is ended, if the rule allows so long.
    #[n(4)]
    pub timeout_ms: Option<u64>,
}

/// A small project to begin with.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CreateProject {
    /// What it is like, by a name that the bridge knows.
    #[n(0)]
    pub template: String,
    /// What it is called.
    #[n(1)]
    pub name: String,
    /// The directory that is made: nothing is there, or an empty directory.
    #[n(2)]
    pub place: Place,
}

/// What git is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Git {
    /// A new working copy.
    #[n(0)]
    Clone {
        /// From where.
        #[n(0)]
        url: String,
        /// To where.
        #[n(1)]
        into: Place,
        /// Which branch, rather than the usual one.
        #[n(2)]
        branch: Option<String>,
    },
    /// Fast-forwards.
    #[n(1)]
    Pull {
        /// Which working copy.
        #[n(0)]
        place: Place,
    },
    /// Pushes the branch that is checked out.
    #[n(2)]
    Push {
        /// Which working copy.
        #[n(0)]
        place: Place,
    },
    /// What is changed.
    #[n(3)]
    Status {
        /// Which working copy.
        #[n(0)]
        place: Place,
    },
}

/// A terminal.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Terminal {
    /// A name for people. Which terminal it is, the id of its command says.
    #[n(0)]
    pub session: String,
    /// Where it begins.
    #[n(1)]
    pub place: Place,
    /// Its width.
    #[n(2)]
    pub columns: u16,
    /// Its height.
    #[n(3)]
    pub rows: u16,
    /// Whether it is only looked at.
    #[n(4)]
    pub read_only: bool,
    /// Whether what it shows is recorded; said only if it is, so that a bridge which cannot tell its owner refuses.
    #[n(5)]
    pub recorded: Option<bool>,
}

/// What is done with files.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Files {
    /// What is in a directory.
    #[n(0)]
    List(#[n(0)] Place),
    /// Reads a file.
    #[n(1)]
    Get(#[n(0)] Place),
    /// Writes one whole.
    #[n(2)]
    Put(#[n(0)] Place),
    /// Keeps a directory the same at both ends.
    #[n(3)]
    Sync(#[n(0)] Place),
}

/// What is done with an SSH key of the vault. Each may be done twice without harm.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum SshKey {
    /// Puts its line there, unless it is there.
    #[n(0)]
    Install(#[n(0)] SshLine),
    /// Finds out whether it opens the door.
    #[n(1)]
    Prove {
        /// Its line, which is there.
        #[n(0)]
        line: SshLine,
        /// Where the machine's own SSH server listens.
        #[n(1)]
        port: u16,
    },
    /// Takes its line away, if it is there.
    #[n(2)]
    Remove(#[n(0)] SshLine),
}

impl SshKey {
    /// The line that it is about.
    pub const fn line(&self) -> &SshLine {
        match self {
            Self::Install(line) | Self::Prove { line, .. } | Self::Remove(line) => line,
        }
    }
}
