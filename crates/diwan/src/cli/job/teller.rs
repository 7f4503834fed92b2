//! What is said beside the log: how the job stands whenever that changes, and on a terminal a line that says how
//! long it has been so.

use std::io::{IsTerminal, Write};

use diwan_client::{Job, JobDetail};
use rustix::termios::tcgetwinsize;

use super::super::run::note;
use super::super::screen::{exact_moment, safe};
use super::words::{length, result_of, result_of_attempt, waits_for};

/// Where a job stood.
type Stand = (String, u32);

/// Says how a job stands.
#[derive(Debug)]
pub(super) struct Teller {
    is_quiet: bool,
    has_line: bool,
    stands: Option<Stand>,
    line: String,
    /// For how many seconds it has stood so.
    seconds: u64,
    /// Whether the line is on the terminal now.
    is_shown: bool,
    /// Output is on the terminal: the line would be written over it.
    gives_way: bool,
}

impl Teller {
    /// One for this process.
    pub(super) fn new(is_quiet: bool) -> Self {
        let has_line = !is_quiet && std::io::stderr().is_terminal();
        let line = String::new();
        Self { is_quiet, has_line, stands: None, line, seconds: 0, is_shown: false, gives_way: false }
    }

    /// How the job stands now, if that is worth a sentence.
    pub(super) fn news(&mut self, detail: &JobDetail) -> Option<String> {
        let job = &detail.job;
        let now = (job.state.clone(), job.attempt);
        let is_new = self.stands.as_ref() != Some(&now);
        if is_new {
            self.seconds = 0;
            self.gives_way &= job.is_under_way();
        }
        let news = is_new.then(|| sentence(self.stands.as_ref(), detail)).flatten();
        self.stands = Some(now);
        self.line = line(detail);
        news.filter(|_| !self.is_quiet)
    }

    /// How an attempt ended that is followed by another.
    pub(super) fn attempt_over(&self, detail: &JobDetail, number: u32) -> Option<String> {
        let job = &detail.job;
        let is_followed = number < job.attempt || job.is_open();
        let attempt =
            detail.attempts.iter().find(|one| one.attempt == number).filter(|_| is_followed && !self.is_quiet)?;
        let place = attempt.machine_name.as_ref().map(|name| format!(" on {name}")).unwrap_or_default();
        let due = job.due_at.as_deref().filter(|_| number == job.attempt && !job.is_under_way());
        let when = due.map(|at| format!(" at {} UTC", exact_moment(at))).unwrap_or_default();
        Some(format!("attempt {number}{place}: {}; it is tried again{when}", result_of_attempt(attempt).0))
    }

    /// A second has passed.
    pub(super) fn tick(&mut self) {
        self.seconds += 1;
        if !self.has_line || self.gives_way || self.line.is_empty() {
            return;
        }
        let text = safe(&format!("{} ({})", self.line, length(self.seconds * 1000))).into_owned();
        let width = tcgetwinsize(std::io::stderr()).map_or(80, |size| usize::from(size.ws_col.max(2)));
        write(&text.chars().take(width - 1).collect::<String>());
        self.is_shown = true;
    }

    /// Something else is written now: the line goes.
    pub(super) fn step_aside(&mut self) {
        if self.is_shown {
            write("");
            self.is_shown = false;
        }
    }

    /// The job said something.
    pub(super) fn give_way(&mut self) {
        self.step_aside();
        self.gives_way = true;
    }
}

/// Says something at once, in the place of the line.
pub(super) fn aside(text: &str) {
    if std::io::stderr().is_terminal() {
        write("");
    }
    note(text);
}

fn write(text: &str) {
    let mut to = std::io::stderr().lock();
    // Who does not see it does not miss it.
    let _ = write!(to, "\r\u{1b}[K{text}").and_then(|()| to.flush());
}

