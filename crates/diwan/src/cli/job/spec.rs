//! What a job is besides what it does: its name, its queue, how often it is tried, what its process is given.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::{Args, ValueEnum};
use diwan_kernel::{Timestamp, World};
use serde_json::{Map, Value, json};

use super::super::failure::Failure;
use super::super::run::{Variables, duration};
use super::parse::{self, After, Key, Lost};

/// After which end a job is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum RetryOn {
    /// It failed
    Failed,
    /// It took longer than it may
    #[value(alias = "timed-out")]
    TimedOut,
    /// Its machine was lost
    Lost,
}

impl RetryOn {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Lost => "lost",
        }
    }
}

/// What a job is; each of it may be left away.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct Spec {
    /// What the job is called
    #[arg(long, value_name = "NAME", help_heading = "Job")]
    name: Option<String>,
    /// The queue in which it waits
    #[arg(short = 'Q', long, value_name = "QUEUE", help_heading = "Job")]
    queue: Option<String>,
    /// How urgent it is, from -10 to 10
    #[arg(short, long, value_name = "N", help_heading = "Job", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(i8).range(-10..=10))]
    priority: Option<i8>,
    /// How often it is tried again after the first time
    #[arg(long, value_name = "N", help_heading = "Job")]
    retries: Option<u32>,
    /// How long the first pause before that is, like 1s; each is longer than the one before
    #[arg(long, value_name = "TIME", help_heading = "Job", value_parser = duration::read)]
    backoff: Option<Duration>,
    /// How long such a pause is at the most, like 5m
    #[arg(long, value_name = "TIME", help_heading = "Job", value_parser = duration::read)]
    max_backoff: Option<Duration>,
    /// After which ends it is tried again; repeat it for several
    #[arg(long, value_name = "END", help_heading = "Job", value_delimiter = ',')]
    retry_on: Vec<RetryOn>,
    /// It may be done again when nobody knows whether it was done
    #[arg(long, help_heading = "Job")]
    retry_safe: bool,
    /// End an attempt after this time, like 30s or 5m
    #[arg(long, value_name = "TIME", help_heading = "Job", value_parser = duration::read_timeout)]
    timeout: Option<Duration>,
    /// End it when it needs more memory, like 512MiB; the policy may grant less
    #[arg(long, value_name = "SIZE", help_heading = "Job", value_parser = parse::size)]
    memory: Option<u64>,
    /// Let it have no more processes and threads at once
    #[arg(long, value_name = "N", help_heading = "Job")]
    processes: Option<u32>,
    /// Let it use no more of the processor, in percent of one core
    #[arg(long, value_name = "PERCENT", help_heading = "Job")]
    cpu: Option<u32>,
    /// Let each of its processes have no more files open
    #[arg(long, value_name = "N", help_heading = "Job")]
    open_files: Option<u32>,
    /// Let it write no longer file, like 100MiB
    #[arg(long, value_name = "SIZE", help_heading = "Job", value_parser = parse::size)]
    file_size: Option<u64>,
    /// End it when it has printed more, like 64KiB
    #[arg(long, value_name = "SIZE", help_heading = "Job", value_parser = parse::size)]
    output_limit: Option<u64>,
    /// Give it up when its turn has not come after this time
    #[arg(long, value_name = "TIME", help_heading = "Job", value_parser = duration::read)]
    queue_timeout: Option<Duration>,
    /// Do no more than LIMIT [1] of the jobs with this key at once
    #[arg(long, value_name = "KEY[:LIMIT]", help_heading = "Job", value_parser = parse::key)]
    key: Option<Key>,
    /// Label the job itself; repeat it for several
    #[arg(long = "label-job", value_name = "NAME=VALUE", help_heading = "Job", value_parser = parse::label)]
    job_labels: Vec<(String, String)>,
    /// What to do when its machine is lost: wait, fail[:AFTER] or move[:AFTER]
    #[arg(long, value_name = "WHAT", help_heading = "Job", value_parser = parse::lost)]
    lost: Option<Lost>,
    /// Keep these files that it leaves on the machine, like 'dist/**'; repeat it for several
    #[arg(long = "artifact", value_name = "GLOB", help_heading = "Job")]
    artifacts: Vec<String>,
    #[command(flatten)]
    variables: Variables,
}

