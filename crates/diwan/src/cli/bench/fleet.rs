//! `diwan bench fleet`: machines that are not there join, connect, report and come back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clap::Args;
use diwan_bridge::Simulated;
use diwan_client::{Client, ClientError};
use diwan_kernel::{Supervisor, TaskPolicy, World};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::run::duration;
use super::super::server::raise_file_limit;
use super::board::Board;
use super::live::Watched;

pub(super) const AFTER_HELP: &str = "\
Examples:
  diwan bench fleet --machines 1000
  diwan bench fleet --machines 5000 --every 10s --for 2m --json
  diwan bench fleet --machines 5000 --for 3m      and kill the server meanwhile:
                                                  it tells how fast they come back

Do this with a server that is there for trying things out: every machine joins it
for real, under the label bench=…, and is put out in the end. One process
can hold about as many machines as it may have open files (ulimit -n); for more,
start it several times. From one address a server takes no more machines than its
setting server.max_machine_connections_per_address says (2,000 unless changed).
It needs the permissions machines.manage, machines.read and profile.self.";

/// So many join at once.
const AT_ONCE: usize = 32;
/// Nobody waits longer for the last machine.
const SETTLE: Duration = Duration::from_secs(120);
const BEAT: Duration = Duration::from_secs(1);
/// How often somebody says how far it is.
const SAID_EVERY: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Fleet {
    /// How many machines
    #[arg(long, default_value_t = 1000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    machines: u32,
    /// How often each reports
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = duration::read)]
    every: Duration,
    /// For how long it is measured once all are connected
    #[arg(long = "for", default_value = "60s", value_name = "TIME", value_parser = duration::read)]
    time: Duration,
    /// How many of them somebody watches live
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    watched: u32,
    /// Do not put the machines out in the end
    #[arg(long)]
    keep: bool,
}

impl Fleet {
    pub(super) async fn run(self, door: &Door<'_>) -> Result<Done, Failure> {
        raise_file_limit();
        let bench = Arc::new(Bench::new(door.client()?, &self));
        eprintln!("Under the label bench={}; Ctrl-C ends it early and tidies up.", bench.name);
        let measured = tokio::select! {
            measured = bench.measure(&self) => measured.map(Some),
            _ = tokio::signal::ctrl_c() => Ok(None),
        };
        bench.supervisor.shut_down(Duration::from_secs(2)).await;
        if !self.keep {
            bench.tidy_up(door).await;
        }
        match measured? {
            Some(result) => tell(door, &result),
            None => Err(Failure::refused("it was ended early", "Let it run to its end for figures.")),
        }
    }
}

/// One run of it.
struct Bench {
    world: World,
    client: Client,
    name: String,
    supervisor: Supervisor,
    every: Duration,
    board: Mutex<Board>,
    machines: Mutex<Vec<String>>,
}

impl Bench {
    fn new(client: Client, asked: &Fleet) -> Self {
        let world = World::real();
        let name = format!("{:08x}", u32::from_ne_bytes(world.random()));
        let board = Mutex::new(Board::new(usize::try_from(asked.machines).unwrap_or(usize::MAX)));
        let (supervisor, every, machines) = (Supervisor::new(), asked.every, Mutex::default());
        Self { world, client, name, supervisor, every, board, machines }
    }

    async fn measure(self: &Arc<Self>, asked: &Fleet) -> Result<Value, Failure> {
        let began = self.world.monotonic();
        stream::iter(0..asked.machines).map(Ok).try_for_each_concurrent(AT_ONCE, |number| self.join(number)).await?;
        let joined = self.world.monotonic().saturating_sub(began);
        eprintln!("{} joined, in {:.1} s.", asked.machines, joined.as_secs_f64());
        self.settle().await;
        let some: Vec<String> = lock(&self.machines).iter().take(asked.watched as usize).cloned().collect();
        lock(&self.board).watches(some.iter().cloned());
        lock(&self.board).begin();
        let watched = Watched { world: &self.world, client: &self.client, machines: &some, board: &self.board };
        tokio::select! {
            refused = watched.watch() => refused.map_err(Failure::from)?,
            () = self.pass(asked.time) => {}
        }
        let mut result = lock(&self.board).result(asked.time);
        result["join_ms"] = json!((joined.as_secs_f64() * 1000.0).round());
        Ok(result)
    }