/// What is said when a job stands otherwise than before.
fn sentence(before: Option<&Stand>, detail: &JobDetail) -> Option<String> {
    let job = &detail.job;
    let place = job.machine_name.as_ref().map(|name| format!(" on {name}")).unwrap_or_default();
    match job.state.as_str() {
        // Between two attempts it is told how the one before ended.
        "queued" if before.is_none() => {
            let waits = waits_for(detail).map(|what| format!("; it waits for {what}"));
            Some(format!("{} is queued{}", job.id, waits.unwrap_or_default()))
        }
        "running" => Some(format!("{} runs{place}{}", job.id, count(job))),
        "succeeded" => {
            let after = job.usage.map(|usage| format!(" after {}", length(usage.wall_us / 1000))).unwrap_or_default();
            Some(format!("{} succeeded{place}{after}", job.id))
        }
        "failed" if matches!(job.reason.as_deref(), Some("exit_code" | "signal")) => {
            Some(format!("{} failed{place}{}: {}", job.id, count(job), result_of(job).0))
        }
        // Whatever else it ended with is told as an error.
        _ => None,
    }
}

fn count(job: &Job) -> String {
    if job.retry.attempts > 1 || job.attempt > 1 { format!(", attempt {}", job.attempt) } else { String::new() }
}

/// How it stands, in a line.
fn line(detail: &JobDetail) -> String {
    let job = &detail.job;
    let machine = job.machine_name.as_deref().unwrap_or("a machine");
    match job.state.as_str() {
        "queued" => waits_for(detail).map_or_else(|| result_of(job).0, |what| format!("waits for {what}")),
        "leased" => format!("on its way to {machine}"),
        "running" if job.cancel_asked_at.is_some() => format!("is being stopped on {machine}"),
        "running" => format!("runs on {machine}"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::words::tests::fields_of;
    use super::*;

    fn detail(more: Value) -> JobDetail {
        let mut fields = fields_of(more);
        fields["retry"] = json!({"attempts": 3});
        serde_json::from_value(fields).expect("a job")
    }

    fn teller() -> Teller {
        let mut teller = Teller::new(false);
        teller.has_line = false;
        teller
    }

    #[test]
    fn every_change_is_said_once() {
        let mut teller = teller();
        for (fields, words) in [
            (json!({"waits_for": "no_machine"}), Some("job_1 is queued; it waits for a machine: none is connected")),
            (json!({"waits_for": "turn"}), None),
            (json!({"state": "leased", "attempt": 1, "machine_name": "web-1"}), None),
            (
                json!({"state": "running", "attempt": 1, "machine_name": "web-1"}),
                Some("job_1 runs on web-1, attempt 1"),
            ),
            (json!({"attempt": 1, "hold": "time"}), None),
            (
                json!({"state": "succeeded", "attempt": 2, "machine_name": "web-1", "usage":
                    {"user_us": 1, "system_us": 1, "memory_bytes": 1, "wall_us": 3_200_000}}),
                Some("job_1 succeeded on web-1 after 3.2 s"),
            ),
        ] {
            assert_eq!(teller.news(&detail(fields.clone())).as_deref(), words, "{fields}");
        }
    }

    #[test]
    fn how_an_attempt_ended_is_said_if_another_follows() {
        let one =
            json!({"attempt": 1, "state": "failed", "reason": "exit_code", "exit_code": 3, "machine_name": "web-1"});
        for (fields, words) in [
            (
                json!({"attempt": 1, "hold": "time", "due_at": "2026-11-01T09:30:01.000Z", "attempts": [one]}),
                Some("attempt 1 on web-1: status 3; it is tried again at 2026-11-01 09:30:01 UTC"),
            ),
            (
                json!({"attempt": 2, "state": "running", "attempts": [one]}),
                Some("attempt 1 on web-1: status 3; it is tried again"),
            ),
            (json!({"attempt": 1, "state": "failed", "attempts": [one]}), None),
        ] {
            assert_eq!(teller().attempt_over(&detail(fields.clone()), 1).as_deref(), words, "{fields}");
        }
        assert_eq!(Teller::new(true).attempt_over(&detail(json!({"attempts": [one]})), 1), None);
    }

    #[test]
    fn whoever_wants_quiet_hears_nothing() {
        let mut teller = Teller::new(true);
        assert_eq!(teller.news(&detail(json!({}))), None);
    }

    #[test]
    fn the_line_gives_way_to_output_until_the_job_waits_again() {
        let mut teller = teller();
        teller.news(&detail(json!({"state": "running", "attempt": 1})));
        teller.give_way();
        teller.news(&detail(json!({"state": "running", "attempt": 1})));
        assert!(teller.gives_way);
        teller.news(&detail(json!({"attempt": 1})));
        assert!(!teller.gives_way && teller.line == "queued", "{}", teller.line);
    }
}
