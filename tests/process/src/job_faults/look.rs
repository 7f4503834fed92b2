//! What must be true of every job when everything has come back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::work::{Done, Told, is_whole, says};
use super::{Stage, Story};

/// Why a job of a step that is called once at the most may have failed: it was killed, its machine stayed away, or
/// nobody knows.
const FAILURES: [&str; 3] = ["signal", "machine_lost", "unknown_outcome"];

pub(super) async fn look(stage: &mut Stage, told: &[Told]) {
    let api = stage.api();
    let jobs = by_key(api.list("/jobs").await);
    let done = stage.steps.done();
    nothing_comes_from_nowhere(&jobs, told, &done);
    for told in told {
        let job = jobs.get(&told.key);
        assert!(told.job.is_none() || job.is_some(), "{} was acknowledged and is lost", told.key);
        let Some(job) = job else { continue };
        assert!(told.job.is_none() || job["id"].as_str() == told.job.as_deref(), "{}: {job:#}", told.key);
        let count = |of: &BTreeMap<String, i64>| of.get(&told.key).copied().unwrap_or_default();
        let (called, effects) = (count(&done.called), count(&done.effects));
        let about = format!("called {called} times with {effects} effects: {job:#}");
        match stage.story {
            Story::TakesTheKey => {
                assert!(job["state"] == "succeeded" && effects == 1 && called >= 1, "{about}");
            }
            Story::AtMostOnce => may_be_called_once(job, called, effects, &about),
        }
        if job["state"] == "succeeded" {
            let command = job["command_id"].as_str().expect("a command");
            let said = api.get_bytes(&format!("/commands/{command}/output?channel=1&from=0&limit=1000000")).await;
            assert!(said == says(&told.key), "{} bytes are not what {} said", said.len(), told.key);
        }
        *stage.counts.entry("calls again").or_default() += called.saturating_sub(1).max(0) as usize;
    }
    ends_are_written_once(&api.list("/audit?action=job.end").await, &jobs);
    dead_letters_are_what_failed(&api.list("/jobs?phase=dead").await, &jobs);
    assert_eq!(api.verify().await["ok"], true);
    let mut count = |what: &'static str, many: usize| *stage.counts.entry(what).or_default() += many;
    count("wanted", told.len());
    count("acknowledged", told.iter().filter(|told| told.job.is_some()).count());
    count("answers lost", told.iter().map(|told| told.lost).sum());
    count("jobs", jobs.len());
    count("tries", jobs.values().filter_map(|job| job["attempt"].as_u64()).sum::<u64>() as usize);
    count("effects", done.balance as usize);
    for job in jobs.values() {
        count(outcome(job), 1);
    }
    stage.kill_server().await;
    is_whole(&stage.data().join("diwan.db"));
}

/// Every key is one job, every job and every effect was asked for, and what is not a job was not done.
fn nothing_comes_from_nowhere(jobs: &BTreeMap<String, Value>, told: &[Told], done: &Done) {
    let asked: BTreeSet<&str> = told.iter().map(|told| told.key.as_str()).collect();
    for key in jobs.keys().chain(done.called.keys()).chain(done.effects.keys()) {
        assert!(asked.contains(key.as_str()), "{key} was never asked for");
        assert!(jobs.contains_key(key), "{key} was done and is no job");
    }
    assert_eq!(done.balance, done.effects.values().sum::<i64>(), "an effect that is half done");
}

/// The step was not called twice, and what is told of it is so.
fn may_be_called_once(job: &Value, called: i64, effects: i64, about: &str) {
    assert!(called <= 1 && effects <= called, "{about}");
    if job["state"] == "succeeded" {
        assert_eq!((called, effects), (1, 1), "{about}");
    } else {
        let is_known = FAILURES.iter().any(|reason| job["reason"] == *reason);
        assert!(job["state"] == "failed" && is_known && job["dead_at"].is_string(), "{about}");
    }
}

fn ends_are_written_once(entries: &[Value], jobs: &BTreeMap<String, Value>) {
    let mut written = BTreeMap::<&str, usize>::new();
    for entry in entries {
        *written.entry(entry["resource"]["id"].as_str().expect("an id")).or_default() += 1;
    }
    for job in jobs.values() {
        let count = written.remove(job["id"].as_str().expect("an id")).unwrap_or_default();
        assert_eq!(count, 1, "recorded ends of {job:#}");
    }
    assert!(written.is_empty(), "ends of nothing: {written:?}");
}

fn dead_letters_are_what_failed(dead: &[Value], jobs: &BTreeMap<String, Value>) {
    let ids = |jobs: Vec<&Value>| -> BTreeSet<String> { jobs.iter().map(|job| job["id"].to_string()).collect() };
    let failed = jobs.values().filter(|job| job["state"] != "succeeded").collect();
    assert_eq!(ids(dead.iter().collect()), ids(failed));
}

fn by_key(jobs: Vec<Value>) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for job in jobs {
        let key = job["idempotency_key"].as_str().expect("a key").to_owned();
        let other = found.insert(key, job);
        assert!(other.is_none(), "two jobs with one key: {other:#?}");
    }
    found
}

fn outcome(job: &Value) -> &'static str {
    let known = ["succeeded", "failed", "cancelled", "timed_out", "expired"];
    match known.into_iter().find(|state| job["state"] == *state) {
        Some("failed") => FAILURES.into_iter().find(|reason| job["reason"] == *reason).unwrap_or("failed"),
        Some(state) => state,
        None => panic!("{job:#}"),
    }
}
