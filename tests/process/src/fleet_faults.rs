//! Commands under faults: a real control plane, a real bridge, and a bad network between them. Either side is
//! killed, the network is cut, stalls, becomes slow and holds old connections open. Afterwards every command
//! that was accepted has one recorded end and what it said to the byte, and none has run twice in silence.
//!
//! `FLEET_FAULT_RUNS=200` asks for more runs than the few of the suite, `FLEET_FAULT_SEED` says which the
//! first one is, and `FLEET_FAULT_AT_ONCE` how many run side by side. Start at [`run`].

pub(crate) mod dice;
mod look;
pub(crate) mod machine;
pub(crate) mod proxy;
pub(crate) mod work;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use self::dice::Dice;
use self::machine::{Machine, at_work};
use self::proxy::{Flow, Proxy};
use self::work::Job;
use crate::api::{Api, claim};
use crate::program::{Program, free_address, memory_dir};

/// What the machine is called.
const NAME: &str = "worker";
const USUAL_RUNS: u64 = 4;
const USUAL_SEED: u64 = 1;
const USUAL_AT_ONCE: usize = 4;
/// Faults come after any moment up to this.
const LONGEST_MOMENT: Duration = Duration::from_millis(400);
/// How long everything may take to come back, from the last fault on.
pub(crate) const RECOVERY: Duration = Duration::from_secs(180);
/// How often the API is asked whether everything has come to its end.
pub(crate) const LOOK: Duration = Duration::from_millis(100);

pub(crate) fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f24_f30_f53_f59_every_accepted_command_has_one_end_and_its_whole_output() {
    let (runs, first) = (setting("FLEET_FAULT_RUNS", USUAL_RUNS), setting("FLEET_FAULT_SEED", USUAL_SEED));
    let at_once = setting("FLEET_FAULT_AT_ONCE", USUAL_AT_ONCE as u64) as usize;
    let seeds = futures::stream::iter(first..first + runs);
    let results = seeds.map(async |seed| (seed, AssertUnwindSafe(run(seed)).catch_unwind().await));
    let (mut failed, mut total) = (vec![], BTreeMap::<&str, usize>::new());
    let mut results = std::pin::pin!(results.buffer_unordered(at_once));
    while let Some((seed, result)) = results.next().await {
        match result {
            Ok(counts) => counts.into_iter().for_each(|(what, count)| *total.entry(what).or_default() += count),
            Err(_) => {
                println!("FLEET_FAULT_SEED={seed} FLEET_FAULT_RUNS=1 failed");
                failed.push(seed);
            }
        }
    }
    println!("{runs} runs from seed {first}: {total:?}");
    assert!(failed.is_empty(), "failed with the seeds {failed:?}");
}

/// What a run is made of, one after the other.
#[derive(Debug, Clone, Copy)]
enum Step {
    Submit(usize),
    Open(usize),
    Fault(Fault),
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    KillBridge,
    KillServer,
    KillBoth,
    RestartBridge,
    RestartServer,
    Cut,
    /// One direction of the connections that are there goes silent.
    HalfOpen(usize),
    Delay,
    Trickle,
    /// The bridge connects anew while its old connection is still held, with bytes that come later.
    HoldOld,
    Replay,
    Heal,
}

const FAULTS: [Fault; 13] = [
    Fault::KillBridge,
    Fault::KillServer,
    Fault::KillBoth,
    Fault::RestartBridge,
    Fault::RestartServer,
    Fault::Cut,
    Fault::HalfOpen(0),
    Fault::HalfOpen(1),
    Fault::Delay,
    Fault::Trickle,
    Fault::HoldOld,
    Fault::Replay,
    Fault::Heal,
];

/// What came of asking for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Accepted,
    /// The answer was lost, and its repetition is told so.
    Done,
    /// Refused with this status.
    Refused(u16),
}

