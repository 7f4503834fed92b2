//! A million jobs that wait: what those notice that come later.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use super::MOST_AT_ONCE;
use super::latency::{Latencies, alone};
use super::ours::{CLIENTS, Ours, nothing};
use crate::load::Outcome;
use crate::machine::Machine;
use crate::product::Product;
use crate::report::{Goal, Report};

const MILLION: usize = 1_000_000;
const SPAN: Duration = Duration::from_secs(5);
const ALONE: usize = 200;
/// So many rounds, each with few and then at once with many, of which the middle one counts: now and then the disk is busy
/// with something else for a moment.
const ROUNDS: usize = 5;
/// Worked off for the comparison.
const SOME: usize = 10_000;
/// Sent at this pace, which is far below what can be taken: what is measured is the disturbance.
const SENT_PER_S: f64 = 500.0;

/// What is measured with few and with many.
struct Round {
    sent: Outcome,
    begun: Latencies,
}

pub(super) async fn measure(report: &mut Report) -> Result<()> {
    let (few, many) = (product().await?, product().await?);
    let (empty, full) = (Ours(&few.0), Ours(&many.0));
    let deep = json!({"operation": {"kind": "noop"}, "queue": "deep"});
    let worked_off = full.work_off(&deep, SOME).await?;
    full.pause("deep", true).await?;
    full.plant(&deep, MILLION).await?;
    let mut rounds = vec![];
    for _ in 0..ROUNDS {
        rounds.push((round(empty).await?, round(full).await?));
    }
    let (of_empty, of_full) = middle(&mut rounds, |one| one.sent.p99_ms);
    report.load("a job sent, 500 a second, empty queue", &of_empty.sent);
    report.load("a job sent, 500 a second, beside 1,000,000 that wait", &of_full.sent);
    report.goal("  p99, beside a million : empty", of_full.sent.p99_ms / of_empty.sent.p99_ms, "×", Goal::AtMost(2.0));
    let (of_empty, of_full) = middle(&mut rounds, p99_until_begun);
    let told =
        |one: &Round| format!("p50 {:.0} ms  p99 {:.0} ms", one.begun.sent_to_start.p50_ms, p99_until_begun(one));
    report.note("sent until begun, empty queue", &told(of_empty));
    report.note("  beside 1,000,000", &told(of_full));
    let ratio = p99_until_begun(of_full) / p99_until_begun(of_empty);
    report.goal("  p99, beside a million : empty", ratio, "×", Goal::AtMost(2.0));
    report.figure("waiting no-op jobs worked off, 10,000 in all", worked_off, "/s", None);
    let begun = leases(full).await?;
    report.figure("  the first of 1,000,000", begun, "/s", None);
    report.ratio("  of a million : of 10,000", begun, worked_off, "");
    report.figure("resident memory, with 1,000,000 jobs that wait", many.0.resident_mib().await?, "MiB", None);
    for (product, machine) in [few, many] {
        machine.leave()?;
        product.stop()?;
    }
    Ok(())
}

async fn product() -> Result<(Product, Machine)> {
    let product = Product::start().await.context("the product starts")?;
    let machine = Machine::join(&product, "bench").await?;
    Ours(&product).limit(&machine, MOST_AT_ONCE).await?;
    Ok((product, machine))
}

async fn round(ours: Ours<'_>) -> Result<Round> {
    let begun = alone(ours, &nothing(), ALONE).await?;
    let sent = ours.send(&nothing()).paced(SENT_PER_S).run(CLIENTS, SPAN).await?;
    ours.until_empty().await?;
    Ok(Round { sent, begun })
}

/// It is told in whole milliseconds, and less than one is taken for one.
fn p99_until_begun(one: &Round) -> f64 {
    one.begun.sent_to_start.p99_ms.max(1.0)
}

/// The round in which the two are to each other as in the middle one of all.
fn middle(rounds: &mut [(Round, Round)], of: impl Fn(&Round) -> f64) -> (&Round, &Round) {
    rounds.sort_by(|a, b| (of(&a.1) / of(&a.0)).total_cmp(&(of(&b.1) / of(&b.0))));
    let (few, many) = &rounds[rounds.len() / 2];
    (few, many)
}

/// How many of the million end in a second while it is worked off.
async fn leases(ours: Ours<'_>) -> Result<f64> {
    let before = waiting(ours).await?;
    ours.pause("deep", false).await?;
    tokio::time::sleep(SPAN).await;
    ours.pause("deep", true).await?;
    let after = waiting(ours).await?;
    Ok((before - after) / SPAN.as_secs_f64())
}

async fn waiting(ours: Ours<'_>) -> Result<f64> {
    let queues = ours.queues().await?;
    let deep = queues.iter().find(|queue| queue["name"] == "deep").context("the queue")?;
    Ok(["waiting", "under_way"].iter().filter_map(|key| deep[key].as_f64()).sum())
}
