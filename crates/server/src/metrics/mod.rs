//! What the edge counts. Counters are plain atomics in fixed places, so that counting costs nothing
//! and the number of series is known when the server starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;

use crate::operation::Operation;

mod exposition;
mod listener;
mod process;
pub(crate) use exposition::expose;
pub(crate) use listener::answer;

/// Upper ends of the buckets of durations, in microseconds.
pub(crate) const BUCKETS_US: [u64; 12] =
    [250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Adds to it.
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// What it is now.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number of things that are there now.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicI64);

impl Gauge {
    /// What it is now.
    pub(crate) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// One more, until the mark is dropped.
    pub(crate) fn mark(self: &Arc<Self>) -> Mark {
        self.0.fetch_add(1, Ordering::Relaxed);
        Mark(self.clone())
    }
}

/// One thing that a [`Gauge`] counts.
#[derive(Debug)]
pub(crate) struct Mark(Arc<Gauge>);

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What is counted for one operation.
#[derive(Debug, Default)]
pub(crate) struct OperationCounts {
    /// By class of status: 1xx to 5xx.
    by_class: [Counter; 5],
    /// How many answers began within each bucket's time, not counting those of the buckets before.
    durations: [Counter; BUCKETS_US.len() + 1],
    duration_us: Counter,
}

/// What a request was for, as far as it is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// An operation of the API, by number.
    Operation(usize),
    /// A file of the dashboard.
    Dashboard,
    /// A sign of life, or the OpenAPI document.
    Edge,
    /// Nothing that is there.
    Nothing,
}

const OTHERS: [(&str, Target); 3] =
    [("dashboard", Target::Dashboard), ("edge", Target::Edge), ("none", Target::Nothing)];

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    names: Vec<String>,
    operations: Vec<OperationCounts>,
    /// Requests that are being answered.
    pub(crate) in_flight: Arc<Gauge>,
    /// Open connections.
    pub(crate) connections: Arc<Gauge>,
    /// Open live connections.
    pub(crate) live: Arc<Gauge>,
    /// Connections that were accepted.
    pub(crate) accepted: Counter,
    /// Connections that were turned away because there were too many.
    pub(crate) turned_away: Counter,
    /// Connections that were closed because the client was too slow.
    pub(crate) too_slow: Counter,
    /// Handshakes that failed.
    pub(crate) handshakes_failed: Counter,
    /// Requests that were over a limit.
    pub(crate) rate_limited: Counter,
    /// Panics that were caught.
    pub(crate) panics: Counter,
}

impl Metrics {
    /// Nothing has happened yet.
    pub(crate) fn new(operations: &[Operation], live: Arc<Gauge>) -> Self {
        let names = operations.iter().map(|o| o.id.clone()).chain(OTHERS.iter().map(|(name, _)| (*name).to_owned()));
        let names: Vec<_> = names.collect();
        Self {
            operations: names.iter().map(|_| OperationCounts::default()).collect(),
            names,
            in_flight: Default::default(),
            connections: Default::default(),
            live,
            accepted: Counter::default(),
            turned_away: Counter::default(),
            too_slow: Counter::default(),
            handshakes_failed: Counter::default(),
            rate_limited: Counter::default(),
            panics: Counter::default(),
        }
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, target: Target, status: StatusCode, after: Duration) {
        let others = self.operations.len() - OTHERS.len();
        let place = match target {
            Target::Operation(index) => index,
            other => others + OTHERS.iter().position(|(_, t)| *t == other).unwrap_or(0),
        };
        let Some(counts) = self.operations.get(place) else { return };
        let us = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS_US.iter().position(|end| us <= *end).unwrap_or(BUCKETS_US.len());
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        counts.by_class[class].add(1);
        counts.durations[bucket].add(1);
        counts.duration_us.add(us);
    }
}
