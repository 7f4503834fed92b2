//! Machines: how quickly one does what it is told, beside `ssh` with a connection that is kept open, on the
//! same loopback; what the bridge weighs; how many machines a control plane bears.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::load::{Connection, Load, Outcome, Request};
use crate::product::Product;
use crate::report::Report;
use crate::ssh::Ssh;
use crate::terminal;

const SLIM: &str = "target/dist/diwan-bridge";
const ROUNDS: usize = 300;
const AT_ONCE: usize = 50;
const NOBODY: u32 = 65534;
const GIB: u64 = 1 << 30;
const TIMES: usize = 3;
/// So many seconds of an idle bridge are looked at.
const IDLE: Duration = Duration::from_secs(20);
/// Of a process's clock in `/proc`.
const TICKS_PER_S: f64 = 100.0;

/// Measures everything about machines, or only the parts that are named.
pub(crate) async fn measure(report: &mut Report, parts: &[String]) -> Result<()> {
    let is_wanted = |part: &str| parts.is_empty() || parts.iter().any(|named| named == part);
    let product = Product::start().await.context("the product starts (build it with `make build`)")?;
    let machine = Machine::join(&product).await?;
    if is_wanted("idle") {
        footprint(report, &machine).await?;
    }
    let idle = machine.resident_mib()?;
    let ssh = Ssh::start()?;
    if is_wanted("commands") {
        round_trips(report, &product, &ssh).await?;
    }
    random_file(&machine.work().join("gibibyte"))?;
    if is_wanted("throughput") {
        throughput(report, &product, &machine, &ssh)?;
    }
    if is_wanted("terminals") {
        terminal::measure(report, &product, (idle, || machine.resident_mib())).await?;
    }
    report.figure("resident memory of the bridge after all this", machine.resident_mib()?, "MiB", None);
    machine.leave()?;
    product.stop()
}

/// A machine that has joined: the slim bridge, with a directory to work in.
struct Machine {
    bridge: Child,
    dir: tempfile::TempDir,
}

