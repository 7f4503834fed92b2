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
/// So many rounds with few and with many, of which the middle one counts: now and then the disk is busy with something
/// else for a moment.
const ROUNDS: usize = 3;
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
    let product = Product::start().await.context("the product starts")?;
    let (ours, machine) = (Ours(&product), Machine::join(&product, "bench").await?);
    ours.limit(&machine, MOST_AT_ONCE).await?;
    let deep = json!({"operation": {"kind": "noop"}, "queue": "deep"});
    let worked_off = ours.work_off(&deep, SOME).await?;
    let empty = round(ours).await?;
    ours.pause("deep", true).await?;
    ours.plant(&deep, MILLION).await?;
    let full = round(ours).await?;
    report.load("a job sent, 500 a second, empty queue", &empty.sent);
    report.load("a job sent, 500 a second, beside 1,000,000 that wait", &full.sent);
    report.goal("  p99, beside a million : empty", full.sent.p99_ms / empty.sent.p99_ms, "×", Goal::AtMost(2.0));
    let (few, many) = (&empty.begun.sent_to_start, &full.begun.sent_to_start);
    report.note("sent until begun, empty queue", &format!("p50 {:.0} ms  p99 {:.0} ms", few.p50_ms, few.p99_ms));
    report.note("  beside 1,000,000", &format!("p50 {:.0} ms  p99 {:.0} ms", many.p50_ms, many.p99_ms));
    report.goal("  p99, beside a million : empty", many.p99_ms / few.p99_ms.max(1.0), "×", Goal::AtMost(2.0));
    report.figure("waiting no-op jobs worked off, 10,000 in all", worked_off, "/s", None);
    let begun = leases(ours).await?;
    report.figure("  the first of 1,000,000", begun, "/s", None);
    report.ratio("  of a million : of 10,000", begun, worked_off, "");
    report.figure("resident memory, with 1,000,000 jobs that wait", product.resident_mib().await?, "MiB", None);
    machine.leave()?;
    product.stop()
}

async fn round(ours: Ours<'_>) -> Result<Round> {
    let (mut sent, mut begun) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        begun.push(alone(ours, &nothing(), ALONE).await?);
        sent.push(ours.send(&nothing()).paced(SENT_PER_S).run(CLIENTS, SPAN).await?);
        ours.until_empty().await?;
    }
    sent.sort_by(|a, b| a.p99_ms.total_cmp(&b.p99_ms));
    begun.sort_by(|a, b| a.sent_to_start.p99_ms.total_cmp(&b.sent_to_start.p99_ms));
    Ok(Round { sent: sent.swap_remove(ROUNDS / 2), begun: begun.swap_remove(ROUNDS / 2) })
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
