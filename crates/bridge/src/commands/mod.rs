//! Commands: believed, judged, written down, carried out, and followed to their end.

mod arrival;
mod asks;
mod carry_out;
mod entry;
mod given;
mod intake;
mod keep;
mod marks;
mod open_terminals;
mod pipe;
mod progress;
mod ring;
mod running;
mod serve;
mod spool;
mod verdict;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diwan_kernel::{Supervisor, TaskPolicy, World};
use diwan_link::Stream;
use diwan_protocol::artifacts::FetchArtifact;
use diwan_protocol::opening::{Follow, Judge};
use diwan_protocol::run::{Ended, FromCommand, Outcome, Usage};
use diwan_protocol::{VerifyingKey, decode, encode};
use tokio::sync::watch;

pub use asks::Size;
pub(crate) use asks::{Ask, Bell};
pub(crate) use entry::Entry;
pub use given::Given;
pub(crate) use intake::{Intake, is_id};
pub(crate) use open_terminals::{OpenTerminal, OpenTerminals, list as open_terminals};
pub use progress::Channel;
pub(crate) use ring::Ring;
pub use running::{Running, Said};
pub(crate) use serve::{refuse, say_goodbye};
pub(crate) use spool::{Spool, SpoolError, Writer};

use crate::artifacts;
use crate::journal::{Journal, Record};
use crate::machine::Machine;
use crate::policy_file::PolicyFile;

/// So many commands are remembered at most. More are refused until some are forgotten.
const MOST_REMEMBERED: usize = 10_000;

/// What commands stand on.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) world: World,
    pub(crate) supervisor: Supervisor,
    /// This machine's id.
    pub(crate) machine: String,
    /// What was drawn by lot when this process started.
    pub(crate) boot: [u8; 16],
    /// The keys that sign commands.
    pub(crate) keys: watch::Receiver<Vec<VerifyingKey>>,
    pub(crate) policy: PolicyFile,
    pub(crate) journal: Journal,
    pub(crate) spool: Arc<Spool>,
    pub(crate) terminals: OpenTerminals,
    /// Files that commands left.
    pub(crate) artifacts: Arc<artifacts::Store>,
    /// What carries them out.
    pub(crate) executor: Arc<dyn Machine>,
    /// How many run at once.
    pub(crate) most_at_once: usize,
}

/// The commands of this machine. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Commands {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    parts: Parts,
    known: Mutex<Known>,
    /// How many streams follow commands.
    followers: watch::Sender<usize>,
}

/// A stream that follows a command, for as long as it does.
struct Follower<'a>(&'a watch::Sender<usize>);

impl<'a> Follower<'a> {
    fn begin(followers: &'a watch::Sender<usize>) -> Self {
        followers.send_modify(|followers| *followers += 1);
        Self(followers)
    }
}

impl Drop for Follower<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|followers| *followers -= 1);
    }
}

#[derive(Debug, Default)]
struct Known {
    entries: BTreeMap<String, Arc<Entry>>,
    running: usize,
    /// The highest number of a command that was believed.
    seen: u64,
    /// Nothing new begins.
    is_leaving: bool,
}

impl Commands {
    /// Takes up what an earlier life has left. What had begun and not ended then is over, and nobody knows
    /// how: it never runs again.
    pub(crate) fn restore(parts: Parts) -> std::io::Result<Self> {
        let now_ms = parts.world.now().as_millis();
        let memory = parts.journal.memory(|memory| {
            memory.expire(now_ms);
            memory.clone()
        });
        let mut known = Known { seen: memory.seen, ..Known::default() };
        for (id, (started, ended)) in memory.commands {
            let ended = match ended {
                Some(ended) => keep::believe(&parts, &id, ended, now_ms)?,
                None => give_up(&parts, &id, now_ms)?,
            };
            let entry = Entry::restored(id.clone(), started.at_ms, started.verdict, ended);
            parts.artifacts.told(&id).into_iter().for_each(|told| entry.left(told));
            known.entries.insert(id, Arc::new(entry));
        }
        parts.spool.tidy(|command| known.entries.contains_key(command))?;
        let inner = Inner { parts, known: Mutex::new(known), followers: watch::Sender::new(0) };
        let this = Self { inner: Arc::new(inner) };
        this.keep();
        this.tidy_artifacts();
        Ok(this)
    }

