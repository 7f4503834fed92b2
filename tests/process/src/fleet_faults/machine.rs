//! A machine: a real bridge, with a policy and a directory of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::proxy::Proxy;
use crate::api::Api;
use crate::program::{PATIENCE, binary};

/// A machine. Its bridge is killed when it is dropped.
pub(crate) struct Machine {
    dir: TempDir,
    /// The program and its words in front of those of the bridge.
    program: (PathBuf, &'static [&'static str]),
    bridge: Option<Child>,
}

impl Machine {
    /// One whose bridge is the one in `diwan`.
    pub(crate) fn new() -> Self {
        Self::of((binary(), &["bridge"]))
    }

    /// One whose bridge is the slim program that other machines are given.
    pub(crate) fn slim() -> Self {
        let slim = binary().with_file_name("diwan-bridge");
        assert!(slim.is_file(), "{} is not built: run the tests with `make test`", slim.display());
        Self::of((slim, &[]))
    }

    fn of(program: (PathBuf, &'static [&'static str])) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        open_up(dir.path());
        Self { dir, program, bridge: None }
    }

    /// Joins by the line that the API gives, through the network that is between them.
    pub(crate) async fn join(&self, owner: &Api, proxy: &Proxy, name: &str, policy: &str) {
        std::fs::write(self.policy(), policy).expect("room");
        let token = owner.post("/join-tokens", json!({"name": name})).await.expect(201);
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let target = format!("http://{}#{}", proxy.address, text(&token["fingerprint"]));
        let mut join = self.command(&["join", &target, "--token", &text(&token["token"])]);
        let joined = timeout(PATIENCE, join.output()).await.expect("it joins in time").expect("it can be started");
        assert!(joined.status.success(), "{}", String::from_utf8_lossy(&joined.stderr));
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    /// Where its bridge keeps everything.
    pub(crate) fn state_dir(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn policy(&self) -> PathBuf {
        self.dir.path().join("policy.toml")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program.0);
        command.args(self.program.1).args(words).arg("--state-dir").arg(self.state_dir());
        command.arg("--policy-file").arg(self.policy()).stdin(Stdio::null()).kill_on_drop(true);
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn start(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.log()).expect("a log");
        let mut command = self.command(&["run"]);
        self.bridge = Some(command.stderr(log).stdout(Stdio::null()).spawn().expect("it can be started"));
    }

    pub(crate) async fn kill(&mut self) {
        let mut bridge = self.bridge.take().expect("it runs");
        bridge.kill().await.expect("it can be killed");
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(&mut self) {
        self.signal(Signal::TERM);
        let mut bridge = self.bridge.take().expect("it runs");
        timeout(PATIENCE, bridge.wait()).await.expect("it stops in time").expect("its end is heard");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it can be signalled");
    }

    pub(crate) fn pid(&self) -> Pid {
        let bridge = self.bridge.as_ref().and_then(Child::id).and_then(|id| i32::try_from(id).ok());
        bridge.and_then(Pid::from_raw).expect("it runs")
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("bridge.log")
    }

    /// What the bridge said, in all of its lives.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }
}

/// The processes that work in a root.
pub(crate) fn at_work(root: &Path) -> Vec<Pid> {
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    let here = processes.filter(|process| std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == root));
    here.filter_map(|process| process.file_name().to_str()?.parse().ok().and_then(Pid::from_raw)).collect()
}

/// The user that commands run as must get there.
pub(crate) fn open_up(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
}
