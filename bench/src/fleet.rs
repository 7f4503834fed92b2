//! Machines: how quickly one does what it is told, beside `ssh` with a connection that is kept open, on the
//! same loopback; what the bridge weighs; how many machines a control plane bears.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::load::{Load, Outcome, Request};
use crate::machine::{Machine, program};
use crate::product::Product;
use crate::report::Report;
use crate::ssh::Ssh;
use crate::terminal;

const ROUNDS: usize = 300;
const AT_ONCE: usize = 50;
const GIB: u64 = 1 << 30;
const TIMES: usize = 3;
/// So many seconds of an idle bridge are looked at.
const IDLE: Duration = Duration::from_secs(20);

/// Measures everything about machines, or only the parts that are named.
pub(crate) async fn measure(report: &mut Report, parts: &[String]) -> Result<()> {
    let is_wanted = |part: &str| parts.is_empty() || parts.iter().any(|named| named == part);
    let product = Product::start().await.context("the product starts (build it with `make build`)")?;
    let machine = Machine::join(&product, "bench").await?;
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
    let answer = product.ask(&no_op()).await?;
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
