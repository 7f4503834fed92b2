//! What a policy sees of the machine that it holds on: nothing else of it is ever looked at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it is.
    pub what: What,
    /// Whose it is.
    pub owner: u32,
    /// Which group's.
    pub group: u32,
    /// The bits that say who may write.
    pub mode: u32,
}

/// What something in a file system is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A link, and what it says.
    Link(PathBuf),
    /// Anything else.
    Other,
}

/// The user that the bridge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// Its number.
    pub id: u32,
    /// Its group's.
    pub group: u32,
}

/// A machine, as a policy asks about it.
pub trait Machine {
    /// What lies at a path, without following a link there.
    fn look(&self, path: &Path) -> Option<Seen>;
    /// SHA-256 of a file.
    fn digest(&self, path: &Path) -> Option<[u8; 32]>;
    /// The user of the bridge; `None` where owners cannot be told.
    fn user(&self) -> Option<User>;
    /// The home of that user.
    fn home(&self) -> Option<PathBuf>;
    /// A variable of the bridge's own environment.
    fn variable(&self, name: &str) -> Option<String>;
}

/// A machine that is made up, for tests and for trying a policy that is for another machine.
#[derive(Debug, Clone, Default)]
pub struct MadeUp {
    things: BTreeMap<PathBuf, Seen>,
    digests: BTreeMap<PathBuf, [u8; 32]>,
    variables: BTreeMap<String, String>,
}

/// The user of a machine that is made up.
const MADE_UP_USER: User = User { id: 1000, group: 1000 };

impl MadeUp {
    /// A machine with the usual programs, owned by root, and the directory `/srv/projects` of the user.
    pub fn usual() -> Self {
        let mut machine = Self::default();
        let programs = [
            "git", "npm", "node", "python3", "ls", "cat", "echo", "true", "false", "sleep", "seq", "id", "uname",
            "uptime", "df",
        ];
        let more = [
            "head",
            "tail",
            "wc",
            "date",
            "whoami",
            "grep",
            "du",
            "hostname",
            "nproc",
            "free",
            "pwd",
            "bash",
            "sh",
            "ssh",
            "systemctl",
        ];
        for name in programs.iter().chain(&more) {
            machine.put(format!("/usr/bin/{name}"), What::File, 0, 0o755);
        }
        machine.put("/bin", What::Link("usr/bin".into()), 0, 0o777);
        machine.put("/home/worker/.cargo/bin/cargo", What::File, 1000, 0o755);
        machine.put("/srv/projects", What::Directory, 1000, 0o755);
        machine
    }

    /// Puts something at a path; directories above it are root's, or the user's below `/home/worker`.
    pub fn put(&mut self, path: impl Into<PathBuf>, what: What, owner: u32, mode: u32) {
        let path = path.into();
        for above in path.ancestors().skip(1) {
            let owner = if above.starts_with("/home/worker") { MADE_UP_USER.id } else { 0 };
            let directory = Seen { what: What::Directory, owner, group: owner, mode: 0o755 };
            self.things.entry(above.to_owned()).or_insert(directory);
        }
        self.things.insert(path, Seen { what, owner, group: owner, mode });
    }

    /// Says the digest of a file.
    pub fn put_digest(&mut self, path: impl Into<PathBuf>, digest: [u8; 32]) {
        self.digests.insert(path.into(), digest);
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }
}

impl Machine for MadeUp {
    fn look(&self, path: &Path) -> Option<Seen> {
        self.things.get(path).cloned()
    }

    fn digest(&self, path: &Path) -> Option<[u8; 32]> {
        self.digests.get(path).copied()
    }

    fn user(&self) -> Option<User> {
        Some(MADE_UP_USER)
    }

    fn home(&self) -> Option<PathBuf> {
        Some(PathBuf::from("/home/worker"))
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
}
