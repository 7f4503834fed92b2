//! What a command is and what it may reach.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use crate::error::SandboxError;

/// Where a command finds its home: empty, its own, and gone afterwards.
pub const HOME: &str = "/home/sandbox";

/// Where a command finds the files that it was given: below its home, in memory, gone afterwards.
pub const GIVEN: &str = "/home/sandbox/.given";
/// All files that a command is given are together no longer.
const LONGEST_GIVEN: usize = 1024 * 1024;

/// What inside a writable root decides what runs later outside of a sandbox, and is read-only therefore.
pub const PROTECTED: [&str; 6] = [".git/hooks", ".git/config", ".diwan", ".vscode", ".claude", ".codex"];

/// Where nothing of the machine may be shown, since something of the sandbox's own stands there.
const PRIVATE: [&str; 6] = ["/proc", "/sys", "/dev", "/tmp", "/var/tmp", HOME];

/// Which network a command sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Network {
    /// A loopback of its own.
    #[default]
    None,
    /// That of the machine.
    Host,
}

/// Whom a command runs as, if the bridge is root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// User; never 0.
    pub uid: u32,
    /// Group; never 0.
    pub gid: u32,
}

/// How much a command may use. `None` is no limit of ours. How long it may take is up to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Processor seconds of one process.
    pub cpu_seconds: Option<u64>,
    /// Memory of all processes where a control group counts, else of one.
    pub memory_bytes: Option<u64>,
    /// Processes and threads.
    pub processes: Option<u64>,
    /// Open files of one process.
    pub open_files: Option<u64>,
    /// The longest file that can be written.
    pub file_bytes: Option<u64>,
    /// What fits into each of `/tmp`, `/var/tmp`, `/dev/shm` and the home; it lies in memory.
    pub scratch_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const GIB: u64 = 1 << 30;
        Self {
            cpu_seconds: Some(3600),
            memory_bytes: Some(4 * GIB),
            processes: Some(512),
            open_files: Some(4096),
            file_bytes: Some(4 * GIB),
            scratch_bytes: GIB / 2,
        }
    }
}

/// A command and what it may reach. Everything that is not named is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The program: an absolute path, as it is called inside.
    pub program: PathBuf,
    /// Its arguments, without the program's name.
    pub arguments: Vec<OsString>,
    /// The whole environment; `HOME`, `TMPDIR` and `PATH` are added where they are missing.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it starts.
    pub directory: PathBuf,
    /// What it may read and execute, besides the system's own programs and libraries.
    pub readable: Vec<PathBuf>,
    /// What it may also write.
    pub writable: Vec<PathBuf>,
    /// Files that are made for it in [`GIVEN`], by name: texts that nobody outside of its room finds anywhere.
    pub given: Vec<(String, String)>,
    /// What stays read-only inside each writable root, if it is there when the command starts.
    pub protected: Vec<PathBuf>,
    /// Which network it sees.
    pub network: Network,
    /// Whether it is one of our own programs, which may open files in a way that no filter can look into.
    pub ours: bool,
    /// Whether its standard input is a terminal that becomes its controlling one.
    pub terminal: bool,
    /// How much it may use.
    pub limits: Limits,
    /// Whom it runs as; must be said if the bridge is root, and is not looked at otherwise.
    pub user: Option<User>,
}

impl Profile {
    /// A program in a directory, with an empty environment, that reads and writes nothing of its own.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, directory: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: vec![],
            environment: vec![],
            directory: directory.into(),
            readable: vec![],
            writable: vec![],
            given: vec![],
            protected: PROTECTED.iter().map(PathBuf::from).collect(),
            network: Network::None,
            ours: false,
            terminal: false,
            limits: Limits::default(),
            user: None,
        }
    }

    /// Says what cannot be.
    ///
    /// # Errors
    /// The first thing found.
    pub fn check(&self) -> Result<(), SandboxError> {
        let refuse = |why: &str| Err(SandboxError::Profile(why.to_owned()));
        if !is_plain(&self.program) || !is_plain(&self.directory) {
            return refuse("program and directory are absolute paths without . and ..");
        }
        if self.user.is_some_and(|user| user.uid == 0 || user.gid == 0) {
            return refuse("nothing runs as root");
        }
        let texts = self.arguments.iter().chain(self.environment.iter().flat_map(|(name, value)| [name, value]));
        let paths = [&self.program, &self.directory].into_iter().chain(&self.readable).chain(&self.writable);
        let mut all = texts.map(OsString::as_os_str).chain(paths.map(|path| path.as_os_str()));
        if all.any(|text| text.as_encoded_bytes().contains(&0)) {
            return refuse("there is a zero byte in it, which no argument, variable or path can have");
        }
        if !self.environment.iter().all(|(name, _)| is_variable(name)) {
            return refuse("the name of a variable is empty or has = in it");
        }
        if self.protected.iter().any(|path| !path.components().all(|part| matches!(part, Component::Normal(_)))) {
            return refuse("what is protected is a path below a root");
        }
        self.check_given()?;
        self.readable.iter().chain(&self.writable).try_for_each(|root| check_root(root))
    }

    fn check_given(&self) -> Result<(), SandboxError> {
        let is_name = |name: &str| {
            let is_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
            (1..=64).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(is_letter)
        };
        let length: usize = self.given.iter().map(|(_, text)| text.len()).sum();
        let is_odd = |(name, text): &(String, String)| !is_name(name) || text.contains('\0');
        if length > LONGEST_GIVEN || self.given.iter().any(is_odd) {
            let why =
                "a file that is given has a plain name and no zero byte in it, and all are no longer than a mebibyte";
            return Err(SandboxError::Profile(why.to_owned()));
        }
        Ok(())
    }
}

fn is_variable(name: &OsString) -> bool {
    !name.is_empty() && !name.as_encoded_bytes().contains(&b'=')
}

/// Whether a path means one place without looking at the disk.
fn is_plain(path: &Path) -> bool {
    path.is_absolute() && !path.components().any(|part| matches!(part, Component::ParentDir))
}

fn check_root(root: &Path) -> Result<(), SandboxError> {
    let refuse = |why: &str| Err(SandboxError::Root { path: root.to_owned(), why: why.to_owned() });
    if !is_plain(root) {
        return refuse("a root is an absolute path without . and ..");
    }
    let covers = |place: &&str| Path::new(place).starts_with(root);
    if PRIVATE.iter().any(covers) {
        return refuse("something of the sandbox's own stands there");
    }
    if ["/proc", "/sys", "/dev"].iter().any(|place| root.starts_with(place)) {
        return refuse("devices and the kernel's own files are never shown");
    }
    Ok(())
}
