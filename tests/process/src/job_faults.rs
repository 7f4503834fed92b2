//! Jobs under faults: a real control plane, real bridges, and steps with a database of their own. The server, a
//! bridge, a step or all of them are killed at moments drawn by lot, and a bridge is stopped until its jobs have gone
//! to another machine. Afterwards no acknowledged job is lost, a step that takes the job's key has had one effect,
//! and one that does not was called once.
//!
//! `JOB_FAULT_RUNS=25 JOB_FAULT_CYCLES=40` asks for more runs and strikes than the few of the suite,
//! `JOB_FAULT_SEED` says by which lot the first run is drawn, and `JOB_FAULT_AT_ONCE` how many go side by side.
//! Start at [`run`].

mod look;
mod power_cut;
mod work;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use self::work::{Steps, Told, Wish};
use crate::api::{Api, claim};
use crate::fleet_faults::dice::Dice;
use crate::fleet_faults::machine::{Machine, at_work};
use crate::fleet_faults::proxy::Proxy;
use crate::fleet_faults::{LOOK, RECOVERY, setting};
use crate::program::{Program, free_address, memory_dir};

const USUAL_RUNS: u64 = 1;
/// Every strike is in it.
const USUAL_CYCLES: u64 = STRIKES.len() as u64;
const USUAL_SEED: u64 = 1;
const USUAL_AT_ONCE: u64 = 2;
/// A strike comes after any moment up to this.
const LONGEST_MOMENT: Duration = Duration::from_millis(400);
/// About how long an answer takes.
const ANSWER: Duration = Duration::from_millis(12);
/// With more than this, nobody wants another job until some have ended.
const MOST_OPEN: usize = 24;
const MACHINES: [&str; 2] = ["left", "right"];

/// What is told in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    /// The step takes the job's key, so the job may be done again, and on another machine.
    TakesTheKey,
    /// The step does not.
    AtMostOnce,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_job_is_lost_and_none_has_two_effects() {
    tell(Story::TakesTheKey).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_step_is_called_twice_when_it_may_not_be() {
    tell(Story::AtMostOnce).await;
}

async fn tell(story: Story) {
    let (runs, first) = (setting("JOB_FAULT_RUNS", USUAL_RUNS), setting("JOB_FAULT_SEED", USUAL_SEED));
    let cycles = setting("JOB_FAULT_CYCLES", USUAL_CYCLES);
    let at_once = setting("JOB_FAULT_AT_ONCE", USUAL_AT_ONCE) as usize;
    let seeds = futures::stream::iter(first..first + runs);
    let results = seeds.map(async |seed| (seed, AssertUnwindSafe(run(story, seed, cycles)).catch_unwind().await));
    let (mut failed, mut total) = (vec![], BTreeMap::<&str, usize>::new());
    let mut results = std::pin::pin!(results.buffer_unordered(at_once));
    while let Some((seed, result)) = results.next().await {
        match result {
            Ok(counts) => counts.into_iter().for_each(|(what, count)| *total.entry(what).or_default() += count),
            Err(_) => {
                println!("{story:?}: JOB_FAULT_SEED={seed} JOB_FAULT_RUNS=1 JOB_FAULT_CYCLES={cycles} failed");
                failed.push(seed);
            }
        }
    }
    println!("{story:?}: {runs} runs of {cycles} cycles from seed {first}: {total:?}");
    assert!(failed.is_empty(), "failed with the seeds {failed:?}");
}

#[derive(Debug, Clone, Copy)]
enum Strike {
    Server,
    Bridge,
    /// One process of a step that is at work.
    Step,
    Everything,
    /// The bridge stands still until its jobs are taken from it, and then goes on as if nothing had happened.
    Freeze,
}

const STRIKES: [Strike; 16] = [
    Strike::Server,
    Strike::Server,
    Strike::Server,
    Strike::Server,
    Strike::Bridge,
    Strike::Bridge,
    Strike::Bridge,
    Strike::Bridge,
    Strike::Step,
    Strike::Step,
    Strike::Step,
    Strike::Step,
    Strike::Everything,
    Strike::Everything,
    Strike::Everything,
    Strike::Freeze,
];

/// One run. Says what happened in it.
async fn run(story: Story, seed: u64, cycles: u64) -> BTreeMap<&'static str, usize> {
    let mut stage = Stage::set(story, &MACHINES, Dice::new(seed)).await;
    let mut strikes = vec![];
    for _ in 0..cycles {
        stage.want_some().await;
        // As cards are dealt, so that none is missing for long.
        if strikes.is_empty() {
            strikes = STRIKES.to_vec();
            stage.dice.shuffle(&mut strikes);
        }
        let strike = strikes.pop().expect("there are some");
        if !stage.dice.is_one_in(4) {
            stage.until("a step is at work", Stage::is_busy).await;
        }
        // The moment is what is drawn; nothing waits for it to be long enough.
        sleep(stage.dice.up_to(LONGEST_MOMENT)).await;
        stage.happen(strike).await;
    }
    let told = stage.answers().await;
    stage.until("every job has ended", async |stage: &Stage| stage.open().await.is_empty()).await;
    // A machine that came back too late may still be at a job that ended without it.
    stage.until("no step is at work", async |stage: &Stage| at_work(stage.steps.root()).is_empty()).await;
    look::look(&mut stage, &told).await;
    stage.counts
}

