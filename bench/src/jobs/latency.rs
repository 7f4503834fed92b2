//! How soon a job begins: on an idle queue, with a program as well as with nothing, and while half as many come as
//! could be worked off.

use std::time::Duration;

use anyhow::{Context, Result};
use diwan_kernel::Timestamp;
use serde_json::{Value, json};

use super::MOST_AT_ONCE;
use super::ours::{CLIENTS, Ours, nothing};
use crate::load::Outcome;
use crate::machine::Machine;
use crate::product::Product;
use crate::report::{Goal, Report};

const SPAN: Duration = Duration::from_secs(5);
const ALONE: usize = 200;
/// Between two jobs whose latency is measured, so that the queue is idle.
const PAUSE: Duration = Duration::from_millis(20);

/// From one moment of jobs to another.
pub(super) struct Latencies {
    /// Wanted until the machine began.
    pub(super) sent_to_start: Outcome,
    /// Given to the machine until it began.
    pub(super) dispatch_to_start: Outcome,
}

pub(super) async fn measure(report: &mut Report) -> Result<()> {
    let product = Product::start().await?;
    let (ours, machine) = (Ours(&product), Machine::join(&product, "bench").await?);
    ours.limit(&machine, MOST_AT_ONCE).await?;
    let exec = json!({"operation": {"kind": "exec", "argv": ["true"], "root": "projects"}});
    for (what, job) in [("a no-op job", nothing()), ("a job that runs /bin/true in its sandbox", exec)] {
        let alone = alone(ours, &job, ALONE).await?;
        tell(report, &format!("{what}, idle queue"), &alone);
    }
    let most = ours.end_to_end(SPAN).await?;
    let half = ours.send(&nothing()).paced(most / 2.0).run(CLIENTS, SPAN).await?;
    ours.until_empty().await?;
    report.load(&format!("jobs sent at half of what is worked off ({:.0}/s)", most / 2.0), &half);
    let busy = Latencies::of(&ours.ended(half.answered()).await?)?;
    tell(report, "a no-op job, at half load", &busy);
    machine.leave()?;
    product.stop()
}

fn tell(report: &mut Report, what: &str, latencies: &Latencies) {
    let Latencies { sent_to_start, dispatch_to_start } = latencies;
    let all = |o: &Outcome| format!("p50 {:.0} ms  p99 {:.0} ms", o.p50_ms, o.p99_ms);
    report.note(&format!("{what}: sent until begun"), &all(sent_to_start));
    report.note(&format!("{what}: dispatched until begun"), &all(dispatch_to_start));
    report.goal("  dispatched until begun, p99", dispatch_to_start.p99_ms, "ms", Goal::AtMost(50.0));
}

/// One after the other, on an idle queue.
pub(super) async fn alone(ours: Ours<'_>, job: &Value, times: usize) -> Result<Latencies> {
    let mut jobs = vec![];
    for _ in 0..times {
        let id = ours.plant(job, 1).await?;
        jobs.push(ours.until_over(&id).await?);
        tokio::time::sleep(PAUSE).await;
    }
    Latencies::of(&jobs)
}

impl Latencies {
    /// As the jobs themselves say, in whole milliseconds.
    pub(super) fn of(jobs: &[Value]) -> Result<Self> {
        let between = |from: &str, to: &str| -> Result<Outcome> {
            let spans = jobs.iter().map(|job| Ok(moment(job, to)?.since(moment(job, from)?)));
            Outcome::of(spans.collect::<Result<_>>()?)
        };
        Ok(Self {
            sent_to_start: between("created_at", "started_at")?,
            dispatch_to_start: between("leased_at", "started_at")?,
        })
    }
}

fn moment(job: &Value, key: &str) -> Result<Timestamp> {
    serde_json::from_value(job[key].clone()).with_context(|| format!("{key} of {job}"))
}
