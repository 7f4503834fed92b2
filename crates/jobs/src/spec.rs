//! What is wanted: the half of a job that somebody writes, and what of that can be meant.

use std::collections::{BTreeMap, BTreeSet};

use diwan_fleet::{CommandLimits, CommandOperation, MachineId, SecretVariable, check_selector, flaws_of_globs};
use diwan_kernel::problem::FieldError;
use diwan_kernel::{Problem, Timestamp, text};
use serde::{Deserialize, Serialize};

use crate::id::JobId;

/// The queue of jobs that name none.
pub(crate) const USUAL_QUEUE: &str = "default";
const LONGEST_NAME: usize = 128;
const LONGEST_KEY: usize = 255;
const MOST_LABELS: usize = 32;
const MOST_DEPENDENCIES: usize = 100;
const MOST_TRIES: u32 = 100;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const LONGEST_RUN_MS: u64 = 7 * DAY_MS;
const LONGEST_WAIT_MS: u64 = 366 * DAY_MS;
/// What a priority may be: higher goes first.
pub(crate) const PRIORITIES: std::ops::RangeInclusive<i32> = -10..=10;

/// What is wanted. Only `operation` has to be said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobSpec {
    /// What it is called; without it, what it does in one line.
    #[serde(default)]
    #[schema(max_length = 128)]
    pub(crate) name: Option<String>,
    /// What is to be done.
    pub(crate) operation: CommandOperation,
    /// Where.
    #[serde(default)]
    pub(crate) target: JobTarget,
    /// The queue that it stands in.
    #[serde(default = "usual_queue")]
    #[schema(min_length = 1, max_length = 63)]
    pub(crate) queue: String,
    /// From -10 to 10: higher goes first.
    #[serde(default)]
    #[schema(minimum = -10, maximum = 10)]
    pub(crate) priority: i32,
    /// How many with the same key are under way at once.
    #[serde(default)]
    pub(crate) concurrency: Option<JobConcurrency>,
    /// How often it is tried, and with which pauses.
    #[serde(default)]
    pub(crate) retry: JobRetry,
    /// Whether it may be done again when nobody knows whether it was done: its steps take the idempotency key, or
    /// doing them twice does no harm.
    #[serde(default)]
    pub(crate) retry_safe: bool,
    /// After how many milliseconds a try is stopped.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 604_800_000)]
    pub(crate) timeout_ms: Option<u64>,
    /// How much of its machine a try may use. More than the machine's policy grants it never gets: of the two, the
    /// smaller counts. Only for programs in the sandbox.
    #[serde(default, skip_serializing_if = "CommandLimits::is_empty")]
    pub(crate) limits: CommandLimits,
    /// After how many milliseconds it expires if it has not begun.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 31_622_400_000_u64)]
    pub(crate) queue_timeout_ms: Option<u64>,
    /// It does not begin before this moment.
    #[serde(default)]
    pub(crate) not_before: Option<Timestamp>,
    /// What becomes of it when its machine is lost.
    #[serde(default)]
    pub(crate) lost: JobLost,
    /// Words to find it by.
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    /// Plain variables that its process is given, by their names. Only for programs in the sandbox. What they say is
    /// shown to everybody who sees the job.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) env: BTreeMap<String, String>,
    /// Variables whose values are secrets of the vault, which are lent anew for every try. Whoever wants the job must be
    /// allowed to read them, for the purpose that is the kind of the operation, now and each time. Needs `secrets.use`
    /// besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 60)]
    pub(crate) secrets: Vec<SecretVariable>,
    /// Patterns of files below the directory of its process that are kept on the machine when a try has ended: `*` and
    /// `?` stand for letters of a name, `**` for any directories, and a directory for everything in it. Only what the
    /// machine's policy lets be read (`files.get`) is kept. Secrets are not taken out of files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 32)]
    pub(crate) artifacts: Vec<String>,
    /// What has to have ended before it begins.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub(crate) after: Vec<JobAfter>,
    /// A key that whoever wants it chose: wanted twice with the same key it is one job.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255)]
    pub(crate) idempotency_key: Option<String>,
}

/// Which machine a job is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum JobTarget {
    /// This one and no other.
    Machine {
        /// Its id.
        machine_id: MachineId,
    },
    /// One that has these labels: `env=prod,gpu` means both.
    Labels {
        /// The labels.
        #[schema(min_length = 1, max_length = 4096)]
        selector: String,
    },
    /// Any.
    #[default]
    Any,
}