/// A machine and the network between it and the control plane.
struct Place {
    machine: Machine,
    proxy: Proxy,
    id: String,
}

/// Everything that takes part in a run.
struct Stage {
    story: Story,
    data: TempDir,
    server: Option<Program>,
    api: watch::Sender<Api>,
    places: Vec<Place>,
    steps: Steps,
    wishes: usize,
    wanted: JoinSet<Told>,
    counts: BTreeMap<&'static str, usize>,
    dice: Dice,
}

impl Stage {
    async fn set(story: Story, machines: &[&str], dice: Dice) -> Self {
        let data = memory_dir();
        let server = Program::start(data.path()).await;
        let owner = claim(&server).await;
        let steps = Steps::lay_out(story);
        let mut places = vec![];
        for &name in machines {
            let proxy = Proxy::listen(free_address().ip()).await;
            proxy.lead_to(Some(server.address));
            let mut machine = Machine::slim();
            machine.join(&owner, &proxy, name, &steps.policy()).await;
            machine.start();
            let known = owner.list("/machines").await;
            let known = known.iter().find(|known| known["name"] == name).expect("it has joined");
            places.push(Place { machine, proxy, id: known["id"].as_str().expect("an id").to_owned() });
        }
        let (wishes, wanted, counts) = Default::default();
        // A session would not last as long as a long run.
        let scopes = ["jobs.run", "jobs.read", "commands.run", "machines.read", "audit.read"];
        let token = json!({"name": "faults", "scopes": scopes, "expires_in_days": 30});
        let token = owner.post("/me/tokens", token).await.expect(201);
        let owner = owner.with_token(token["secret"].as_str().expect("a secret"));
        let (server, api) = (Some(server), watch::Sender::new(owner));
        Self { story, data, server, api, places, steps, wishes, wanted, counts, dice }
    }

