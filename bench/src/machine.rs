//! Machines for measurements: the slim bridge as it is shipped, with a policy and a directory of its own.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::load::Request;
use crate::product::Product;

const SLIM: &str = "target/dist/diwan-bridge";
const NOBODY: u32 = 65534;
/// Of a process's clock in `/proc`.
const TICKS_PER_S: f64 = 100.0;

/// A machine that has joined: the slim bridge, with a directory to work in.
pub(crate) struct Machine {
    /// Its id: `mch_…`.
    pub(crate) id: String,
    bridge: Child,
    dir: tempfile::TempDir,
}

impl Machine {
    /// Joins under this name and waits until it is there.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub(crate) async fn join(product: &Product, name: &str) -> Result<Self> {
        // On a disk, where its journal belongs: the usual place may be in memory.
        let dir = tempfile::tempdir_in("/var/tmp")?;
        let line =
            product.ask(&Request::json("POST", "/api/v1/join-tokens", &json!({"name": name}).to_string())).await?;
        let target = format!("http://{}#{}", product.address, text(&line, "fingerprint")?);
        give_to_nobody(dir.path())?;
        let place = |command: &mut Command, dir: &Path| {
            command.arg("--state-dir").arg(dir.join("state")).arg("--policy-file").arg(dir.join("policy.toml"));
        };
        let program = program();
        fs::write(dir.path().join("policy.toml"), policy(&program, &dir.path().join("work"))?)?;
        let mut join = Command::new(&program);
        join.args(["join", &target, "--token", text(&line, "token")?]);
        place(&mut join, dir.path());
        ensure!(join.stdout(Stdio::null()).status()?.success(), "the bridge could not join");
        let mut run = Command::new(&program);
        run.arg("run");
        place(&mut run, dir.path());
        let bridge = run.stderr(Stdio::null()).spawn()?;
        let mut machine = Self { id: String::new(), bridge, dir };
        let begin = Instant::now();
        while machine.id.is_empty() {
            ensure!(begin.elapsed() < Duration::from_secs(20), "the bridge does not connect");
            tokio::time::sleep(Duration::from_millis(20)).await;
            machine.id = online(product, name).await.unwrap_or_default();
        }
        Ok(machine)
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    pub(crate) fn resident_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.bridge.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("VmRSS")?;
        Ok(line.split_whitespace().nth(1).context("a number")?.parse::<f64>()? / 1024.0)
    }

    /// Processor time so far.
    pub(crate) fn processor_s(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.bridge.id()))?;
        let after_name: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| after_name.get(at).and_then(|t| t.parse::<f64>().ok()).context("a number");
        Ok((ticks(11)? + ticks(12)?) / TICKS_PER_S)
    }

    pub(crate) fn leave(mut self) -> Result<()> {
        Command::new("kill").args(["-TERM", &self.bridge.id().to_string()]).status()?;
        self.bridge.wait()?;
        Ok(())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // A failed run leaves no bridge behind; one that has ended already is fine.
        let _ = self.bridge.kill();
    }
}

/// Makes the directory to work in. Nothing runs as root: where we are, it is nobody's, who may come there.
fn give_to_nobody(dir: &Path) -> Result<()> {
    let work = dir.join("work");
    fs::create_dir(&work)?;
    if fs::metadata(dir)?.uid() == 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755))?;
        chown(&work, Some(NOBODY), Some(NOBODY))?;
    }
    Ok(())
}

pub(crate) fn program() -> PathBuf {
    std::env::var_os("BENCH_BRIDGE").map_or_else(|| SLIM.into(), PathBuf::from)
}

/// The usual policy, but with enough room for what is measured.
fn policy(program: &Path, work: &Path) -> Result<String> {
    let mut print = Command::new(program);
    print.args(["policy", "print", "own-machine", "--work-dir"]).arg(work);
    let text = String::from_utf8(print.output()?.stdout)?;
    Ok(text.replace("limits = { output_mib = 64 }", "limits = { output_mib = 16384 }"))
}

/// The id of the machine with this name, once it is there.
async fn online(product: &Product, name: &str) -> Option<String> {
    let machines = product.ask(&Request::get("/api/v1/machines?limit=100")).await.ok()?;
    let machine = machines["items"].as_array()?.iter().find(|machine| machine["name"] == name)?.clone();
    machine["id"].as_str().filter(|_| machine["state"] == "online").map(str::to_owned)
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key].as_str().with_context(|| key.to_owned())
}
