//! A command that this machine knows: one that runs, or one that ended and is not forgotten.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use diwan_protocol::artifacts::Artifacts;
use diwan_protocol::run::{Ended, Outcome, Usage, Verdict};
use tokio::sync::watch;

use super::arrival::Arrival;
use super::asks::Asks;
use super::pipe::Pipe;
use super::progress::{Channel, Progress};
use super::ring::Ring;

/// A command that this machine knows.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its id.
    pub(crate) id: String,
    /// Whether the journal knows it: what never began need not outlive this process.
    pub(crate) is_journaled: AtomicBool,
    /// Whether a power cut can take nothing of it any more: it has ended, and the disk has all of it.
    pub(crate) is_kept: AtomicBool,
    /// What it is asked for.
    pub(crate) asks: Asks,
    /// The values of its secrets, on their way.
    pub(crate) secrets: Arrival,
    /// Its newest output, if it is a terminal that has begun in this life of the bridge.
    ring: OnceLock<Arc<Ring>>,
    /// The files that it left, once they are kept.
    left: OnceLock<Artifacts>,
    /// Its input and output, if they are for whoever takes them up.
    pub(crate) pipe: Pipe,
    progress: watch::Sender<Progress>,
}

impl Entry {
    /// One that was just accepted.
    pub(crate) fn new(id: String) -> Self {
        let progress = watch::Sender::new(Progress::default());
        let (asks, secrets, pipe) = Default::default();
        let [is_journaled, is_kept] = [false, false].map(AtomicBool::new);
        let (ring, left) = Default::default();
        Self { id, is_journaled, is_kept, asks, secrets, ring, left, pipe, progress }
    }

    /// One from an earlier life of the bridge.
    pub(crate) fn restored(id: String, started_ms: i64, verdict: Verdict, ended: Ended) -> Self {
        let entry = Self::new(id);
        entry.is_journaled.store(true, Ordering::Relaxed);
        entry.progress.send_modify(|progress| {
            progress.verdict = Some(Arc::new(verdict));
            progress.started_ms = Some(started_ms);
            progress.lengths = [ended.output, ended.errors];
            progress.ended = Some(ended);
        });
        entry.asks.close();
        entry
    }

    /// How far it is, and every step from here on.
    pub(crate) fn follow(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// It is a terminal, whose newest output is kept there.
    pub(crate) fn is_terminal(&self, ring: Arc<Ring>) {
        // It begins only once.
        let _ = self.ring.set(ring);
    }

    /// Its newest output, if it is a terminal.
    pub(crate) fn ring(&self) -> Option<&Arc<Ring>> {
        self.ring.get()
    }

    /// These files of it are kept, which is told before its end is.
    pub(crate) fn left(&self, artifacts: Artifacts) {
        // It ends only once.
        let _ = self.left.set(artifacts);
    }

    /// The files of it that are kept, if any were wanted.
    pub(crate) fn artifacts(&self) -> Option<&Artifacts> {
        self.left.get()
    }

    /// How much of the input was taken.
    pub(crate) fn input_taken(&self) -> u64 {
        self.progress.borrow().input_taken
    }

    /// Whether it is over.
    pub(crate) fn is_over(&self) -> bool {
        self.progress.borrow().ended.is_some()
    }

    /// The policy spoke.
    pub(crate) fn judged(&self, verdict: Verdict) {
        self.progress.send_modify(|progress| progress.verdict = Some(Arc::new(verdict)));
    }

    /// It begins.
    pub(crate) fn started(&self, at_ms: i64) {
        self.progress.send_modify(|progress| progress.started_ms = Some(at_ms));
    }

    /// There is so much output now.
    pub(crate) fn said(&self, channel: Channel, length: u64) {
        self.progress.send_modify(|progress| progress.lengths[channel.index()] = length);
    }

    /// So much of the input is taken.
    pub(crate) fn took(&self, input: u64) {
        self.progress.send_modify(|progress| progress.input_taken = input);
    }

    /// It is over.
    pub(crate) fn ended(&self, ended: Ended) {
        self.asks.close();
        self.progress.send_modify(|progress| progress.ended = Some(ended));
    }

    /// It is over before it began.
    pub(crate) fn never_began(&self, why: &str, at_ms: i64) {
        let outcome = Outcome::NotStarted(why.to_owned());
        self.ended(Ended { outcome, at_ms, output: 0, errors: 0, usage: Usage::default() });
    }
}
