//! One run: a seed, and what came of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diwan_testkit::sim::SimPerson;
use serde_json::Value;

use super::ground::ground;
use super::hosts::{self, PERSON, PORT, SERVER};
use super::ledger::{Ledger, Rule, Run};
use super::lot::Lot;
use super::person::{Person, Seen};
use super::plan::{Plan, most_with};
use super::verdict::judge;
use super::weather::{CALM, Weather};

/// What cannot be done in so much time when nothing is broken any more is not done at all.
const LONGEST_CALM: Duration = Duration::from_secs(900);

/// Those of connections that nobody answered are not given back by the simulation: these last for more than a week of trying.
const PORTS: RangeInclusive<u16> = 10_000..=65_535;

/// What came of a run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) digest: u64,
    pub(crate) wrong: Vec<String>,
    /// The last of what happened.
    pub(crate) told: String,
    /// How long it took, by its own clock.
    pub(crate) took: Duration,
    /// The jobs as the person saw them at the end.
    pub(crate) jobs: BTreeMap<String, Value>,
    /// What ran on the machines.
    pub(crate) runs: BTreeMap<String, Run>,
}

/// What each step may do, as its job says.
fn rules(plan: &Plan) -> Vec<Rule> {
    let mut rules: Vec<Rule> = plan
        .jobs
        .iter()
        .map(|job| {
            let policy = job.spec["lost"]["policy"].as_str().unwrap_or("wait");
            let key = job.spec["concurrency"]["key"].as_str().map(|key| (key.to_owned(), most_with(key)));
            let may_repeat = job.spec["retry_safe"] == true || policy == "move" || job.is_tried_anew;
            Rule { may_repeat, may_be_lost: policy != "wait", key, is_shared: false }
        })
        .collect();
    rules.push(Rule { is_shared: true, ..Rule::default() });
    rules
}

/// What is told: who wants what of whom, and what breaks meanwhile.
pub(crate) struct Story {
    pub(crate) seed: u64,
    pub(crate) tick: Duration,
    pub(crate) plan: Plan,
    pub(crate) weather: Weather,
}

pub(crate) fn run(seed: u64) -> Outcome {
    let lot = Lot::of(seed, 0);
    let busy = lot.ms(5000, 60_000);
    let tick = Duration::from_millis(*lot.one_of(&[2, 5, 10]));
    let plan = Plan::by_lot(seed, busy, &ground().machines);
    tell(Story { seed, tick, plan, weather: Weather::of(seed, busy) })
}

/// Tells a story to its end.
pub(crate) fn tell(story: Story) -> Outcome {
    let Story { seed, tick, plan, mut weather } = story;
    let ground = ground();
    let steps = plan.steps.iter().cloned().zip(rules(&plan)).collect();
    let ledger = Ledger::new(steps, plan.limits.to_vec());
    let dir = ground.copy();
    let mut sim = turmoil::Builder::new()
        .simulation_duration(weather.lasts() + 2 * LONGEST_CALM)
        .tick_duration(tick)
        .max_message_latency(CALM)
        .tcp_capacity(100_000)
        .ephemeral_ports(PORTS)
        .enable_random_order()
        .rng_seed(seed)
        .build();
    let hosts = hosts::settle(&mut sim, dir.path(), seed, &ledger);
    let (is_calm, plan): (Arc<AtomicBool>, _) = (Arc::default(), Rc::new(plan));
    let seen: Rc<RefCell<Option<Seen>>> = Rc::default();
    let door = SimPerson::with_token(SERVER, PORT, &ground.token);
    let (person, tell) = (Person::new(door, &ledger, &plan, &is_calm), Rc::clone(&seen));
    sim.client(PERSON, async move {
        let looked_back = person.live().await;
        *tell.borrow_mut() = Some(looked_back);
        Ok(())
    });
    let mut calm_since = None;
    loop {
        let now = sim.elapsed();
        weather.blow(&mut sim, &hosts, &ledger, now);
        ledger.go_on(now);
        if calm_since.is_none() && weather.is_calm(now) {
            calm_since = Some(now);
            is_calm.store(true, Ordering::Relaxed);
            ledger.note_at(now, "calm");
        }
        match sim.step() {
            Ok(true) => break,
            Ok(false) if calm_since.is_some_and(|since| now > since + LONGEST_CALM) => {
                let open = ledger.book().open.join("\n    ");
                ledger.wrong(format!("not everything ended within {} s of calm:\n    {open}", LONGEST_CALM.as_secs()));
                break;
            }
            Ok(false) => {}
            Err(error) => {
                ledger.wrong(format!("a host failed: {error}"));
                break;
            }
        }
    }
    let took = sim.elapsed();
    drop(sim);
    let seen = seen.borrow_mut().take().unwrap_or_default();
    if !seen.jobs.is_empty() {
        judge(&seen, &plan, &ledger, &weather, &ground.machines);
        if let Err(error) = whole(dir.path()) {
            ledger.wrong(format!("the database is not whole: {error}"));
        }
    }
    let wrong = ledger.book().wrong.clone();
    let runs = ledger.book().runs.clone();
    Outcome { digest: ledger.digest(), wrong, told: ledger.told(), took, jobs: seen.jobs, runs }
}

/// Whether the database file is sound.
fn whole(dir: &std::path::Path) -> Result<(), String> {
    let file = dir.join("data").join("diwan.db");
    let db = rusqlite::Connection::open(file).map_err(|e| e.to_string())?;
    let said: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).map_err(|e| e.to_string())?;
    if said == "ok" { Ok(()) } else { Err(said) }
}
