//! A bridge that is a process of its own, with a directory and a policy of its own.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::fs::{Gid, Uid, chown};

const NOBODY: u32 = 65534;

/// Scripts in the root may be run, and some harmless programs.
const POLICY: &str = r#"
version = 1
require_sandbox = false

[roots.projects]
path = "ROOT"
writable = true

[programs.sh]
path = ["/usr/bin/sh", "/bin/sh"]

[programs.true]
path = ["/usr/bin/true", "/bin/true"]

[programs.cat]
path = ["/usr/bin/cat", "/bin/cat"]

[profiles.scripts]
writable = true
limits = { wall_time_s = 600, output_mib = 2048 }

[profiles.fetched]
limits = { wall_time_s = 600 }

[[rules]]
name = "read files"
operations = ["files.get", "files.list"]
class = "reads"
profile = "fetched"
decision = "allow"

[[rules]]
name = "write files"
operations = ["files.put", "files.sync"]
class = "writes"
profile = "scripts"
decision = "allow"

[[rules]]
name = "scripts"
operations = ["exec"]
program = "sh"
positionals = [{ value = "path", at_most = 8 }]
input = true
class = "runs_repo_code"
profile = "scripts"
decision = "allow"

[[rules]]
name = "scripts of anybody"
operations = ["script"]
languages = ["shell"]
class = "runs_repo_code"
profile = "scripts"
decision = "allow"

[[rules]]
name = "terminal"
operations = ["terminal"]
program = "sh"
class = "writes"
profile = "scripts"
decision = "allow"

[[rules]]
name = "nothing"
operations = ["exec"]
program = "true"
class = "reads"
decision = "allow"

[[rules]]
name = "cat with a yes"
operations = ["exec"]
program = "cat"
positionals = [{ value = "path" }]
class = "reads"
decision = "ask"
"#;

/// A machine.
pub(crate) struct Bridge {
    dir: tempfile::TempDir,
    process: Child,
}

impl Bridge {
    /// Joins by this line, and runs.
    pub(crate) async fn join(line: &str) -> Self {
        let line = line.to_owned();
        tokio::task::spawn_blocking(move || Self::join_now(&line)).await.expect("it joins")
    }

    fn join_now(line: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        open_up(dir.path(), None);
        let root = dir.path().join("projects");
        std::fs::create_dir(&root).expect("a root");
        open_up(&root, Some(NOBODY));
        let policy = POLICY.replace("ROOT", &root.display().to_string());
        std::fs::write(dir.path().join("policy.toml"), policy).expect("a policy");
        let words = line.replace('\'', "");
        let words = words.split_whitespace().skip(1);
        let joined = of(dir.path()).args(words).args(places(dir.path())).output().expect("it runs");
        assert!(joined.status.success(), "{joined:?}");
        let process = start(dir.path());
        Self { dir, process }
    }

    /// A script in the root.
    pub(crate) fn script(&self, name: &str, text: &str) {
        let path = self.root().join(name);
        std::fs::write(&path, text).expect("a script");
        open_up(&path, Some(NOBODY));
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("projects")
    }

    /// What it remembers.
    pub(crate) fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// `diwan bridge policy …` as its owner: whether it was done, and what was said.
    pub(crate) async fn policy(&self, words: &[&str]) -> (bool, String) {
        let mut command = of(self.dir.path());
        command.args(["bridge", "policy"]).args(words).args(places(self.dir.path()));
        let ran = tokio::task::spawn_blocking(move || command.output().expect("it runs")).await.expect("it ends");
        (ran.status.success(), String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned())
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("it is killed");
        self.process.wait().expect("it ends");
    }

    /// Starts it again.
    pub(crate) fn start(&mut self) {
        self.process = start(self.dir.path());
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // It may have been killed before.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn of(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_diwan"));
    command.env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    command
}

fn places(dir: &Path) -> [String; 4] {
    let place = |name: &str| dir.join(name).display().to_string();
    ["--state-dir".to_owned(), place("state"), "--policy-file".to_owned(), place("policy.toml")]
}

fn start(dir: &Path) -> Child {
    of(dir).args(["bridge", "run"]).args(places(dir)).stdout(Stdio::null()).spawn().expect("it starts")
}

/// Lets the user that commands run as get there, when the test runs as root.
fn open_up(path: &Path, owner: Option<u32>) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("chmod");
    if let Some(owner) = owner.filter(|_| rustix::process::geteuid().is_root()) {
        chown(path, Some(Uid::from_raw(owner)), Some(Gid::from_raw(owner))).expect("chown");
    }
}
