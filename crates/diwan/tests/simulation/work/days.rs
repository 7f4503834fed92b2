//! Days without machines: what was wanted meanwhile is done when they are back, and what was under way is told.

use std::time::Duration;

use serde_json::{Value, json};

use super::given;
use super::ground::ground;
use super::plan::{Plan, Wanted};
use super::run::{Outcome, Story, tell};
use super::step::{Act, Step};
use super::weather::{Fault, Spell, Way, Weather};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The machines are there for so long before they are not.
const BEFORE: Duration = Duration::from_secs(60);
/// Nobody looks in more often.
const LOOK: Duration = Duration::from_secs(10 * 60);
/// Days have many moments: they are coarse.
const TICK: Duration = Duration::from_millis(500);

/// Two machines are off, one goes on without being heard, all of them for so long.
fn away(lasts: Duration) -> Outcome {
    let until = BEFORE + lasts;
    let faults = [Fault::MachineDown(0), Fault::Cut(1, Way::Both), Fault::MachineDown(2)];
    let spells = faults.map(|fault| Spell { fault, from: BEFORE, until });
    // What is under way when they are cut off, what is wanted just after that, and something every day.
    let every = lasts.min(DAY);
    let mut jobs = vec![wanted(BEFORE / 3, machine(1))];
    jobs.extend((0..3).map(|number| wanted(BEFORE + Duration::from_secs(60), machine(number))));
    jobs.push(wanted(BEFORE + Duration::from_secs(60), json!({"kind": "labels", "selector": "role=other"})));
    let moments = (0..).map(|day| BEFORE + every / 2 + day * every).take_while(|at| *at < until);
    jobs.extend(moments.map(|at| wanted(at, json!({"kind": "any"}))));
    for (number, job) in jobs.iter_mut().enumerate() {
        job.spec["operation"] = json!({"kind": "exec", "argv": ["true", format!("s{number}")], "root": "work"});
        job.spec["idempotency_key"] = json!(format!("key-{number}"));
    }
    let steps = (0..jobs.len()).map(|number| step(if number == 0 { 300 } else { 10 })).collect();
    let plan = Plan { jobs, steps, limits: [2; 3], schedule: None, look: LOOK };
    tell(Story { seed: 0, tick: TICK, plan, weather: Weather::known(spells.to_vec()) })
}

fn machine(number: usize) -> Value {
    json!({"kind": "machine", "machine_id": ground().machines[number]})
}

fn wanted(at: Duration, target: Value) -> Wanted {
    let spec = json!({"target": target});
    Wanted { spec, after: vec![], at, cancel_after: None, is_doubled: false, is_tried_anew: false }
}

fn step(takes_s: u64) -> Step {
    let takes = Duration::from_secs(takes_s);
    let course = vec![(takes / 10, Act::Say(0, 100)), (takes / 2, Act::Effect)];
    Step { course, takes, statuses: vec![0], deaf: Duration::ZERO, survives: false }
}

#[test]
fn what_is_wanted_while_machines_are_away_for_days_is_done_once_they_are_back() {
    // A quarter of a day has all of it in it but the many moments.
    let days = given("DIWAN_SIM_DAYS").map(|days| u32::try_from(days).expect("not so many days"));
    let lasts = days.map_or(DAY / 4, |days| days * DAY);
    let (outcome, many) = (away(lasts), 5 + days.unwrap_or(1) as usize);
    assert!(outcome.wrong.is_empty(), "{}\n{:#?}", outcome.told, outcome.wrong);
    assert_eq!((outcome.jobs.len(), outcome.runs.len()), (many, many), "{}", outcome.told);
    for job in outcome.jobs.values() {
        assert_eq!((&job["state"], &job["attempt"]), (&json!("succeeded"), &json!(1)), "{job}");
    }
    assert!(outcome.runs.values().all(|run| run.effects == 1), "{:#?}", outcome.runs);
    assert!(outcome.took > lasts);
}
