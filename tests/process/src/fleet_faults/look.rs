//! What must be true of every command when everything has come back.

use std::collections::BTreeMap;

use serde_json::Value;

use super::work::{Job, marks, number};
use super::{Asked, Stage};
use crate::api::Api;

/// The largest part that is given at once.
const PART: usize = 1024 * 1024;

/// What a run has left.
pub(super) struct Seen<'a> {
    pub(super) commands: &'a [Value],
    pub(super) asked: &'a BTreeMap<usize, Asked>,
    /// How often a command was certainly cut off in its middle.
    pub(super) cut_off: &'a BTreeMap<usize, usize>,
}

pub(super) fn state(command: &Value) -> &'static str {
    let known = ["waiting", "written", "sent", "running", "ended", "refused", "needs_approval", "expired", "unknown"];
    known.into_iter().find(|state| command["state"] == *state).unwrap_or_else(|| panic!("{command}"))
}

pub(super) fn is_open(command: &Value) -> bool {
    matches!(state(command), "waiting" | "written" | "sent" | "running")
}

/// Whether it came to its end by itself.
fn is_through(command: &Value) -> bool {
    command["state"] == "ended" && command["outcome"] == "exited"
}

pub(super) async fn look(stage: &Stage, seen: &Seen<'_>) {
    let api = stage.api.borrow().clone();
    ends_are_written_once(&api, seen.commands).await;
    let root = stage.machine.root();
    let (ran, through) = (marks(&root, "ran"), marks(&root, "through"));
    for job in stage.jobs.iter() {
        let of_job: Vec<&Value> = seen.commands.iter().filter(|command| number(command) == job.number).collect();
        let count = |marks: &BTreeMap<usize, usize>| marks.get(&job.number).copied().unwrap_or_default();
        was_asked_for_once(job, seen.asked.get(&job.number).copied(), &of_job);
        ran_as_often_as_it_may(job, &of_job, [count(&ran), count(&through)], count(seen.cut_off));
        for command in of_job {
            says_what_it_said(&api, job, command).await;
        }
    }
    assert_eq!(api.verify().await["ok"], true);
}

async fn ends_are_written_once(api: &Api, commands: &[Value]) {
    let mut written = BTreeMap::<String, usize>::new();
    for entry in api.list("/audit?action=command.end").await {
        *written.entry(entry["resource"]["id"].as_str().expect("an id").to_owned()).or_default() += 1;
    }
    for command in commands {
        let count = written.remove(command["id"].as_str().expect("an id")).unwrap_or_default();
        // One whose machine was gone when it was written down was over then, and that entry says so.
        let was_never_open = command["state"] == "refused" && command["problem"]["code"] == "machine_offline";
        assert!(count == 1 || (count == 0 && was_never_open), "{count} recorded ends of {command:#}");
        assert!(command["ended_at"].is_string(), "{command:#}");
    }
    assert!(written.is_empty(), "ends of nothing: {written:?}");
}

/// One wish is one command, and its repetition if nobody knows what became of it.
fn was_asked_for_once(job: &Job, asked: Option<Asked>, commands: &[&Value]) {
    let (again, first): (Vec<&Value>, Vec<&Value>) =
        commands.iter().copied().partition(|command| command["retry_of"].is_string());
    let expected = match asked {
        Some(Asked::Accepted | Asked::Done) => 1,
        Some(Asked::Refused(status)) => {
            assert_eq!(status, 409, "job {}", job.number);
            0
        }
        None => 0,
    };
    assert_eq!(first.len(), expected, "job {}, {asked:?}: {first:#?}", job.number);
    let is_due = job.is_retry_safe && first.iter().any(|command| command["state"] == "unknown");
    assert_eq!(again.len(), usize::from(is_due), "job {}: {commands:#?}", job.number);
}

fn ran_as_often_as_it_may(job: &Job, commands: &[&Value], [ran, through]: [usize; 2], cut_off: usize) {
    let of_state = |wanted: &str| commands.iter().filter(|command| command["state"] == wanted).count();
    let count = commands.iter().filter(|command| is_through(command)).count();
    let stopped = commands.iter().filter(|command| command["outcome"] == "cancelled").count();
    let about = || format!("job {}, ran {ran}, through {through}, cut off {cut_off}: {commands:#?}", job.number);
    let unknown = of_state("unknown");
    assert!(ran <= if job.is_retry_safe { 2 } else { 1 }, "{}", about());
    // What is told to have run has, and what is told not to have run has not.
    assert!((count..=count + unknown + stopped).contains(&ran), "{}", about());
    assert!((count..=count + unknown + stopped).contains(&through), "{}", about());
    // What was cut off is over, and is told so.
    assert!(unknown >= cut_off && through <= ran - cut_off, "{}", about());
    if !job.is_allowed {
        assert!(ran == 0 && count == 0, "{}", about());
    }
    for command in commands.iter().filter(|command| is_through(command)) {
        assert_eq!(command["exit_code"], job.status, "{}", about());
    }
}

async fn says_what_it_said(api: &Api, job: &Job, command: &Value) {
    for (channel, said, field) in [(1, &job.says[0], "output_bytes"), (2, &job.says[1], "error_bytes")] {
        let kept = read(api, command, channel).await;
        let is_beginning = said.starts_with(&kept);
        let about = || format!("channel {channel}: {} of {} bytes of {command:#}", kept.len(), said.len());
        assert_eq!(command[field], kept.len(), "{}", about());
        assert!(is_beginning, "not what it said, {}", about());
        assert!(!is_through(command) || kept.len() == said.len(), "not all, {}", about());
    }
}

async fn read(api: &Api, command: &Value, channel: u8) -> Vec<u8> {
    let (id, mut kept) = (command["id"].as_str().expect("an id"), vec![]);
    loop {
        let path = format!("/commands/{id}/output?channel={channel}&from={}&limit={PART}", kept.len());
        let part = api.get_bytes(&path).await;
        if part.is_empty() {
            return kept;
        }
        kept.extend(part);
    }
}