/// How many with the same key are under way at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobConcurrency {
    /// The key, for all jobs of the installation.
    #[schema(min_length = 1, max_length = 255)]
    pub(crate) key: String,
    /// How many. What the newest job says counts for the key.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 1000)]
    pub(crate) limit: u32,
}

/// How often a job is tried, and with which pauses: each `factor` times as long as the one before, up to the
/// longest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct JobRetry {
    /// How often at the most, the first time included.
    #[schema(minimum = 1, maximum = 100)]
    pub(crate) attempts: u32,
    /// The first pause.
    #[schema(maximum = 86_400_000)]
    pub(crate) delay_ms: u64,
    /// The longest pause.
    #[schema(maximum = 86_400_000)]
    pub(crate) max_delay_ms: u64,
    /// From 1 to 10.
    #[schema(minimum = 1.0, maximum = 10.0)]
    pub(crate) factor: f64,
    /// Whether a pause is made shorter by chance, to no less than half of it, so that not all come back at once.
    pub(crate) jitter: bool,
    /// After what it is tried again.
    pub(crate) on: BTreeSet<RetryOn>,
}

/// After what a job is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RetryOn {
    /// It ended with another status than 0, by a signal, or over a limit; or it could not be begun.
    Failed,
    /// It took too long.
    TimedOut,
    /// Its machine was lost.
    Lost,
}

impl Default for JobRetry {
    fn default() -> Self {
        Self {
            attempts: 1,
            delay_ms: 1000,
            max_delay_ms: 300_000,
            factor: 2.0,
            jitter: true,
            on: BTreeSet::from([RetryOn::Failed, RetryOn::TimedOut, RetryOn::Lost]),
        }
    }
}

/// What becomes of a job when its machine is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct JobLost {
    /// What.
    pub(crate) policy: LostPolicy,
    /// After how many milliseconds without the machine.
    #[schema(minimum = 1000, maximum = 604_800_000)]
    pub(crate) after_ms: u64,
}

impl Default for JobLost {
    fn default() -> Self {
        Self { policy: LostPolicy::Wait, after_ms: 60_000 }
    }
}

/// What becomes of a job when its machine is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LostPolicy {
    /// It goes on when the machine comes back, or is told from there how it ended.
    Wait,
    /// It fails.
    Fail,
    /// It is tried again, on any machine that it may be on. What the lost one did by then was done.
    Move,
}

/// A job that has to have ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobAfter {
    /// Which job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) job_id: Option<JobId>,
    /// Or, among jobs that are wanted together, which of those before it: 0 is the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 1000)]
    pub(crate) step: Option<u32>,
    /// How it has to have ended.
    #[serde(default)]
    pub(crate) when: AfterWhen,
}

/// How a job has to have ended before another begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AfterWhen {
    /// With success: otherwise whatever waits for it is cancelled.
    #[default]
    Succeeded,
    /// In whatever way.
    Ended,
}

fn usual_queue() -> String {
    USUAL_QUEUE.to_owned()
}

const fn one() -> u32 {
    1
}

impl JobTarget {
    /// As it stands in the database: targets that mean the same are the same.
    pub(crate) fn stored(&self) -> String {
        match self {
            Self::Machine { machine_id } => format!("machine:{machine_id}"),
            Self::Labels { selector } => {
                let labels: BTreeSet<&str> = selector.split(',').map(str::trim).collect();
                format!("labels:{}", labels.into_iter().collect::<Vec<_>>().join(","))
            }
            Self::Any => "any".to_owned(),
        }
    }

    /// Reads what is stored.
    pub(crate) fn parse(stored: &str) -> Option<Self> {
        match stored.split_once(':') {
            Some(("machine", id)) => Some(Self::Machine { machine_id: id.parse().ok()? }),
            Some(("labels", selector)) => Some(Self::Labels { selector: selector.to_owned() }),
            _ => (stored == "any").then_some(Self::Any),
        }
    }
}

impl JobSpec {
    /// Whether nothing is done on the machine, so that it is carried in batches.
    pub(crate) fn is_light(&self) -> bool {
        self.operation.is_harmless() && self.concurrency.is_none()
    }