impl Machine {
    async fn join(product: &Product) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let line = ask(product, &Request::json("POST", "/api/v1/join-tokens", r#"{"name":"bench"}"#)).await?;
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
        let machine = Self { bridge, dir };
        let begin = begin();
        while !is_there(product).await {
            ensure!(begin.elapsed() < Duration::from_secs(20), "the bridge does not connect");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(machine)
    }

    fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    fn resident_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.bridge.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("VmRSS")?;
        Ok(line.split_whitespace().nth(1).context("a number")?.parse::<f64>()? / 1024.0)
    }

    /// Processor time so far.
    fn processor_s(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.bridge.id()))?;
        let after_name: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| after_name.get(at).and_then(|t| t.parse::<f64>().ok()).context("a number");
        Ok((ticks(11)? + ticks(12)?) / TICKS_PER_S)
    }

    fn leave(mut self) -> Result<()> {
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

fn program() -> PathBuf {
    std::env::var_os("BENCH_BRIDGE").map_or_else(|| SLIM.into(), PathBuf::from)
}

/// The usual policy, but with enough room for what is measured.
fn policy(program: &Path, work: &Path) -> Result<String> {
    let mut print = Command::new(program);
    print.args(["policy", "print", "own-machine", "--work-dir"]).arg(work);
    let text = String::from_utf8(print.output()?.stdout)?;
    Ok(text.replace("limits = { output_mib = 64 }", "limits = { output_mib = 16384 }"))
}

async fn is_there(product: &Product) -> bool {
    let machines = ask(product, &Request::get("/api/v1/machines")).await;
    machines.is_ok_and(|machines| machines["items"][0]["state"] == "online")
}

/// What the bridge weighs while nothing is asked of it.
async fn footprint(report: &mut Report, machine: &Machine) -> Result<()> {
    let size = fs::metadata(program())?.len();
    report.figure("slim bridge, on disk", size as f64 / 1e6, "MB", Some("goal ≤ 8"));
    let before = machine.processor_s()?;
    tokio::time::sleep(IDLE).await;
    let share = (machine.processor_s()? - before) / IDLE.as_secs_f64() * 100.0;
    report.figure("slim bridge, processor while idle", share, "%", Some("goal ≤ 0.1"));
    let resident = machine.resident_mib()?;
    report.figure("slim bridge, resident memory while idle", resident, "MiB", Some("goal ≤ 10"));
    Ok(())
}

fn no_op() -> Request {
    let body = json!({
        "machine": "bench", "await_end_ms": 20_000,
        "operation": {"kind": "exec", "argv": ["true"], "root": "projects"},
    });
    Request::json("POST", "/api/v1/commands", &body.to_string())
}

/// A command that does nothing: written down, signed, judged, run in its sandbox, and its end written down.
async fn round_trips(report: &mut Report, product: &Product, ssh: &Ssh) -> Result<()> {
    let command = no_op().bearer(&product.token);
    let answer = ask(product, &no_op()).await?;
    ensure!(answer["succeeded"] == 1, "the command did not succeed: {answer}");
    let mut theirs = vec![];
    for _ in 0..ROUNDS {
        theirs.push(ssh.round_trip(&["true"])?);
    }
    let theirs = Outcome::of(theirs)?;
    let ours = Load::new(product.address, command.clone()).times(ROUNDS).await?;
    report.load("ssh host true, over a connection that is kept open", &theirs);
    report.load("a command that does nothing (POST /api/v1/commands, to its end)", &ours);
    report.ratio("  p50, ours : ssh", ours.p50_ms, theirs.p50_ms, "goal ≤ 0.5");
    report.ratio("  p99, ours : ssh", ours.p99_ms, theirs.p99_ms, "goal ≤ 1");
    let many = Load::new(product.address, command).run(AT_ONCE, Duration::from_secs(10)).await?;
    report.load("the same, 50 at a time", &many);
    Ok(())
}

/// A gibibyte through the output of a command, and as a file.
fn throughput(report: &mut Report, product: &Product, machine: &Machine, ssh: &Ssh) -> Result<()> {
    let file = machine.work().join("gibibyte");
    let path = file.to_string_lossy().into_owned();
    let theirs = best(|| ssh.round_trip(&["cat", &path]))?;
    let ours = best(|| diwan(product, &["run", "--machine", "bench", "--root", "projects", "--", "cat", "gibibyte"]))?;
    let speed = |took: Duration| GIB as f64 / took.as_secs_f64() / 1e6;
    report.figure("cat of 1 GiB over ssh", speed(theirs), "MB/s", None);
    report.figure("cat of 1 GiB as a command's output (diwan run)", speed(ours), "MB/s", None);
    report.ratio("  ours : ssh", speed(ours), speed(theirs), "goal ≥ 1");
    // Each time a file that was not there: what is there already would not travel.
    let copy = machine.work().join("copy");
    let anew = |run: &dyn Fn() -> Result<Duration>| {
        best(|| {
            let took = run()?;
            fs::remove_file(&copy)?;
            Ok(took)
        })
    };
    let theirs = anew(&|| ssh.copy(&path, &copy.to_string_lossy()))?;
    let ours = anew(&|| diwan(product, &["cp", "--quiet", &path, "bench:projects/copy"]))?;
    report.figure("copy of a file of 1 GiB by scp", speed(theirs), "MB/s", None);
    report.figure("copy of a file of 1 GiB by diwan cp", speed(ours), "MB/s", None);
    report.ratio("  ours : scp", speed(ours), speed(theirs), "goal ≥ 1");
    Ok(())
}

/// Bytes that nothing can make smaller.
fn random_file(path: &Path) -> Result<()> {
    let mut random = fs::File::open("/dev/urandom")?;
    let copied = std::io::copy(&mut std::io::Read::take(&mut random, GIB), &mut fs::File::create(path)?)?;
    ensure!(copied == GIB, "the file is too short");
    Ok(())
}

fn diwan(product: &Product, arguments: &[&str]) -> Result<Duration> {
    let mut command = Command::new(product.binary());
    command.args(arguments).env("DIWAN_SERVER", format!("http://{}", product.address));
    timed(command.env("DIWAN_TOKEN", &product.token))
}

/// How long a process takes; what it says goes nowhere.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) fn timed(command: &mut Command) -> Result<Duration> {
    let begin = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(begin.elapsed())
}

fn best(run: impl Fn() -> Result<Duration>) -> Result<Duration> {
    let times: Vec<Duration> = (0..TIMES).map(|_| run()).collect::<Result<_>>()?;
    times.into_iter().min().context("a time")
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn begin() -> Instant {
    Instant::now()
}

async fn ask(product: &Product, request: &Request) -> Result<Value> {
    let mut connection = Connection::open(product.address).await?;
    let (status, _, text) = connection.send(product.address, &request.clone().bearer(&product.token)).await?;
    ensure!((200..300).contains(&status), "{status}: {text}");
    Ok(serde_json::from_str(&text)?)
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key].as_str().with_context(|| key.to_owned())
}
