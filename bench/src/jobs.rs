//! Jobs: how fast they are taken, carried to machines and over, beside job queues of others in the same run.

use anyhow::{Context, Result};

use crate::jobs_peer::{Measured, PEERS, Peer, durable_server};
use crate::report::Report;

/// Turns of each, one after the other, so that a busy moment of the machine is nobody's advantage.
const TURNS: usize = 3;

/// What is measured of a queue, with how many jobs.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Phase {
    name: &'static str,
    of_peer: &'static str,
    jobs: usize,
}

const ENQUEUE: Phase = Phase { name: "jobs sent one by one, 64 clients", of_peer: "enqueue", jobs: 5_000 };
const BATCHES: Phase = Phase { name: "jobs sent in batches of 1,000", of_peer: "enqueue-batches", jobs: 50_000 };
const WORK_OFF: Phase = Phase { name: "waiting jobs worked off in batches", of_peer: "work-off", jobs: 50_000 };
const SINGLY: Phase = Phase { name: "waiting jobs worked off one by one", of_peer: "work-off-singly", jobs: 5_000 };
const END_TO_END: Phase =
    Phase { name: "jobs sent one by one and worked off meanwhile, 64 clients", of_peer: "end-to-end", jobs: 5_000 };
const LATENCY: Phase = Phase { name: "sent until begun, idle queue", of_peer: "latency", jobs: 200 };

pub(crate) fn measure(report: &mut Report) -> Result<()> {
    let server = durable_server()?;
    report.note("job queues of others", &format!("in PostgreSQL {server}, which keeps every commit on the disk"));
    for phase in [ENQUEUE, BATCHES, WORK_OFF, SINGLY, END_TO_END, LATENCY] {
        for peer in PEERS.into_iter().filter(|peer| phase != SINGLY || peer.works_singly) {
            let best = best_of(peer, phase)?;
            let figure = if phase == LATENCY {
                format!("p50 {:.2} ms  p99 {:.2} ms", best.p50_ms, best.p99_ms)
            } else {
                format!("{:.0}/s", best.per_second)
            };
            report.note(&format!("  {}: {}, best of {TURNS}", best.peer, phase.name), &figure);
        }
    }
    Ok(())
}

fn best_of(peer: Peer, phase: Phase) -> Result<Measured> {
    let turns: Vec<Measured> = (0..TURNS).map(|_| peer.measure(phase.of_peer, phase.jobs)).collect::<Result<_>>()?;
    turns.into_iter().reduce(Measured::better).context("a turn")
}