/// When a single job may begin.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct Begin {
    /// Begin no sooner than after this time, like 10m
    #[arg(long, value_name = "TIME", help_heading = "Job", value_parser = duration::read)]
    #[arg(conflicts_with = "not_before")]
    delay: Option<Duration>,
    /// Begin no sooner than at this moment, like 2026-11-01T09:30 (UTC)
    #[arg(long, value_name = "MOMENT", help_heading = "Job", value_parser = parse::moment)]
    not_before: Option<Timestamp>,
    /// Begin when this job has succeeded, or with :ended when it has ended; repeat it for several
    #[arg(long, value_name = "JOB[:ended]", help_heading = "Job", value_parser = parse::after)]
    after: Vec<After>,
    /// Asked for again with the same key, it is the same job
    #[arg(long, value_name = "KEY", help_heading = "Job")]
    idempotency_key: Option<String>,
}

fn ms(time: Duration) -> Value {
    json!(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// Labels by their names; nothing if none was said.
fn labels(pairs: &[(String, String)]) -> Result<Option<Value>, Failure> {
    let labels: BTreeMap<&String, &String> = pairs.iter().map(|(name, value)| (name, value)).collect();
    if labels.len() < pairs.len() {
        return Err(Failure::usage("a label is there twice", "Give each --label-job another name."));
    }
    Ok((!labels.is_empty()).then(|| json!(labels)))
}

impl Spec {
    /// What was said, as the API takes it. What is changed in one field keeps the rest of it as it was `before`.
    pub(in crate::cli) fn fields(&self, before: &Value) -> Result<Map<String, Value>, Failure> {
        let mut all = self.variables.fields()?;
        let labels = labels(&self.job_labels)?;
        let mut put = |name: &str, value: Option<Value>| all.extend(value.map(|value| (name.to_owned(), value)));
        put("name", self.name.as_ref().map(|name| json!(name)));
        put("queue", self.queue.as_ref().map(|queue| json!(queue)));
        put("priority", self.priority.map(|priority| json!(priority)));
        put("retry", self.retry(&before["retry"]));
        put("retry_safe", self.retry_safe.then_some(json!(true)));
        put("timeout_ms", self.timeout.map(ms));
        put("limits", self.limits(&before["limits"]));
        put("queue_timeout_ms", self.queue_timeout.map(ms));
        put("concurrency", self.key.as_ref().map(|key| json!({"key": key.key, "limit": key.limit})));
        put("labels", labels);
        put("artifacts", (!self.artifacts.is_empty()).then(|| json!(self.artifacts)));
        put("lost", self.lost.as_ref().map(|lost| with_time(json!({"policy": lost.policy}), lost.after)));
        Ok(all)
    }

    fn retry(&self, before: &Value) -> Option<Value> {
        let mut retry = Map::new();
        let mut put = |name: &str, value: Option<Value>| retry.extend(value.map(|value| (name.to_owned(), value)));
        // The first time is no repetition.
        put("attempts", self.retries.map(|retries| json!(retries.saturating_add(1))));
        put("delay_ms", self.backoff.map(ms));
        put("max_delay_ms", self.max_backoff.map(ms));
        let on = self.retry_on.iter().map(|on| on.as_str());
        put("on", (!self.retry_on.is_empty()).then(|| on.collect()));
        changed(before, retry)
    }

    fn limits(&self, before: &Value) -> Option<Value> {
        let all = [
            ("memory_bytes", self.memory),
            ("processes", self.processes.map(u64::from)),
            ("cpu_percent", self.cpu.map(u64::from)),
            ("open_files", self.open_files.map(u64::from)),
            ("file_bytes", self.file_size),
            ("output_bytes", self.output_limit),
        ];
        let limits = all.into_iter().filter_map(|(name, limit)| Some((name.to_owned(), json!(limit?))));
        changed(before, limits.collect())
    }
}

/// A field as it was `before`, with what was said of it.
fn changed(before: &Value, said: Map<String, Value>) -> Option<Value> {
    if said.is_empty() {
        return None;
    }
    let mut whole = before.as_object().cloned().unwrap_or_default();
    whole.extend(said);
    Some(whole.into())
}

fn with_time(mut value: Value, after: Option<Duration>) -> Value {
    if let Some(after) = after {
        value["after_ms"] = ms(after);
    }
    value
}

impl Begin {
    /// What was said, as the API takes it.
    pub(in crate::cli) fn fields(&self) -> Map<String, Value> {
        let mut all = Map::new();
        let not_before = self.not_before.or_else(|| self.delay.map(|delay| World::real().now().plus(delay)));
        all.extend(not_before.map(|at| ("not_before".to_owned(), json!(at))));
        if !self.after.is_empty() {
            let after = self.after.iter().map(|after| json!({"job_id": after.job, "when": after.when}));
            all.insert("after".to_owned(), after.collect());
        }
        all.extend(self.idempotency_key.as_ref().map(|key| ("idempotency_key".to_owned(), json!(key))));
        all
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(flatten)]
        spec: Spec,
        #[command(flatten)]
        begin: Begin,
    }

    fn typed(line: &str) -> Typed {
        Typed::parse_from(std::iter::once("job").chain(line.split_whitespace()))
    }

    #[test]
    fn what_is_not_said_is_not_sent() {
        let typed = typed("");
        assert!(typed.spec.fields(&Value::Null).expect("it is sound").is_empty() && typed.begin.fields().is_empty());
    }

    #[test]
    fn everything_that_is_said_is_sent_as_the_contract_has_it() {
        let typed = typed(
            "--name n -Q slow -p -3 --retries 2 --backoff 1s --max-backoff 5m --retry-on failed,timed-out --retry-safe \
             --timeout 30s --queue-timeout 1h --key deploy:2 --label-job team=x --memory 512MiB --processes 8 \
             --cpu 50 --open-files 64 --file-size 1GiB --output-limit 64KiB \
             --artifact dist/** --artifact *.deb --lost move:10m --env CI=true --secret TOKEN=git/token --after job_1:ended --not-before 2026-11-01T09:30 --idempotency-key k",
        );
        let spec = json!({
            "name": "n", "queue": "slow", "priority": -3, "retry_safe": true, "timeout_ms": 30_000,
            "retry": {"attempts": 3, "delay_ms": 1000, "max_delay_ms": 300_000, "on": ["failed", "timed_out"]},
            "queue_timeout_ms": 3_600_000, "concurrency": {"key": "deploy", "limit": 2}, "labels": {"team": "x"},
            "limits": {"memory_bytes": 512 << 20, "processes": 8, "cpu_percent": 50, "open_files": 64,
                "file_bytes": 1 << 30, "output_bytes": 64 << 10},
            "lost": {"policy": "move", "after_ms": 600_000}, "env": {"CI": "true"},
            "secrets": [{"env": "TOKEN", "secret": "git/token"}], "artifacts": ["dist/**", "*.deb"],
        });
        assert_eq!(Value::from(typed.spec.fields(&Value::Null).expect("it is sound")), spec);
        let begin = json!({"after": [{"job_id": "job_1", "when": "ended"}], "idempotency_key": "k",
            "not_before": "2026-11-01T09:30:00.000Z"});
        assert_eq!(Value::from(typed.begin.fields()), begin);
    }

    #[test]
    fn a_label_that_is_there_twice_is_refused() {
        for line in
            ["--label-job a=1 --label-job a=2", "--label-job a=1 --label-job a=1", "--label-job a --label-job a"]
        {
            assert!(typed(line).spec.fields(&Value::Null).is_err(), "{line}");
        }
        assert!(typed("--label-job a=1 --label-job b=1").spec.fields(&Value::Null).is_ok());
    }

    #[test]
    fn what_is_changed_of_the_retries_or_limits_leaves_the_rest_of_them() {
        let before = json!({"retry": {"attempts": 2, "delay_ms": 500}, "limits": {"processes": 8, "cpu_percent": 5}});
        let fields = typed("--retries 4 --processes 9").spec.fields(&before).expect("it is sound");
        assert_eq!(fields["retry"], json!({"attempts": 5, "delay_ms": 500}));
        assert_eq!(fields["limits"], json!({"processes": 9, "cpu_percent": 5}));
    }
}
