//! How jobs and what became of them are said in a few words.

use diwan_client::{Job, JobAttempt, JobDetail, JobTarget};

use super::super::screen::{Mark, Tone, exact_moment};

const GOOD: Mark = Mark { sign: '✓', tone: Some(Tone::Good) };
const BAD: Mark = Mark { sign: '✗', tone: Some(Tone::Bad) };
const OPEN: Mark = Mark { sign: '◐', tone: Some(Tone::Doubtful) };
const IDLE: Mark = Mark { sign: '○', tone: None };

/// How a job stands, in a word or two, and its mark.
pub(in crate::cli) fn result_of(job: &Job) -> (String, Mark) {
    match (job.state.as_str(), job.hold.as_str()) {
        ("queued", "time") => ("queued, for later".to_owned(), IDLE),
        ("queued", "dependencies") => ("queued, after others".to_owned(), IDLE),
        ("queued", _) => ("queued".to_owned(), IDLE),
        (state, _) => ended(state, job.reason.as_deref(), job.exit_code, job.signal),
    }
}

/// The same of one attempt.
pub(in crate::cli) fn result_of_attempt(attempt: &JobAttempt) -> (String, Mark) {
    ended(&attempt.state, attempt.reason.as_deref(), attempt.exit_code, attempt.signal)
}

fn ended(state: &str, reason: Option<&str>, exit_code: Option<i32>, signal: Option<i32>) -> (String, Mark) {
    match (state, reason.unwrap_or_default()) {
        ("leased" | "running", _) => (state.to_owned(), OPEN),
        ("succeeded", _) => (state.to_owned(), GOOD),
        ("failed", "exit_code") => (format!("status {}", exit_code.unwrap_or_default()), BAD),
        ("failed", "signal") => (format!("signal {}", signal.unwrap_or_default()), BAD),
        ("failed", "")
        | ("cancelled", "" | "cancelled")
        | ("timed_out", "" | "timeout")
        | ("expired", "" | "expired") => (state.replace('_', " "), BAD),
        (_, reason) => (reason.replace('_', " "), BAD),
    }
}

/// What a queued job waits for, in a few words.
pub(in crate::cli) fn waits_for(detail: &JobDetail) -> Option<String> {
    let job = &detail.job;
    Some(match detail.waits_for.as_deref()? {
        "time" => match job.due_at.as_deref() {
            Some(at) => format!("its time, {} UTC", exact_moment(at)),
            None => "its time".to_owned(),
        },
        "dependencies" => {
            let is_open = |state: &str| matches!(state, "queued" | "leased" | "running");
            let open = detail.dependencies.iter().filter(|other| is_open(&other.state));
            let ids: Vec<_> = open.map(|other| other.id.as_str()).take(3).collect();
            if ids.is_empty() { "other jobs".to_owned() } else { format!("other jobs: {}", ids.join(", ")) }
        }
        "queue_paused" => format!("the queue {}, which is paused", job.queue),
        "queue_full" => format!("the queue {}, which has as many under way as it may", job.queue),
        "key_full" => match &job.concurrency {
            Some(one) => format!("others with the key {}", one.key),
            None => "others with its key".to_owned(),
        },
        "no_machine" => match &job.target {
            JobTarget::Machine { .. } => "its machine, which is not connected".to_owned(),
            JobTarget::Labels { selector } => format!("a machine with {selector}: none is connected"),
            _ => "a machine: none is connected".to_owned(),
        },
        "machines_full" => "a machine that has less to do".to_owned(),
        "turn" => "its turn".to_owned(),
        other => other.replace('_', " "),
    })
}

/// How long something took, as people say it.
pub(in crate::cli) fn length(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0 => format!("{ms} ms"),
        1..=59 => format!("{:.1} s", ms as f64 / 1000.0),
        60..=3599 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3600..=86_399 => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {:02} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A job of the server with these fields.
    pub(in crate::cli) fn fields_of(more: Value) -> Value {
        let mut all = json!({"id": "job_1", "owner": {"id": "usr_1", "name": "A"}, "operation": {"kind": "noop"},
            "title": "nothing", "target": {"kind": "any"}, "created_at": "", "state": "queued"});
        let (Value::Object(fields), Value::Object(more)) = (&mut all, more) else { panic!("objects") };
        fields.extend(more);
        all
    }

    pub(in crate::cli) fn job(more: Value) -> Job {
        serde_json::from_value(fields_of(more)).expect("a job")
    }

    #[test]
    fn how_a_job_stands_is_said_in_a_word_or_two() {
        for (fields, words, sign) in [
            (json!({}), "queued", '○'),
            (json!({"hold": "dependencies"}), "queued, after others", '○'),
            (json!({"hold": "time", "due_at": "2026-11-01T09:30:00.000Z"}), "queued, for later", '○'),
            (json!({"state": "running"}), "running", '◐'),
            (json!({"state": "succeeded"}), "succeeded", '✓'),
            (json!({"state": "failed", "reason": "exit_code", "exit_code": 3}), "status 3", '✗'),
            (json!({"state": "failed", "reason": "signal", "signal": 9}), "signal 9", '✗'),
            (json!({"state": "failed", "reason": "unknown_outcome"}), "unknown outcome", '✗'),
            (json!({"state": "timed_out", "reason": "timeout"}), "timed out", '✗'),
            (json!({"state": "cancelled", "reason": "dependency_failed"}), "dependency failed", '✗'),
        ] {
            let (said, mark) = result_of(&job(fields.clone()));
            assert_eq!((said.as_str(), mark.sign), (words, sign), "{fields}");
        }
    }

    #[test]
    fn what_is_waited_for_is_said_even_by_a_later_server() {
        let waits = |fields: Value| {
            let detail: JobDetail = serde_json::from_value(fields_of(fields)).expect("a job");
            waits_for(&detail).unwrap_or_default()
        };
        for (fields, words) in [
            (json!({}), ""),
            (json!({"waits_for": "turn"}), "its turn"),
            (json!({"waits_for": "time", "due_at": "2026-11-01T09:30:00.000Z"}), "its time, 2026-11-01 09:30:00 UTC"),
            (json!({"waits_for": "queue_paused", "queue": "deploy"}), "the queue deploy, which is paused"),
            (
                json!({"waits_for": "no_machine", "target": {"kind": "labels", "selector": "gpu"}}),
                "a machine with gpu: none is connected",
            ),
            (
                json!({"waits_for": "dependencies", "dependencies": [
                    {"id": "job_1", "title": "a", "state": "succeeded"}, {"id": "job_2", "title": "b", "state": "running"}]}),
                "other jobs: job_2",
            ),
            (json!({"waits_for": "better_weather"}), "better weather"),
        ] {
            assert_eq!(waits(fields.clone()), words, "{fields}");
        }
    }

    #[test]
    fn lengths_are_for_people() {
        for (ms, words) in [
            (12, "12 ms"),
            (3_240, "3.2 s"),
            (61_000, "1 min 01 s"),
            (3_700_000, "1 h 01 min"),
            (90_000_000, "1 d 01 h"),
        ] {
            assert_eq!(length(ms), words);
        }
    }
}
