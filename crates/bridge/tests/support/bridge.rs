//! A bridge that is a process of its own, with a directory and a policy of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;
use tokio::sync::mpsc;

use super::plane::{Plane, TOKEN};

/// The bridge of this build, unless another one is to be measured.
fn program() -> String {
    std::env::var("DIWAN_BRIDGE").unwrap_or_else(|_| env!("CARGO_BIN_EXE_diwan-bridge").to_owned())
}

/// Scripts in the root may be run, and some harmless programs.
pub const POLICY: &str = r#"
version = 1
require_sandbox = false

[roots.work]
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
limits = { wall_time_s = 600, output_mib = 2048, file_mib = 2048 }

[profiles.little]
limits = { wall_time_s = 1, output_mib = 1 }

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
name = "nothing"
operations = ["exec"]
program = "true"
positionals = [{ value = "name", at_least = 0 }]
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

pub struct Bridge {
    dir: TempDir,
    variables: Vec<(String, String)>,
    /// What starts it, in another surrounding perhaps.
    starter: Vec<String>,
    process: Option<Child>,
    log: Option<mpsc::UnboundedReceiver<String>>,
}

impl Bridge {
    /// A place for a bridge, with the usual policy.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bridge = Self { dir, variables: vec![], starter: vec![], process: None, log: None };
        std::fs::create_dir(bridge.root()).unwrap();
        open_up(bridge.dir.path());
        open_up(&bridge.root());
        bridge.write_policy(POLICY);
        bridge
    }

    /// One that has joined and runs.
    pub async fn joined(plane: &Plane) -> Self {
        let bridge = Self::new();
        let target = plane.target();
        let (joined, _) = tokio::join!(bridge.join(&target, TOKEN, &[]), plane.take_join());
        assert!(joined.status.success(), "{}", String::from_utf8_lossy(&joined.stderr));
        bridge
    }

    /// A variable of the bridge's own environment.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Has it started by this program, which is given its command line.
    pub fn start_by(&mut self, starter: Vec<String>) {
        self.starter = starter;
    }

    pub fn root(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    pub fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    pub fn policy(&self) -> PathBuf {
        self.dir.path().join("policy.toml")
    }

    pub fn write_policy(&self, text: &str) {
        let beside = self.dir.path().join("policy.new");
        std::fs::write(&beside, text.replace("ROOT", &self.root().to_string_lossy())).unwrap();
        std::fs::rename(&beside, self.policy()).unwrap();
    }

    /// A script in the root.
    pub fn script(&self, name: &str, text: &str) {
        let path = self.root().join(name);
        std::fs::write(&path, text).unwrap();
        open_up(&path);
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut line = self.starter.iter().cloned().chain([program()]);
        let mut command = Command::new(line.next().unwrap());
        command
            .args(line)
            .args(words)
            .arg("--state-dir")
            .arg(self.state())
            .arg("--policy-file")
            .arg(self.policy())
            .env_remove("http_proxy")
            .env_remove("HTTP_PROXY")
            .envs(self.variables.iter().cloned());
        command
    }

    pub async fn join(&self, target: &str, token: &str, more: &[&str]) -> Output {
        let words = [&["join", target, "--token", token], more].concat();
        let mut command = self.command(&words);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    pub async fn show(&self) -> Output {
        let mut command = self.command(&["show"]);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    /// `diwan bridge policy …`, with nobody to answer a question.
    pub async fn policy_command(&self, words: &[&str]) -> Output {
        let mut command = self.command(&[&["policy"], words].concat());
        command.stdin(Stdio::null());
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    pub async fn join_through(&self, target: &str, token: &str, proxy: &str) -> Output {
        let mut command = self.command(&["join", target, "--token", token]);
        command.env("http_proxy", proxy).env_remove("no_proxy").env_remove("NO_PROXY");
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    /// Starts it; its log is read aside.
    pub fn start(&mut self) {
        let mut command = self.command(&["run"]);
        command.stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let (sender, receiver) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| {
                eprintln!("bridge: {line}");
                let _ = sender.send(line);
            })
        });
        (self.process, self.log) = (Some(process), Some(receiver));
    }

    /// How much memory it holds.
    pub fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }

    pub fn pid(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.pid().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.process.take().unwrap().wait().unwrap()
    }

    /// Everything that its log said and nobody has read; it has ended.
    pub async fn rest_of_log(&mut self) -> String {
        let mut all = String::new();
        let mut log = self.log.take().unwrap();
        while let Some(line) = log.recv().await {
            all.push_str(&line);
            all.push('\n');
        }
        all
    }

    /// Waits until its log says this.
    pub async fn wait_for_log(&mut self, words: &str) {
        let log = self.log.as_mut().unwrap();
        let wait = async { while !log.recv().await.expect(words).contains(words) {} };
        tokio::time::timeout(std::time::Duration::from_secs(60), wait).await.expect(words);
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.kill();
        }
    }
}

/// Lets the user that commands run as, when the test runs as root, get there.
fn open_up(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    if rustix::process::geteuid().is_root() && path.file_name() != path.parent().and_then(|p| p.file_name()) {
        let nobody = (rustix::fs::Uid::from_raw(65534), rustix::fs::Gid::from_raw(65534));
        rustix::fs::chown(path, Some(nobody.0), Some(nobody.1)).unwrap();
    }
}
