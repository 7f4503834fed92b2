//! What a person wants in a run.

use std::time::Duration;

use serde_json::{Value, json};

use super::ground::MACHINES;
use super::lot::Lot;
use super::step::Step;

/// A job that is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// As it is asked for, without what it waits for.
    pub(crate) spec: Value,
    /// For which of those before it it waits, and how that has to have ended.
    pub(crate) after: Vec<(usize, &'static str)>,
    /// When it is wanted.
    pub(crate) at: Duration,
    /// How long after that it is not wanted any more.
    pub(crate) cancel_after: Option<Duration>,
    /// Whether it is asked for twice at the same time.
    pub(crate) is_doubled: bool,
    /// Whether it is tried once more when it has failed.
    pub(crate) is_tried_anew: bool,
}

/// Everything that is wanted in a run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) jobs: Vec<Wanted>,
    pub(crate) steps: Vec<Step>,
    /// How many jobs each machine takes at once.
    pub(crate) limits: [u32; MACHINES],
    /// A schedule that fires every minute.
    pub(crate) schedule: Option<Value>,
    /// How often the person looks how the jobs stand.
    pub(crate) look: Duration,
}

/// How many with this key are under way at once.
pub(crate) fn most_with(key: &str) -> usize {
    if key == "alone" { 1 } else { 2 }
}

impl Plan {
    pub(crate) fn by_lot(seed: u64, busy: Duration, machines: &[String]) -> Self {
        let lot = Lot::of(seed, 1);
        let many = lot.between(4, 20) as usize;
        let until = busy.as_millis() as u64 * 2 / 3;
        let mut jobs: Vec<Wanted> = (0..many).map(|_| wanted(&lot, until, machines)).collect();
        jobs.sort_by_key(|job| job.at);
        for (number, job) in jobs.iter_mut().enumerate() {
            job.spec["idempotency_key"] = json!(format!("key-{number}"));
            if job.spec["operation"]["kind"] == "exec" {
                job.spec["operation"]["argv"] = json!(["true", format!("s{number}")]);
            }
            if number > 0 && lot.is(20) {
                for _ in 0..lot.between(1, 2) {
                    let before = lot.below(number as u64) as usize;
                    if job.after.iter().all(|(known, _)| *known != before) {
                        job.after.push((before, if lot.is(50) { "succeeded" } else { "ended" }));
                    }
                }
            }
        }
        let limits = std::array::from_fn(|_| lot.between(1, 5) as u32);
        let schedule = lot.is(20).then(|| {
            let missed = *lot.one_of(&["skip", "once", "all"]);
            let when = json!({"kind": "cron", "expression": "* * * * *", "time_zone": "UTC", "jitter_ms": 0});
            let step = format!("s{many}");
            // Behind everything else: a clock that jumps has thousands of missed ones made up for.
            json!({"name": "every minute", "when": when, "missed": missed, "overlap": "allow",
                "job": {"operation": {"kind": "exec", "argv": ["true", step], "root": "work"}, "priority": -3}})
        });
        let steps = (0..=many).map(|_| Step::by_lot(&lot)).collect();
        Self { jobs, steps, limits, schedule, look: Duration::from_millis(1500) }
    }
}

fn wanted(lot: &Lot, until: u64, machines: &[String]) -> Wanted {
    let is_light = lot.is(10);
    let operation = match is_light {
        true => json!({"kind": "noop"}),
        false => json!({"kind": "exec", "argv": ["true"], "root": "work"}),
    };
    let target = match lot.below(4) {
        0 => json!({"kind": "machine", "machine_id": lot.one_of(machines)}),
        1 => json!({"kind": "labels", "selector": "role=other"}),
        _ => json!({"kind": "any"}),
    };
    let mut spec = json!({"operation": operation, "target": target, "priority": lot.below(5) as i64 - 2});
    spec["queue"] = json!(*lot.one_of(&["default", "default", "slow"]));
    spec["retry_safe"] = json!(lot.is(50));
    let on: Vec<&str> = ["failed", "timed_out", "lost"].into_iter().filter(|_| lot.is(70)).collect();
    let attempts = if lot.is(50) { 1 } else { lot.between(2, 4) };
    spec["retry"] = json!({"attempts": attempts, "delay_ms": lot.between(0, 2000), "factor": 2.0, "on": on});
    if !is_light && lot.is(30) {
        let key = *lot.one_of(&["alone", "pair"]);
        spec["concurrency"] = json!({"key": key, "limit": most_with(key)});
    }
    if lot.is(25) {
        spec["timeout_ms"] = json!(lot.between(500, 6000));
    }
    if lot.is(10) {
        spec["queue_timeout_ms"] = json!(lot.between(1000, 60_000));
    }
    let policy = *lot.one_of(&["wait", "wait", "fail", "move", "move"]);
    spec["lost"] = json!({"policy": policy, "after_ms": lot.between(1000, 15_000)});
    Wanted {
        spec,
        after: vec![],
        at: Duration::from_millis(lot.below(until + 1)),
        cancel_after: lot.is(12).then(|| lot.ms(0, 15_000)),
        is_doubled: lot.is(30),
        is_tried_anew: lot.is(20),
    }
}
