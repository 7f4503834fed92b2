//! Steps that end while the control plane is away: the machine brings their ends and what they said to the disk, and
//! tells of them later, whatever happens to its power.

use std::collections::BTreeSet;
use std::path::Path;

use super::calls::{self, Call};
use super::journal::Journal;
use super::watch::Watched;
use super::{Outage, journal, start};
use crate::job_faults::Stage;
use crate::job_faults::work::{Wish, want};

const STEPS: usize = 3;

/// Steps that ended alone.
pub(super) struct Alone {
    /// From where on in the trace they were alone.
    pub(super) from_byte: u64,
    pub(super) commands: BTreeSet<String>,
}

/// Lets some steps end without the control plane, and waits until the machine has seen to them.
pub(super) async fn be_away(stage: &mut Stage, trace: &Path) -> Alone {
    // None of them ends before nobody can be told.
    stage.steps.hold();
    for _ in 0..STEPS {
        let wish = Wish::draw(stage.wishes, stage.story, &mut stage.dice).staying();
        stage.wanted.spawn(want(wish, stage.api.subscribe()));
        stage.wishes += 1;
    }
    stage.until("the steps are at work", async |stage: &Stage| journal_of(stage).open().count() == STEPS).await;
    stage.places[0].proxy.lead_to(None);
    stage.places[0].proxy.cut();
    let commands = journal_of(stage).open().cloned().collect();
    let from = std::fs::metadata(trace).expect("what is seen").len();
    // It may be in the middle of a line.
    let alone = Alone { from_byte: from + rest_of_line(trace, from), commands };
    stage.steps.let_go();
    stage.until("the steps have ended", async |stage: &Stage| alone.have_ended(&journal_of(stage))).await;
    let is_kept = async |stage: &Stage| {
        // What is seen is written down in large steps, so there has to be something to see.
        stage.open().await;
        alone.kept(&calls::read(trace, alone.from_byte).0, 0).is_some()
    };
    stage.until("what has ended is brought to the disk", is_kept).await;
    stage.places[0].proxy.lead_to(Some(stage.server.as_ref().expect("it runs").address));
    alone
}

fn journal_of(stage: &Stage) -> Journal {
    journal::read(&std::fs::read(stage.places[0].machine.state_dir().join("journal")).expect("a journal"))
}

impl Alone {
    fn have_ended(&self, journal: &Journal) -> bool {
        self.commands.is_subset(&journal.ended) && self.commands.is_disjoint(&journal.forgotten)
    }

    /// From which line on all of them are surely on the disk: what they said, that there is such a file, and that they
    /// have ended. One may end while another is brought there, and its end is taken along then: what counts is that
    /// everything is synced after it was written, however often that took.
    pub(super) fn kept(&self, calls: &[Call], from: usize) -> Option<usize> {
        let calls: Vec<_> = calls.iter().filter(|call| call.began >= from && !call.has_failed()).collect();
        let of = |command: &String| ["1", "marks-1"].map(|what| format!("spool/{command}.{what}"));
        let files: Vec<_> = self.commands.iter().flat_map(of).collect();
        // Nothing is synced by itself that has not ended.
        let said = files.iter().map(|file| first_sync(&calls, "fdatasync", file, 0)).collect::<Option<Vec<_>>>()?;
        let last = said.iter().map(|call| call.began).max()?;
        let made = files.iter().filter_map(|file| last_write(&calls, file, last)).max()?;
        let names = first_sync(&calls, "fsync", "spool", made)?;
        let ends = first_sync(&calls, "fdatasync", "journal", last_write(&calls, "journal", last)?)?;
        said.iter().chain([&names, &ends]).map(|call| call.over + 1).max()
    }
}

/// The first time that a file was synced after some line.
fn first_sync<'a>(calls: &[&'a Call], name: &str, file: &str, after: usize) -> Option<&'a Call> {
    calls.iter().find(|call| call.began > after && call.name == name && call.is_over() && is_of(call, file)).copied()
}

/// With which line the last write to a file was over that began before some line.
fn last_write(calls: &[&Call], file: &str, before: usize) -> Option<usize> {
    let written = calls.iter().filter(|call| call.began < before && call.name.contains("write") && is_of(call, file));
    written.map(|call| call.over).max()
}