    fn api(&self) -> Api {
        self.api.borrow().clone()
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// Looks until something is so, and says where everything stands if it does not become so.
    async fn until(&self, what: &str, is_so: impl AsyncFn(&Self) -> bool) {
        let looking = async {
            while !is_so(self).await {
                sleep(LOOK).await;
            }
        };
        if timeout(RECOVERY, looking).await.is_err() {
            let said: String = self.places.iter().map(|place| place.machine.said()).collect();
            let server = self.server.as_ref().map(Program::said);
            panic!("not in time: {what}\n{:#?}\n{said}\n{server:?}", self.open().await);
        }
    }

    async fn open(&self) -> Vec<Value> {
        // All of them are looked at: one that goes from phase to phase could be in none that is asked for.
        self.api().list("/jobs").await.into_iter().filter(|job| !job["ended_at"].is_string()).collect()
    }

    /// Whether a step is at work, or nothing is left to be done.
    async fn is_busy(&self) -> bool {
        !at_work(self.steps.root()).is_empty() || self.open().await.is_empty()
    }

    async fn want_some(&mut self) {
        self.until("few jobs are open", async |stage: &Stage| stage.open().await.len() < MOST_OPEN).await;
        let some = 1 + self.dice.below(4);
        self.want(some);
    }

    fn want(&mut self, some: usize) {
        for _ in 0..some {
            let wish = Wish::draw(self.wishes, self.story, &mut self.dice);
            self.wanted.spawn(work::want(wish, self.api.subscribe()));
            self.wishes += 1;
        }
    }

    async fn happen(&mut self, strike: Strike) {
        let one = self.dice.below(self.places.len());
        match strike {
            Strike::Server => {
                self.count("server killed");
                self.interrupt_server().await;
                self.start_server().await;
            }
            Strike::Bridge => {
                self.count("bridge killed");
                self.places[one].machine.kill().await;
                self.places[one].machine.start();
            }
            Strike::Step => self.kill_a_step().await,
            Strike::Everything => {
                self.count("everything killed");
                self.interrupt_server().await;
                for place in &mut self.places {
                    place.machine.kill().await;
                }
                for step in at_work(self.steps.root()) {
                    // Most are gone with their bridge.
                    let _ = kill_process(step, Signal::KILL);
                }
                self.start_server().await;
                self.places.iter_mut().for_each(|place| place.machine.start());
            }
            Strike::Freeze => self.freeze(one).await,
        }
    }

    /// Kills a process of a step, unless none is left to be done.
    async fn kill_a_step(&mut self) {
        loop {
            self.until("a step is at work", Stage::is_busy).await;
            let mut steps = at_work(self.steps.root());
            self.dice.shuffle(&mut steps);
            match steps.pop() {
                None => return self.count("no step to kill"),
                // Otherwise it has come to its end by itself.
                Some(step) if kill_process(step, Signal::KILL).is_ok() => return self.count("step killed"),
                Some(_) => {}
            }
        }
    }

    /// Stops a bridge until the control plane has given it up, and every job that does not wait for it has left it.
    async fn freeze(&mut self, one: usize) {
        // Mostly the control plane sees at once that nobody is there; otherwise it hears nothing for too long.
        let is_silent = self.dice.is_one_in(4);
        self.count(if is_silent { "bridge silent" } else { "bridge stopped" });
        let place = &self.places[one];
        place.machine.signal(Signal::STOP);
        if !is_silent {
            place.proxy.cut();
        }
        self.until("a stopped bridge is given up", async |stage: &Stage| {
            let machines = stage.api().list("/machines").await;
            let is_away = |machine: &Value| machine["id"] == place.id.as_str() && machine["state"] == "offline";
            let under_way = stage.api().list(&format!("/jobs?phase=under_way&machine={}", place.id)).await;
            machines.iter().any(is_away) && under_way.iter().all(|job| job["lost"]["policy"] == "wait")
        })
        .await;
        place.machine.signal(Signal::CONT);
    }

    /// Kills it while it is asked for jobs.
    async fn interrupt_server(&mut self) {
        let some = self.dice.below(4);
        self.want(some);
        sleep(self.dice.up_to(ANSWER)).await;
        self.kill_server().await;
    }

    async fn kill_server(&mut self) {
        self.server.take().expect("it runs").kill().await;
    }

    async fn start_server(&mut self) {
        let server = Program::start(self.data.path()).await;
        self.places.iter().for_each(|place| place.proxy.lead_to(Some(server.address)));
        self.api.send_modify(|api| *api = api.at(&server));
        self.server = Some(server);
    }

    /// What everybody was told who wanted a job.
    async fn answers(&mut self) -> Vec<Told> {
        let mut answers = vec![];
        let all = async {
            while let Some(told) = self.wanted.join_next().await {
                answers.push(told.expect("whoever wants a job does not panic"));
            }
        };
        timeout(RECOVERY, all).await.expect("all are answered");
        answers
    }

    /// Where the control plane keeps everything.
    fn data(&self) -> &Path {
        self.data.path()
    }
}