    /// What it is called.
    pub(crate) fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.operation.summary())
    }

    /// Its labels as they are stored: each between commas, so that one can be looked for.
    pub(crate) fn stored_labels(&self) -> String {
        let pairs = self.labels.iter().map(|(key, value)| format!("{key}={value},"));
        if self.labels.is_empty() { String::new() } else { pairs.fold(",".to_owned(), |all, pair| all + &pair) }
    }

    /// Refuses what cannot be meant.
    ///
    /// # Errors
    /// 422 with everything about it.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        self.operation.check(self.timeout_ms)?;
        if let JobTarget::Labels { selector } = &self.target {
            check_selector("target.selector", selector)?;
        }
        let mut wrong = Wrong(vec![]);
        wrong.look_at_words(self);
        wrong.look_at_numbers(self);
        wrong.look_at_after(self);
        wrong.0.extend(self.flaws_of_variables());
        wrong.0.extend(self.limits.flaws("limits", &self.operation));
        wrong.0.extend(flaws_of_globs("artifacts", &self.artifacts, &self.operation));
        if wrong.0.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(wrong.0)) }
    }
}

/// The same about a spec that stands in this place of something larger.
pub(crate) fn within(place: &str, problem: Problem) -> Problem {
    if problem.errors().is_empty() {
        return problem;
    }
    let errors = problem.errors().iter().map(|error| FieldError {
        field: format!("{place}.{}", error.field),
        code: error.code,
        message: error.message.clone(),
    });
    Problem::invalid_fields(errors.collect())
}

/// Whether this can be the name of a queue.
pub(crate) fn is_queue(name: &str) -> bool {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=63).contains(&name.len())
        && name.bytes().next().is_some_and(letter)
        && name.bytes().all(|b| letter(b) || matches!(b, b'-' | b'_' | b'.'))
}

/// Whether a job can have this label, written `key=value`.
pub(crate) fn is_label(pair: &str) -> bool {
    let is_part =
        |text: &str| text.len() <= 63 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/-".contains(&b));
    pair.split_once('=').is_some_and(|(key, value)| !key.is_empty() && is_part(key) && is_part(value))
}