fn is_of(call: &Call, file: &str) -> bool {
    call.file(0).is_some_and(|path| path.ends_with(file))
}

fn rest_of_line(trace: &Path, from: u64) -> u64 {
    let all = std::fs::read(trace).expect("what is seen");
    all[from as usize..].iter().position(|byte| *byte == b'\n').map_or(0, |end| end as u64 + 1)
}

/// Cuts the power at the first moment at which nothing of that may be lost, and starts everything again.
pub(super) async fn what_ended_alone_is_told(stage: &mut Stage, watched: &Watched) {
    let (outage, alone) = (Outage::total(&watched.record, watched.kept), &watched.alone);
    assert!(alone.have_ended(&journal::of(&outage.images[1])), "an end is not on the disk");
    let keys = watched.carried.iter().filter(|(_, command)| alone.commands.contains(*command)).map(|(key, _)| key);
    let keys: BTreeSet<&str> = keys.map(String::as_str).collect();
    assert_eq!(keys.len(), STEPS, "each carried out a job");
    start::start_again(stage, watched, &outage).await;
    for job in stage.api().list("/jobs").await {
        let was_alone = job["idempotency_key"].as_str().is_some_and(|key| keys.contains(key));
        assert!(!was_alone || job["state"] == "succeeded", "it ended while the control plane was away: {job:#}");
    }
    start::look_and_stop(stage, watched, &outage).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDS: [&str; 3] =
        ["pwrite64(3</b/spool/cmd_1.1>) = 9", "pwrite64(4</b/spool/cmd_1.marks-1>) = 8", "pwrite64(5</b/journal>) = 9"];
    const LATER: [&str; 3] =
        ["pwrite64(6</b/spool/cmd_2.1>) = 9", "pwrite64(7</b/spool/cmd_2.marks-1>) = 8", "pwrite64(5</b/journal>) = 9"];
    const SYNC: [&str; 4] = [
        "fdatasync(8</b/spool/cmd_1.1>) = 0",
        "fdatasync(8</b/spool/cmd_1.marks-1>) = 0",
        "fsync(8</b/spool>) = 0",
        "fdatasync(5</b/journal>) = 0",
    ];
    const SYNC_LATER: [&str; 3] =
        ["fdatasync(8</b/spool/cmd_2.1>) = 0", "fdatasync(8</b/spool/cmd_2.marks-1>) = 0", "fsync(8</b/spool>) = 0"];

    fn kept(lines: &[&[&str]]) -> Option<usize> {
        let trace = tempfile::NamedTempFile::new().expect("room");
        let lines = lines.concat().iter().map(|line| format!("1 {line}\n")).collect::<String>();
        std::fs::write(trace.path(), lines).expect("room");
        let commands = ["cmd_1", "cmd_2"].map(str::to_owned).into();
        Alone { from_byte: 0, commands }.kept(&calls::read(trace.path(), 0).0, 0)
    }

    #[test]
    fn an_end_that_was_synced_along_with_another_is_kept_as_soon_as_what_was_said_is() {
        let both = [&ENDS[..], &LATER, &SYNC[..2], &SYNC_LATER[..2], &SYNC[2..]];
        assert_eq!(kept(&both), Some(12), "at once");
        assert_eq!(kept(&[&ENDS, &LATER, &SYNC, &SYNC_LATER]), Some(12), "its end along with that of the first");
        assert_eq!(kept(&[&ENDS, &SYNC, &LATER, &SYNC_LATER, &SYNC[3..]]), Some(14), "one after the other");
    }

    #[test]
    fn what_was_not_synced_since_it_was_written_is_not_kept() {
        assert_eq!(kept(&[&ENDS, &SYNC, &LATER, &SYNC_LATER]), None, "its end");
        assert_eq!(kept(&[&ENDS, &LATER, &SYNC]), None, "what it said");
        assert_eq!(kept(&[&ENDS, &LATER, &SYNC, &SYNC_LATER[..1], &SYNC[2..]]), None, "the marks beside it");
        assert_eq!(kept(&[&ENDS, &SYNC, &LATER, &SYNC_LATER[..2], &SYNC[3..]]), None, "that there is such a file");
    }
}