/// Everything that takes part in a run.
struct Stage {
    data: TempDir,
    server: Option<Program>,
    api: watch::Sender<Api>,
    proxy: Proxy,
    machine: Machine,
    jobs: Arc<Vec<Job>>,
    submitted: JoinSet<(usize, Asked)>,
    /// How often a command was certainly cut off in its middle.
    cut_off: BTreeMap<usize, usize>,
    /// What had begun before this life of the bridge.
    earlier: BTreeMap<usize, usize>,
    counts: BTreeMap<&'static str, usize>,
    dice: Dice,
}

/// One run. Says what happened in it.
async fn run(seed: u64) -> BTreeMap<&'static str, usize> {
    let mut dice = Dice::new(seed);
    let mut stage = Stage::set(&mut dice).await;
    for step in draw_steps(stage.jobs.len(), &mut dice) {
        // The moment is what is drawn; nothing waits for it to be long enough.
        sleep(dice.up_to(LONGEST_MOMENT)).await;
        stage.take(step).await;
    }
    let asked = stage.come_back().await;
    let commands = timeout(RECOVERY, stage.until_all_have_ended()).await;
    let commands = match commands {
        Ok(commands) => commands,
        Err(_) => panic!("seed {seed}: not all came to an end: {:#?}\n{}", stage.open().await, stage.machine.said()),
    };
    let seen = look::Seen { commands: &commands, asked: &asked, cut_off: &stage.cut_off };
    look::look(&stage, &seen).await;
    *stage.counts.entry("commands").or_default() += commands.len();
    for command in &commands {
        *stage.counts.entry(look::state(command)).or_default() += 1;
    }
    stage.machine.kill().await;
    stage.nothing_is_left().await;
    stage.counts
}

fn draw_steps(jobs: usize, dice: &mut Dice) -> Vec<Step> {
    let mut steps: Vec<Step> = (0..jobs).map(Step::Submit).collect();
    steps.extend((0..jobs).filter(|_| dice.is_one_in(2)).map(Step::Open).collect::<Vec<_>>());
    let faults = 3 + dice.below(5);
    steps.extend((0..faults).map(|_| Step::Fault(FAULTS[dice.below(FAULTS.len())])));
    dice.shuffle(&mut steps);
    steps
}

impl Stage {
    async fn set(dice: &mut Dice) -> Self {
        let data = memory_dir();
        let server = Program::start(data.path()).await;
        let owner = claim(&server).await;
        let proxy = Proxy::listen(free_address().ip()).await;
        proxy.lead_to(Some(server.address));
        let mut machine = Machine::new();
        let root = machine.root();
        work::lay_out(&root);
        machine.join(&owner, &proxy, NAME, &work::policy(&root)).await;
        let jobs = (0..5 + dice.below(16)).map(|number| Job::draw(number, dice, &root)).collect();
        machine.start();
        let (counts, cut_off, earlier) = Default::default();
        let dice = dice.clone();
        let stage = Self {
            data,
            server: Some(server),
            api: watch::Sender::new(owner),
            proxy,
            machine,
            jobs: Arc::new(jobs),
            submitted: JoinSet::new(),
            cut_off,
            earlier,
            counts,
            dice,
        };
        timeout(RECOVERY, stage.until_connected()).await.expect("the machine connects");
        stage
    }

    async fn until_connected(&self) {
        let api = self.api.borrow().clone();
        while api.list("/machines").await.iter().all(|machine| machine["state"] == "offline") {
            sleep(LOOK).await;
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Open(job) => self.jobs[job].open(),
            Step::Submit(job) => {
                let (jobs, api) = (Arc::clone(&self.jobs), self.api.subscribe());
                self.submitted.spawn(async move { (job, submit(&jobs[job], api).await) });
            }
            Step::Fault(fault) => {
                *self.counts.entry("faults").or_default() += 1;
                self.happen(fault).await;
            }
        }
    }

