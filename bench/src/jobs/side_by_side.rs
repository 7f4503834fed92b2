//! Our queue beside those of others: each keeps every commit on the disk, each with the settings that its own
//! documents name for speed, in turns.

use std::time::Duration;

use anyhow::{Context, Result};

use super::ours::{CLIENTS, Ours, nothing};
use super::peers::{Measured, PEERS, Peer, durable_server};
use super::{MOST_AT_ONCE, latency};
use crate::machine::Machine;
use crate::product::Product;
use crate::report::{Goal, Report};

/// Turns of each, one after the other, so that a busy moment of the machine is nobody's advantage.
const TURNS: usize = 3;
const SPAN: Duration = Duration::from_secs(3);
const TIMES_THEIRS: f64 = 3.0;

/// What is measured of a queue, and with how many jobs of a peer.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Phase {
    name: &'static str,
    of_peer: &'static str,
    jobs_of_peer: usize,
}

const ENQUEUE: Phase = Phase { name: "jobs sent one by one, 64 clients", of_peer: "enqueue", jobs_of_peer: 5_000 };
const BATCHES: Phase =
    Phase { name: "jobs sent in batches of 1,000", of_peer: "enqueue-batches", jobs_of_peer: 50_000 };
const WORK_OFF: Phase = Phase { name: "waiting no-op jobs worked off", of_peer: "work-off", jobs_of_peer: 50_000 };
const SINGLY: Phase =
    Phase { name: "waiting no-op jobs worked off one by one", of_peer: "work-off-singly", jobs_of_peer: 5_000 };
const END_TO_END: Phase =
    Phase { name: "no-op jobs sent one by one and worked off meanwhile", of_peer: "end-to-end", jobs_of_peer: 5_000 };
const LATENCY: Phase = Phase { name: "sent until begun, idle queue", of_peer: "latency", jobs_of_peer: 200 };

/// How many of ours wait, and how many are sent for their latency.
const OF_OURS: usize = 10_000;
const ALONE: usize = 200;

pub(super) async fn measure(report: &mut Report) -> Result<()> {
    let server = durable_server()?;
    report.note("job queues of others", &format!("in PostgreSQL {server}, which keeps every commit on the disk"));
    let product = Product::start().await.context("the product starts (build it with `make build`)")?;
    let ours = Ours(&product);
    // Nothing is there yet that could work them off.
    let (sent, theirs) = turns(ENQUEUE, async || ours.enqueue(SPAN).await.map(|sent| sent.per_second)).await?;
    report.goal("jobs sent one by one over HTTP, 64 clients, SQLite", sent, "/s", Goal::AtLeast(5_000.0));
    compare(report, ENQUEUE, sent, &theirs);
    let (sent, theirs) = turns(BATCHES, async || ours.enqueue_batches(SPAN).await).await?;
    report.figure("jobs sent in batches of 1,000 over HTTP, SQLite", sent, "/s", None);
    compare(report, BATCHES, sent, &theirs);
    product.stop()?;

    let product = Product::start().await?;
    let (ours, machine) = (Ours(&product), Machine::join(&product, "bench").await?);
    ours.limit(&machine, MOST_AT_ONCE).await?;
    let (ended, theirs) = turns(WORK_OFF, async || ours.work_off(&nothing(), OF_OURS).await).await?;
    report.goal("waiting no-op jobs worked off by one bridge, SQLite", ended, "/s", Goal::AtLeast(10_000.0));
    compare(report, WORK_OFF, ended, &theirs);
    compare(report, SINGLY, ended, &best_of_peers(SINGLY)?);
    let (ended, theirs) = turns(END_TO_END, async || ours.end_to_end(SPAN).await).await?;
    report.figure(&format!("no-op jobs from {CLIENTS} clients to their end, one bridge, SQLite"), ended, "/s", None);
    compare(report, END_TO_END, ended, &theirs);
    let (alone, theirs) = (latency::alone(ours, &nothing(), ALONE).await?, best_of_peers(LATENCY)?);
    report.load("a no-op job sent until begun, idle queue", &alone.sent_to_start);
    for peer in theirs {
        report.note(&format!("  {}", peer.peer), &format!("p50 {:.2} ms  p99 {:.2} ms", peer.p50_ms, peer.p99_ms));
        report.ratio("  p99, ours : theirs", alone.sent_to_start.p99_ms, peer.p99_ms, "");
    }
    machine.leave()?;
    product.stop()
}

/// Ours and each peer in turn; the best of each.
async fn turns(phase: Phase, ours: impl AsyncFn() -> Result<f64>) -> Result<(f64, Vec<Measured>)> {
    let (mut best, mut theirs) = (0.0_f64, vec![]);
    for _ in 0..TURNS {
        best = best.max(ours().await?);
        for peer in peers_with(phase) {
            theirs.push(peer.measure(phase.of_peer, phase.jobs_of_peer)?);
        }
    }
    Ok((best, best_of_each(theirs)))
}

fn best_of_peers(phase: Phase) -> Result<Vec<Measured>> {
    let one = |peer: Peer| peer.measure(phase.of_peer, phase.jobs_of_peer);
    let all = (0..TURNS).flat_map(|_| peers_with(phase)).map(one).collect::<Result<_>>()?;
    Ok(best_of_each(all))
}

fn peers_with(phase: Phase) -> impl Iterator<Item = Peer> {
    PEERS.into_iter().filter(move |peer| phase != SINGLY || peer.works_singly)
}

fn best_of_each(all: Vec<Measured>) -> Vec<Measured> {
    let mut best: Vec<Measured> = vec![];
    for one in all {
        match best.iter_mut().find(|known| known.peer == one.peer) {
            Some(known) if one.is_better_than(known) => *known = one,
            Some(_) => {}
            None => best.push(one),
        }
    }
    best
}

fn compare(report: &mut Report, phase: Phase, ours: f64, theirs: &[Measured]) {
    for peer in theirs {
        report.figure(&format!("  {}: {}, best of {TURNS}", peer.peer, phase.name), peer.per_second, "/s", None);
        let goal = Goal::AtLeast(TIMES_THEIRS);
        report.goal(&format!("  ours : {}", peer.peer), ours / peer.per_second, "×", goal);
    }
}