fn is_word(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// What is wrong, field by field.
struct Wrong(Vec<FieldError>);

impl Wrong {
    fn unless(&mut self, is_right: bool, field: &str, code: &'static str, message: &str) {
        if !is_right {
            self.0.push(FieldError { field: field.to_owned(), code, message: message.to_owned() });
        }
    }

    fn within(&mut self, field: &str, value: u64, range: std::ops::RangeInclusive<u64>) {
        let message = format!("It must be from {} to {}.", range.start(), range.end());
        self.unless(range.contains(&value), field, "out_of_range", &message);
    }

    fn look_at_words(&mut self, spec: &JobSpec) {
        match spec.name.as_deref().map(|name| (name, text::line("name", name, LONGEST_NAME))) {
            Some((_, Err(flaw))) => self.0.push(flaw),
            Some((name, Ok(_))) => self.unless(is_word(name, LONGEST_NAME), "name", "name_invalid", "It is one line."),
            None => {}
        }
        let queue = "A queue is called by up to 63 lower-case letters, digits, dots, dashes and underscores.";
        self.unless(is_queue(&spec.queue), "queue", "queue_invalid", queue);
        let key = |key: &str| key.len() <= LONGEST_KEY && is_word(key, LONGEST_KEY);
        let message = "A key has 1 to 255 bytes in one line.";
        let concurrency = spec.concurrency.as_ref().is_none_or(|c| key(&c.key));
        self.unless(concurrency, "concurrency.key", "key_invalid", message);
        let idempotency = spec.idempotency_key.as_deref().is_none_or(key);
        self.unless(idempotency, "idempotency_key", "key_invalid", message);
        let labels = spec.labels.iter().all(|(key, value)| is_label(&format!("{key}={value}")));
        let message = "Labels are pairs of up to 63 letters, digits, dots, dashes, underscores and slashes.";
        self.unless(labels, "labels", "label_invalid", message);
        self.unless(spec.labels.len() <= MOST_LABELS, "labels", "too_many", "A job has at most 32 labels.");
    }

    fn look_at_numbers(&mut self, spec: &JobSpec) {
        let message = "It must be from -10 to 10.";
        self.unless(PRIORITIES.contains(&spec.priority), "priority", "out_of_range", message);
        if let Some(concurrency) = &spec.concurrency {
            self.within("concurrency.limit", concurrency.limit.into(), 1..=1000);
        }
        let retry = &spec.retry;
        self.within("retry.attempts", retry.attempts.into(), 1..=MOST_TRIES.into());
        self.within("retry.delay_ms", retry.delay_ms, 0..=DAY_MS);
        self.within("retry.max_delay_ms", retry.max_delay_ms, 0..=DAY_MS);
        let factor = (1.0..=10.0).contains(&retry.factor);
        self.unless(factor, "retry.factor", "out_of_range", "It must be from 1 to 10.");
        for (field, value, most) in [
            ("timeout_ms", spec.timeout_ms, LONGEST_RUN_MS),
            ("queue_timeout_ms", spec.queue_timeout_ms, LONGEST_WAIT_MS),
        ] {
            value.into_iter().for_each(|value| self.within(field, value, 1..=most));
        }
        self.within("lost.after_ms", spec.lost.after_ms, 1000..=LONGEST_RUN_MS);
    }

    fn look_at_after(&mut self, spec: &JobSpec) {
        self.unless(spec.after.len() <= MOST_DEPENDENCIES, "after", "too_many", "A job waits for at most 100 others.");
        for (at, after) in spec.after.iter().enumerate() {
            let names_one = after.job_id.is_some() != after.step.is_some();
            let message = "It names a job by job_id, or one of those wanted together by step.";
            self.unless(names_one, &format!("after[{at}]"), "after_invalid", message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(change: serde_json::Value) -> JobSpec {
        let mut spec = json!({"operation": {"kind": "exec", "argv": ["true"], "root": "work"}});
        for (key, value) in change.as_object().expect("an object") {
            spec[key] = value.clone();
        }
        serde_json::from_value(spec).expect("it is read")
    }

    #[test]
    fn only_the_operation_has_to_be_said() {
        let usual = spec(json!({}));
        usual.check().expect("it can be meant");
        assert_eq!((usual.queue.as_str(), usual.retry.attempts, &usual.target), ("default", 1, &JobTarget::Any));
        assert_eq!(usual.title(), "true");
        assert_eq!(json!(usual).get("limits"), None, "those of before are stored as ever");
        let again: JobSpec = serde_json::from_value(json!(usual)).expect("what is written is read");
        assert_eq!(again, usual);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for bad in [
            json!({"name": ""}),
            json!({"name": "a\nb"}),
            json!({"queue": "Deploy"}),
            json!({"queue": ""}),
            json!({"priority": 11}),
            json!({"priority": -11}),
            json!({"concurrency": {"key": "k", "limit": 0}}),
            json!({"concurrency": {"key": ""}}),
            json!({"retry": {"attempts": 0}}),
            json!({"retry": {"attempts": 101}}),
            json!({"retry": {"factor": 0.5}}),
            json!({"retry": {"delay_ms": 86_400_001}}),
            json!({"timeout_ms": 0}),
            json!({"queue_timeout_ms": 0}),
            json!({"lost": {"after_ms": 1}}),
            json!({"labels": {"a b": "c"}}),
            json!({"labels": {"a": "b,c=d"}}),
            json!({"after": [{}]}),
            json!({"after": [{"step": 0, "job_id": "job_00000000000000000000000000"}]}),
            json!({"target": {"kind": "labels", "selector": "A B"}}),
            json!({"idempotency_key": "x".repeat(256)}),
            json!({"env": {"LD_PRELOAD": "x"}}),
            json!({"limits": {"memory_bytes": 1}}),
            json!({"limits": {"processes": 5}, "operation": {"kind": "noop"}}),
            json!({"artifacts": ["../secret"]}),
            json!({"artifacts": ["/etc/*"]}),
            json!({"artifacts": ["a"], "operation": {"kind": "noop"}}),
            json!({"env": {"DIWAN_JOB_ID": "x"}}),
            json!({"secrets": [{"env": "DIWAN_IDEMPOTENCY_KEY", "secret": "a/b"}]}),
            json!({"secrets": [{"env": "A", "secret": "../b"}]}),
            json!({"env": {"A": "x"}, "operation": {"kind": "noop"}}),
            json!({"operation": {"kind": "terminal", "root": "work", "columns": 80, "rows": 24}}),
            json!({"operation": {"kind": "files.get", "root": "work"}}),
        ] {
            assert!(spec(bad.clone()).check().is_err(), "{bad}");
        }
    }

    #[test]
    fn targets_that_mean_the_same_are_stored_the_same() {
        let labels = |selector: &str| JobTarget::Labels { selector: selector.to_owned() };
        assert_eq!(labels("gpu, env=prod").stored(), labels("env=prod,gpu,gpu").stored());
        for target in
            [labels("env=prod,gpu"), JobTarget::Any, JobTarget::Machine { machine_id: MachineId::from_bits(7) }]
        {
            assert_eq!(JobTarget::parse(&target.stored()), Some(target));
        }
        assert_eq!(JobTarget::parse("anything"), None);
    }
}