    async fn happen(&mut self, fault: Fault) {
        match fault {
            Fault::KillBridge => {
                self.kill_bridge().await;
                self.machine.start();
            }
            Fault::KillServer => {
                self.kill_server().await;
                self.start_server().await;
            }
            Fault::KillBoth => {
                self.kill_server().await;
                self.kill_bridge().await;
                self.start_server().await;
                self.machine.start();
            }
            Fault::RestartBridge => {
                self.stop_bridge().await;
                self.machine.start();
            }
            Fault::RestartServer => {
                let mut server = self.server.take().expect("it runs");
                server.signal(Signal::TERM);
                server.ended().await;
                self.start_server().await;
            }
            Fault::Cut => self.proxy.cut(),
            Fault::HalfOpen(direction) => self.proxy.stall(direction),
            Fault::Delay => {
                let delay = self.dice.up_to(Duration::from_millis(150));
                self.proxy.flow([Flow::Delayed(delay); 2]);
            }
            Fault::Trickle => self.proxy.flow([Flow::Trickle; 2]),
            Fault::HoldOld => self.proxy.orphan(),
            Fault::Replay => self.proxy.replay(),
            Fault::Heal => self.proxy.heal(),
        }
    }

    /// Kills the bridge. What has begun in its life and waits at a closed gate is cut off with it.
    async fn kill_bridge(&mut self) {
        let begun = work::marks(&self.machine.root(), "ran");
        let closed: Vec<usize> = self.jobs.iter().filter(|job| !job.is_open()).map(|job| job.number).collect();
        self.machine.kill().await;
        // Until they are, a gate that opens could still be passed.
        self.nothing_is_left().await;
        for number in closed {
            let count = |marks: &BTreeMap<usize, usize>| marks.get(&number).copied().unwrap_or_default();
            let fresh = count(&begun) - count(&self.earlier);
            *self.cut_off.entry(number).or_default() += fresh;
            *self.counts.entry("cut off").or_default() += fresh;
        }
        self.earlier = work::marks(&self.machine.root(), "ran");
    }

    async fn stop_bridge(&mut self) {
        self.machine.stop().await;
        self.earlier = work::marks(&self.machine.root(), "ran");
    }

    async fn kill_server(&mut self) {
        self.server.take().expect("it runs").kill().await;
    }

    async fn start_server(&mut self) {
        let server = Program::start(self.data.path()).await;
        self.proxy.lead_to(Some(server.address));
        self.api.send_modify(|api| *api = api.at(&server));
        self.server = Some(server);
    }

    /// Everything is good from now on, and whoever asked for something has an answer.
    async fn come_back(&mut self) -> BTreeMap<usize, Asked> {
        self.proxy.heal();
        self.jobs.iter().for_each(Job::open);
        let mut asked = BTreeMap::new();
        let answers = async {
            while let Some(answer) = self.submitted.join_next().await {
                let (job, answer) = answer.expect("whoever asks does not panic");
                asked.insert(job, answer);
            }
        };
        timeout(RECOVERY, answers).await.expect("all are answered");
        asked
    }

    async fn open(&self) -> Vec<Value> {
        let api = self.api.borrow().clone();
        api.list("/commands").await.into_iter().filter(look::is_open).collect()
    }

    async fn until_all_have_ended(&self) -> Vec<Value> {
        let api = self.api.borrow().clone();
        loop {
            let commands = api.list("/commands").await;
            if !commands.iter().any(look::is_open) {
                return commands;
            }
            sleep(LOOK).await;
        }
    }

    /// What the bridge started is gone with it.
    async fn nothing_is_left(&self) {
        let gone = async {
            while !at_work(&self.machine.root()).is_empty() {
                sleep(LOOK).await;
            }
        };
        timeout(Duration::from_secs(10), gone).await.expect("a command outlived its bridge");
    }
}

/// Asks until there is an answer, with the same key: it is the same wish.
async fn submit(job: &Job, mut api: watch::Receiver<Api>) -> Asked {
    let key = format!("job-{}", job.number);
    loop {
        let now = api.borrow_and_update().clone();
        if let Some(answer) = now.send(Method::POST, "/commands", Some(job.wish()), Some(&key)).await {
            return match answer.status {
                201 => Asked::Accepted,
                _ if answer.json["code"] == "idempotency_answer_lost" => Asked::Done,
                status => Asked::Refused(status),
            };
        }
        api.changed().await.expect("the run goes on");
    }
}
