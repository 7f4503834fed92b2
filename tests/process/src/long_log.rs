//! A long log: a job says much while its machine, and whoever watches it, lose their connections again and again. What
//! the watcher is shown and what is kept are what was said, to the byte, and the bridge does not grow by it.
//!
//! `LONG_LOG_MIB=1024 LONG_LOG_CUTS=100` asks for more than the little of the suite.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::api::{Api, claim};
use crate::fleet_faults::machine::{Machine, open_up};
use crate::fleet_faults::proxy::Proxy;
use crate::fleet_faults::setting;
use crate::fleet_faults::work::give;
use crate::program::{PATIENCE, Program, binary, free_address};

const USUAL_MIB: u64 = 48;
const USUAL_CUTS: u64 = 8;
/// What a job says that is of no account.
const LITTLE: &[u8] = b"here\n";
const PIECE: usize = 256 * 1024;
/// No piece of it takes longer, whatever was cut.
const LONGEST_SILENCE: Duration = PATIENCE;
/// By so much the bridge may grow, whatever a job says.
const MOST_GROWTH_KIB: u64 = 8 * 1024;

/// Only this file may be shown.
const POLICY: &str = r#"
version = 1
require_sandbox = false

[roots.work]
path = "ROOT"
writable = false

[programs.cat]
path = ["/usr/bin/cat", "/bin/cat"]

[profiles.long]
limits = { wall_time_s = 3600, output_mib = 4096 }

[[rules]]
name = "show"
operations = ["exec"]
program = "cat"
positionals = [{ value = "path" }]
class = "reads"
profile = "long"
decision = "allow"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_log_comes_whole_through_a_bad_network_and_the_bridge_stays_small() {
    let (mib, cuts) = (setting("LONG_LOG_MIB", USUAL_MIB), setting("LONG_LOG_CUTS", USUAL_CUTS));
    let (data, ground) = (directory(), directory());
    let said = ground.path().join("said");
    let length = write_noise(&said, mib);
    std::fs::write(ground.path().join("little"), LITTLE).expect("room");
    give(ground.path());
    let server = Program::start(data.path()).await;
    let owner = claim(&server).await;
    let (to_bridge, to_watcher) = (network(&server).await, network(&server).await);
    let mut machine = Machine::slim();
    let policy = POLICY.replace("ROOT", &ground.path().to_string_lossy());
    machine.join(&owner, &to_bridge, "talker", &policy).await;
    machine.start();
    let token = json!({"name": "watcher", "scopes": ["jobs.read"], "expires_in_days": 1});
    let token = owner.post("/me/tokens", token).await.expect(201);
    let token = token["secret"].as_str().expect("a secret");

    // What it needs for any job counts for none.
    let little = watch(&to_watcher, token, &want(&owner, "little").await).wait_with_output();
    let little = timeout(PATIENCE, little).await.expect("it ends").expect("its end is heard");
    assert_eq!(little.stdout, LITTLE);
    let before = forget_the_peak(machine.pid());

    let job = want(&owner, "said").await;
    let mut watcher = watch(&to_watcher, token, &job);
    let shown = watcher.stdout.take().expect("it is a pipe");
    let cut = |at: u64| {
        // Both at once, and each alone.
        (at % 3 != 1).then(|| to_bridge.cut());
        (at % 3 != 2).then(|| to_watcher.cut());
    };
    let was_shown = compare(shown, &said, length, cuts, cut).await;
    let ended = timeout(PATIENCE, watcher.wait_with_output()).await.expect("it ends").expect("its end is heard");
    let known = owner.get(&format!("/jobs/{job}")).await.expect(200);
    let told = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(was_shown, (length, cuts), "not all of it was shown: {told}{known:#}");
    assert!(ended.status.success(), "{told}");
    assert_eq!((&known["state"], &known["output_bytes"]), (&json!("succeeded"), &json!(length)));
    let growth = peak(machine.pid()).saturating_sub(before);
    println!(
        "{mib} MiB, {cuts} cuts of each connection: the bridge grew by {growth} KiB at the most, from {before} KiB"
    );
    assert!(growth <= MOST_GROWTH_KIB, "the bridge grew by {growth} KiB");
    let file = ground.path().join("downloaded");
    let words = ["job", "logs", &job, "--download", &file.to_string_lossy()].map(str::to_owned);
    let ended = diwan(&to_watcher, token).args(words).status();
    assert!(ended.await.expect("it can be started").success());
    let kept = tokio::fs::File::open(&file).await.expect("a file");
    assert_eq!(compare(kept, &said, length, 0, |_| {}).await, (length, 0));
}

fn directory() -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    open_up(dir.path());
    dir
}

async fn network(server: &Program) -> Proxy {
    let proxy = Proxy::listen(free_address().ip()).await;
    proxy.lead_to(Some(server.address));
    proxy
}

/// Bytes of which no two stretches are alike, so that none can stand for another.
fn write_noise(path: &Path, mib: u64) -> u64 {
    let random = File::open("/dev/urandom").expect("randomness");
    let mut file = File::create(path).expect("a file");
    std::io::copy(&mut random.take(mib * 1024 * 1024), &mut file).expect("room")
}

async fn want(owner: &Api, file: &str) -> String {
    let body = json!({"operation": {"kind": "exec", "argv": ["cat", file], "root": "work"}});
    let job = owner.post("/jobs", body).await.expect(201);
    job["id"].as_str().map(str::to_owned).unwrap_or_else(|| panic!("{}", Value::to_string(&job)))
}

fn diwan(proxy: &Proxy, token: &str) -> Command {
    let mut command = Command::new(binary());
    command.args(["--server", &format!("http://{}", proxy.address)]).env("DIWAN_TOKEN", token);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

fn watch(proxy: &Proxy, token: &str, job: &str) -> Child {
    let mut command = diwan(proxy, token);
    command.args(["job", "logs", "-f", job]).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("it can be started")
}

/// Reads to the end, and strikes so many times on the way, evenly. Says how much there was, and how often it struck.
async fn compare(
    mut shown: impl AsyncRead + Unpin,
    said: &Path,
    length: u64,
    strikes: u64,
    strike: impl Fn(u64),
) -> (u64, u64) {
    let mut said = File::open(said).expect("a file");
    let (mut got, mut wanted, mut at, mut struck) = (vec![0; PIECE], vec![0; PIECE], 0, 0);
    loop {
        let read = timeout(LONGEST_SILENCE, shown.read(&mut got)).await;
        let read = read.unwrap_or_else(|_| panic!("nothing more comes after {at} bytes of {length}")).expect("bytes");
        if read == 0 {
            return (at, struck);
        }
        said.read_exact(&mut wanted[..read]).unwrap_or_else(|_| panic!("there is more than was said, at {at}"));
        assert!(got[..read] == wanted[..read], "something else was said after byte {at}");
        at += read as u64;
        while struck < strikes && at >= length / (strikes + 1) * (struck + 1) {
            strike(struck);
            struck += 1;
        }
    }
}

/// What a process has in memory. Its highest is counted from now on.
fn forget_the_peak(pid: Pid) -> u64 {
    std::fs::write(format!("/proc/{}/clear_refs", pid.as_raw_nonzero()), "5").expect("it is our process");
    status(pid, "VmRSS")
}

fn peak(pid: Pid) -> u64 {
    status(pid, "VmHWM")
}

fn status(pid: Pid, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':')).expect("a line");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("KiB")
}