    async fn join(self: &Arc<Self>, number: u32) -> Result<(), Failure> {
        let body =
            json!({"name": format!("bench-{}-{number:05}", self.name), "labels": [format!("bench={}", self.name)]});
        let token = self.client.create_join_token(body).await?.read()?;
        let target = format!("{}#{}", self.client.server(), token.fingerprint);
        let machine = Simulated::join(&self.world, &target, &token.token).await.map_err(|error| {
            Failure::refused(
                format!("machine {number} could not join: {error}"),
                "Try fewer, or look at the server's log.",
            )
        })?;
        let (bench, id) = (Arc::clone(self), machine.machine().to_owned());
        lock(&self.machines).push(id.clone());
        self.supervisor.spawn("simulated machine", TaskPolicy::Once, async move {
            let tell = |happened| lock(&bench.board).happened(&id, happened, bench.world.monotonic());
            machine.live(bench.every, tell).await;
        });
        Ok(())
    }

    /// Waits until all are connected.
    async fn settle(&self) {
        let began = self.world.monotonic();
        while !lock(&self.board).is_complete() && self.world.monotonic().saturating_sub(began) < SETTLE {
            tokio::time::sleep(BEAT).await;
        }
    }

    async fn pass(&self, time: Duration) {
        let began = self.world.monotonic();
        let gone = || self.world.monotonic().saturating_sub(began);
        while gone() < time {
            tokio::time::sleep(SAID_EVERY.min(time.saturating_sub(gone()))).await;
            eprintln!("{:4} s  {}", gone().as_secs(), lock(&self.board).line());
        }
    }

    /// Puts the machines out, and removes them for good where the server lets us.
    async fn tidy_up(&self, door: &Door<'_>) {
        let machines = std::mem::take(&mut *lock(&self.machines));
        let Some(first) = machines.first() else { return };
        eprintln!("Putting {} machines out …", machines.len());
        let (client, name) = (&self.client, &self.name);
        let out = each(&machines, async |machine| client.revoke_machine(machine).await.map(drop)).await;
        let removed = match door.stepped_up(client, async || client.delete_machine(first).await).await {
            Ok(_) => each(&machines[1..], async |machine| client.delete_machine(machine).await.map(drop)).await,
            Err(failure) => return eprintln!("They are out, and stay in the list as revoked: {}", failure.detail()),
        };
        if let Err(error) = out.and(removed) {
            eprintln!("Not all could be removed ({error}): diwan machine list --on bench={name}");
        }
    }
}

/// Does something to each machine, to some at once.
async fn each(machines: &[String], deed: impl AsyncFn(&str) -> Result<(), ClientError>) -> Result<(), ClientError> {
    let deed = &deed;
    let done = stream::iter(machines).map(|machine| async move { deed(machine).await });
    done.buffer_unordered(AT_ONCE).try_collect().await
}

fn tell(door: &Door<'_>, result: &Value) -> Result<Done, Failure> {
    if door.screen.is_json() {
        door.screen.json(&result.to_string())?;
        return Ok(Done::Well);
    }
    let ms = |value: &Value| value.as_f64().map_or_else(|| "–".to_owned(), |ms| format!("{ms:.1} ms"));
    let live = &result["live"];
    door.screen.facts(&[
        ("Machines", format!("{} of {} connected", result["connected"], result["machines"])),
        ("Joining", ms(&result["join_ms"])),
        ("Reports", format!("{:.1} in a second", result["reports_per_second"].as_f64().unwrap_or_default())),
        ("Live", format!("p50 {}, p99 {}", ms(&live["p50_ms"]), ms(&live["p99_ms"]))),
        ("Heard", format!("{} reports, {} not", live["heard"], live["not_heard"])),
    ])?;
    for one in result["breaks"].as_array().into_iter().flatten() {
        let (first, all) = (ms(&one["first_1000_back_ms"]), ms(&one["back_99_percent_ms"]));
        door.screen.line(&format!(
            "Cut off down to {}: the first 1,000 were back after {first}, 99 % after {all}",
            one["connected_at_worst"]
        ))?;
    }
    Ok(Done::Well)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
