//! The machine of a run: a real bridge, with a policy and a directory of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::proxy::Proxy;
use super::work;
use crate::api::Api;
use crate::program::{PATIENCE, binary};

/// Scripts of the root may be run by `sh`.
const POLICY: &str = r#"
version = 1
require_sandbox = false

[roots.work]
path = "ROOT"
writable = true

[programs.sh]
path = ["/usr/bin/sh", "/bin/sh"]

[profiles.scripts]
writable = true
limits = { wall_time_s = 600, output_mib = 64, processes = 64 }

[[rules]]
name = "scripts"
operations = ["exec"]
program = "sh"
positionals = [{ value = "path", at_most = 8 }]
class = "runs_repo_code"
profile = "scripts"
decision = "allow"
"#;

/// A machine. Its bridge is killed when it is dropped.
pub(super) struct Machine {
    dir: TempDir,
    bridge: Option<Child>,
}

impl Machine {
    /// Joins by the line that the API gives, through the network that is between them.
    pub(super) async fn join(owner: &Api, proxy: &Proxy) -> Self {
        let machine = Self { dir: tempfile::tempdir().expect("a directory"), bridge: None };
        open_up(machine.dir.path());
        work::lay_out(&machine.root());
        std::fs::write(machine.policy(), POLICY.replace("ROOT", &machine.root().to_string_lossy())).expect("room");
        let token = owner.post("/join-tokens", json!({"name": super::NAME})).await.expect(201);
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let target = format!("http://{}#{}", proxy.address, text(&token["fingerprint"]));
        let mut join = machine.command(&["join", &target, "--token", &text(&token["token"])]);
        let joined = timeout(PATIENCE, join.output()).await.expect("it joins in time").expect("it can be started");
        assert!(joined.status.success(), "{}", String::from_utf8_lossy(&joined.stderr));
        machine
    }

    pub(super) fn root(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    fn policy(&self) -> PathBuf {
        self.dir.path().join("policy.toml")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.arg("bridge").args(words).arg("--state-dir").arg(self.dir.path().join("state"));
        command.arg("--policy-file").arg(self.policy()).stdin(Stdio::null()).kill_on_drop(true);
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env_remove(name);
        }
        command
    }

    pub(super) fn start(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.log()).expect("a log");
        let mut command = self.command(&["run"]);
        self.bridge = Some(command.stderr(log).stdout(Stdio::null()).spawn().expect("it can be started"));
    }

    pub(super) async fn kill(&mut self) {
        let mut bridge = self.bridge.take().expect("it runs");
        bridge.kill().await.expect("it can be killed");
    }

    /// Asks it to stop, and waits until it has.
    pub(super) async fn stop(&mut self) {
        let mut bridge = self.bridge.take().expect("it runs");
        let pid = bridge.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw).expect("it runs");
        kill_process(pid, Signal::TERM).expect("it can be signalled");
        timeout(PATIENCE, bridge.wait()).await.expect("it stops in time").expect("its end is heard");
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("bridge.log")
    }

    /// What the bridge said, in all of its lives.
    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// The processes that work in its root.
    pub(super) fn at_work(&self) -> usize {
        let root = self.root();
        let processes = std::fs::read_dir("/proc").expect("processes").flatten();
        processes.filter(|process| std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == root)).count()
    }
}

/// The user that commands run as must get there.
fn open_up(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
}