    /// The ids of all that are remembered.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.inner.known().entries.keys().cloned().collect()
    }

    /// The highest number of a command that was believed.
    pub(crate) fn seen(&self) -> u64 {
        self.inner.known().seen
    }

    /// How many run.
    pub(crate) fn running(&self) -> usize {
        self.inner.known().running
    }

    /// Goes on with a command from where the control plane has it.
    pub(crate) async fn follow(&self, follow: Follow, mut stream: Stream) {
        let entry = self.inner.known().entries.get(&follow.command).cloned();
        if let Some(entry) = entry {
            return self.serve(entry, stream, [follow.output, follow.errors]).await;
        }
        let at_ms = self.inner.parts.world.now().as_millis();
        let ended = Ended { outcome: Outcome::Forgotten, at_ms, output: 0, errors: 0, usage: Usage::default() };
        if stream.send(encode(&FromCommand::Ended(ended)).into()).await.is_ok() {
            serve::say_goodbye(stream).await;
        }
    }

    async fn serve(&self, entry: Arc<Entry>, stream: Stream, from: [u64; 2]) {
        let _follower = Follower::begin(&self.inner.followers);
        serve::serve(entry, Arc::clone(&self.inner.parts.spool), stream, from).await;
    }

    /// Gives a file that a command left, if it is still kept.
    pub(crate) async fn give(&self, wanted: FetchArtifact, stream: Stream) {
        let parts = &self.inner.parts;
        artifacts::give(&parts.world, Arc::clone(&parts.artifacts), wanted, stream).await;
    }

    /// Gives up files that are too old, again and again.
    fn tidy_artifacts(&self) {
        let (inner, supervisor) = (Arc::clone(&self.inner), self.inner.parts.supervisor.clone());
        self.inner.parts.supervisor.spawn("keeping of files", ONCE, async move {
            while supervisor.pause(artifacts::BEAT).await {
                let store = Arc::clone(&inner.parts.artifacts);
                // What breaks down is done the next time.
                let _ = inner.parts.world.heavy(move || store.tidy()).await;
            }
        });
    }

    /// Answers what the policy would say.
    pub(crate) async fn judge(&self, mut stream: Stream) {
        let Ok(Some(message)) = stream.receive().await else { return };
        let Ok(Some(judge)) = decode::<Judge>(&message) else {
            return serve::refuse(stream, "what is to be judged makes no sense");
        };
        let inner = Arc::clone(&self.inner);
        let judged = self.inner.parts.world.heavy(move || {
            let policy = inner.parts.policy.now();
            verdict::judge(&policy, inner.parts.policy.here(), &judge.operation, &judge.actor.id).told
        });
        if let Ok(verdict) = judged.await
            && stream.send(encode(&verdict).into()).await.is_ok()
        {
            serve::say_goodbye(stream).await;
        }
    }

    /// The control plane has all of these: they need not be remembered.
    pub(crate) async fn forget(&self, ids: Vec<String>) {
        let inner = Arc::clone(&self.inner);
        // A journal that fails says so where something is promised.
        let _ = self.inner.parts.world.heavy(move || ids.iter().for_each(|id| inner.forget(id))).await;
    }

    /// Stops everything that runs and takes nothing new. Returns when nothing runs any more and all who follow
    /// have heard so.
    pub(crate) async fn leave(&self) {
        self.inner.known().is_leaving = true;
        for entry in self.inner.cancel_all() {
            let _ = entry.follow().wait_for(|progress| progress.ended.is_some()).await;
        }
        let _ = self.inner.followers.subscribe().wait_for(|followers| *followers == 0).await;
    }

    /// Stops everything that runs: whoever asked for it has no say here any more.
    pub(crate) fn disown(&self) {
        let running = self.inner.cancel_all();
        if !running.is_empty() {
            tracing::warn!("{} commands are stopped: this machine was put out", running.len());
        }
    }
}

impl Inner {
    /// Has everything that runs stop, and says what that is.
    fn cancel_all(&self) -> Vec<Arc<Entry>> {
        let running: Vec<Arc<Entry>> =
            self.known().entries.values().filter(|entry| !entry.is_over()).cloned().collect();
        for entry in &running {
            entry.asks.ask(asks::Ask::Cancel);
        }
        running
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, id: &str) {
        let entry = {
            let mut known = self.known();
            if !known.entries.get(id).is_some_and(|entry| entry.is_over()) {
                return;
            }
            known.entries.remove(id)
        };
        self.parts.spool.forget(id);
        self.parts.artifacts.was_told(id);
        if entry.is_some_and(|entry| entry.is_journaled.load(Ordering::Relaxed)) {
            let now_ms = self.parts.world.now().as_millis();
            self.parts.journal.memory(|memory| memory.expire(now_ms));
            if let Err(error) = self.parts.journal.append(Record::Forgotten { command: id.to_owned() }) {
                tracing::error!("the journal cannot be written: {error}");
            }
        }
    }
}

/// What is told of a command that was cut off with the process that ran it.
fn give_up(parts: &Parts, id: &str, at_ms: i64) -> std::io::Result<Ended> {
    let [output, errors] = Channel::BOTH.map(|channel| parts.spool.sound(id, channel));
    let ended = Ended { outcome: Outcome::Unknown, at_ms, output, errors, usage: Usage::default() };
    tracing::warn!(command = id, "it was cut off when the bridge or the machine died: nobody knows how it ended");
    parts.journal.commit(Record::Ended { command: id.to_owned(), ended: ended.clone() })?;
    Ok(ended)
}

/// Opens what commands keep on the disk.
pub(crate) fn open_journal(world: &World, path: &Path) -> std::io::Result<Journal> {
    let (journal, torn) = Journal::open(world, path)?;
    if torn > 0 {
        tracing::warn!(bytes = torn, "the end of the journal was torn by a crash and is cut off");
    }
    Ok(journal)
}

/// For those who spawn.
pub(crate) const ONCE: TaskPolicy = TaskPolicy::Once;
