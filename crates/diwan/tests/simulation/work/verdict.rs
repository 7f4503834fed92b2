//! Judges a run by what the person saw and what really happened.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ledger::{Ledger, Run};
use super::machine::words;
use super::orphans::found_late;
use super::person::Seen;
use super::plan::{Plan, Wanted};
use super::weather::Weather;

pub(crate) fn judge(seen: &Seen, plan: &Plan, ledger: &Ledger, weather: &Weather, machines: &[String]) {
    let runs = ledger.book().runs.clone();
    let verdict = Verdict { seen, plan, runs: &runs, machines, weather };
    verdict.all().into_iter().for_each(|wrong| ledger.wrong(wrong));
}

struct Verdict<'a> {
    seen: &'a Seen,
    plan: &'a Plan,
    runs: &'a BTreeMap<String, Run>,
    machines: &'a [String],
    weather: &'a Weather,
}

fn text<'a>(json: &'a Value, field: &str) -> &'a str {
    json[field].as_str().unwrap_or_default()
}

impl Verdict<'_> {
    fn all(&self) -> Vec<String> {
        let mut wrong = vec![];
        for id in &self.seen.acknowledged {
            if !self.seen.listed.contains_key(id) {
                wrong.push(format!("{id} was acknowledged and is lost"));
            }
        }
        wrong.extend(
            self.seen.listed.iter().filter(|(_, n)| **n != 1).map(|(id, n)| format!("{id} is there {n} times")),
        );
        let mut keys: BTreeMap<String, u32> = BTreeMap::new();
        for (id, job) in &self.seen.jobs {
            wrong.extend(self.job(job).into_iter().map(|what| format!("{id}: {what}: {job}")));
            let moment = format!("{} {}", job["schedule_id"], job["scheduled_for"]);
            let key = job["idempotency_key"].as_str().map_or(moment, str::to_owned);
            *keys.entry(key).or_default() += 1;
        }
        wrong.extend(keys.iter().filter(|(_, n)| **n != 1).map(|(key, n)| format!("{n} jobs have the key {key}")));
        wrong.extend(self.runs.iter().flat_map(|(command, run)| self.run(command, run)));
        if self.seen.audit["ok"] != true {
            wrong.push(format!("the audit trail is not sound: {}", self.seen.audit));
        }
        wrong
    }

    /// The job as it was wanted; nothing for one of a schedule.
    fn wanted(&self, job: &Value) -> Option<&Wanted> {
        let number: usize = job["idempotency_key"].as_str()?.strip_prefix("key-")?.parse().ok()?;
        self.plan.jobs.get(number)
    }

    fn job(&self, job: &Value) -> Vec<String> {
        let mut wrong = vec![];
        let is_over = !job["ended_at"].is_null();
        if !is_over {
            if job["schedule_id"].is_null() {
                wrong.push("it has not ended".to_owned());
            }
            return wrong;
        }
        let count = |of: &BTreeMap<String, u32>| of.get(text(job, "id")).copied().unwrap_or_default();
        let (ends, retries) = (count(&self.seen.ends), count(&self.seen.retries));
        if ends != 1 + retries {
            wrong.push(format!("it ended {ends} times and was wanted once more {retries} times"));
        }
        let attempts = job["attempts"].as_array().cloned().unwrap_or_default();
        let fences: Vec<u64> = attempts.iter().filter_map(|one| one["fence"].as_u64()).collect();
        if !fences.is_sorted_by(|a, b| a < b) {
            wrong.push(format!("its fences do not grow: {fences:?}"));
        }
        let number = |id: &str| self.machines.iter().position(|machine| machine == id);
        wrong.extend(found_late(job, &self.weather.past, number));
        let last = self.runs.get(text(job, "command_id"));
        wrong.extend(self.end(job, last).map(str::to_owned));
        wrong
    }

    /// Whether it can have ended as it says.
    fn end(&self, job: &Value, last: Option<&Run>) -> Option<&'static str> {
        let wanted = self.wanted(job);
        let is_light = job["operation"]["kind"] == "noop";
        let how = last.and_then(|run| run.end.as_deref());
        let is_called_off = self.seen.called_off.iter().any(|id| id == text(job, "id"));
        let policy = wanted.map_or("wait", |wanted| text(&wanted.spec["lost"], "policy"));
        let (state, reason) = (text(job, "state"), text(job, "reason"));
        match (state, reason) {
            ("succeeded", "") if is_light => None,
            ("succeeded", "") => match (how, last.map(|run| run.effects)) {
                (Some("Exited(0)"), Some(1)) => None,
                _ => Some("it says that it succeeded, and did not"),
            },
            ("failed", "exit_code") => {
                let told = job["exit_code"].as_i64().map(|code| format!("Exited({code})"));
                if told.as_deref() == how && told.as_deref() != Some("Exited(0)") {
                    None
                } else {
                    Some("its status is not what it was")
                }
            }
            ("cancelled", "dependency_failed") => {
                let waits = wanted.is_some_and(|wanted| !wanted.after.is_empty());
                (!waits).then_some("it waited for nothing")
            }
            ("cancelled", _) => (!is_called_off).then_some("nobody called it off"),
            ("timed_out", "timeout") => {
                let has_limit = wanted.is_some_and(|wanted| !wanted.spec["timeout_ms"].is_null());
                (!has_limit).then_some("it had all the time it wanted")
            }
            ("expired", "queue_timeout") => {
                let has_limit = wanted.is_some_and(|wanted| !wanted.spec["queue_timeout_ms"].is_null());
                (!has_limit).then_some("it could wait for ever")
            }
            ("failed", "unknown_outcome") => {
                let was_cut =
                    self.weather.past.iter().any(|spell| {
                        last.is_none_or(|run| spell.fault == super::weather::Fault::MachineDown(run.machine))
                    });
                (!was_cut).then_some("somebody must know what became of it")
            }
            ("failed", "machine_lost") => (policy == "wait").then_some("it was to wait for its machine"),
            _ => Some("it cannot have ended so"),
        }
    }

    /// Whether what it said is what is told of it.
    fn run(&self, command: &str, run: &Run) -> Vec<String> {
        let mut wrong = vec![];
        let is_known = self.knows_end_of(command);
        for channel in 0..2 {
            let Some(told) = self.seen.said.get(&(command.to_owned(), channel)) else { continue };
            let said = words(command, channel, 0, run.said[channel]);
            if is_known && *told != said {
                wrong.push(format!("{command} said {} bytes, and {} are told of", said.len(), told.len()));
            } else if !said.starts_with(told) {
                wrong.push(format!("{command} is told to have said what it did not"));
            }
        }
        wrong
    }

    /// Whether a job or one of its tries is told to have ended as this command did.
    fn knows_end_of(&self, command: &str) -> bool {
        let is_it = |one: &&Value| text(one, "command_id") == command;
        let tries = self.seen.jobs.values().flat_map(|job| job["attempts"].as_array().into_iter().flatten());
        let reasons =
            tries.chain(self.seen.jobs.values()).filter(is_it).map(|one| (text(one, "state"), text(one, "reason")));
        reasons.into_iter().any(|how| matches!(how, ("succeeded", _) | (_, "exit_code" | "timeout" | "cancelled")))
    }
}
