//! Steps that end while the control plane is away: the machine brings their ends and what they said to the disk, and
//! tells of them later, whatever happens to its power.

use std::collections::BTreeMap;
use std::path::Path;

use super::Outage;
use super::calls::{self, Call};
use super::watch::Watched;
use super::{journal, start};
use crate::fleet_faults::machine::at_work;
use crate::job_faults::Stage;
use crate::job_faults::work::{Wish, want};

const STEPS: usize = 3;

/// From where on in the trace steps were alone, and how many of them.
pub(super) struct Alone {
    pub(super) from_byte: u64,
    steps: usize,
}

/// Lets some steps end without the control plane, and waits until the machine has seen to them.
pub(super) async fn be_away(stage: &mut Stage, trace: &Path) -> Alone {
    for _ in 0..STEPS {
        let wish = Wish::draw(stage.wishes, stage.story, &mut stage.dice).slow();
        stage.wanted.spawn(want(wish, stage.api.subscribe()));
        stage.wishes += 1;
    }
    stage.until("a step is at work", async |stage: &Stage| !at_work(stage.steps.root()).is_empty()).await;
    stage.places[0].proxy.lead_to(None);
    stage.places[0].proxy.cut();
    let from = std::fs::metadata(trace).expect("what is seen").len();
    // It may be in the middle of a line.
    let from_byte = from + rest_of_line(trace, from);
    stage.until("no step is at work", async |stage: &Stage| at_work(stage.steps.root()).is_empty()).await;
    let spool = std::fs::read_dir(stage.places[0].machine.state_dir().join("spool")).expect("what was said");
    let alone = Alone { from_byte, steps: spool.count() };
    let is_kept = async |stage: &Stage| {
        // What is seen is written down in large steps, so there has to be something to see.
        stage.open().await;
        alone.kept(&calls::read(trace, from_byte).0, 0).is_some()
    };
    stage.until("what has ended is brought to the disk", is_kept).await;
    stage.places[0].proxy.lead_to(Some(stage.server.as_ref().expect("it runs").address));
    alone
}

impl Alone {
    /// From which line on all of them are surely on the disk: what they said, that there is such a file, and that they
    /// have ended.
    pub(super) fn kept(&self, calls: &[Call], from: usize) -> Option<usize> {
        let of = |call: &Call| call.file(0).filter(|_| call.began >= from && call.result() == Some(0));
        let is =
            |call: &Call, name: &str, file: &str| call.name == name && of(call).is_some_and(|at| at.ends_with(file));
        let said = calls.iter().filter(|call| call.name == "fdatasync").filter_map(|call| Some((of(call)?, call.over)));
        let said: BTreeMap<_, _> = said.filter(|(at, _)| at.parent().is_some_and(|at| at.ends_with("spool"))).collect();
        let last = *said.values().max().filter(|_| said.len() >= self.steps)?;
        let names = calls.iter().find(|call| call.began > last && is(call, "fsync", "spool"))?;
        let ends = calls.iter().find(|call| call.began > names.over && is(call, "fdatasync", "journal"))?;
        Some(ends.over + 1)
    }
}

fn rest_of_line(trace: &Path, from: u64) -> u64 {
    let all = std::fs::read(trace).expect("what is seen");
    all[from as usize..].iter().position(|byte| *byte == b'\n').map_or(0, |end| end as u64 + 1)
}

/// Cuts the power at the first moment at which nothing of that may be lost, and starts everything again.
pub(super) async fn what_ended_alone_is_told(stage: &mut Stage, watched: &Watched) {
    let outage = Outage::total(&watched.record, watched.kept);
    let journal = journal::of(&outage.images[1]);
    let was_alone = |command: &str| journal.ended.contains(command) && !journal.forgotten.contains(command);
    let alone: Vec<_> = watched.carried.iter().filter(|(_, command)| was_alone(command)).collect();
    assert!(!alone.is_empty(), "no step has ended while the control plane was away");
    start::start_again(stage, watched, &outage).await;
    for job in stage.api().list("/jobs").await {
        let was_alone = alone.iter().any(|(key, _)| job["idempotency_key"] == key.as_str());
        assert!(!was_alone || job["state"] == "succeeded", "it ended while the control plane was away: {job:#}");
    }
    start::look_and_stop(stage, watched, &outage).await;
}
