//! What is kept of commands that have ended, until the control plane has it.
//!
//! What was written last is lost when the power is. Mostly that matters to nobody: the control plane has it a moment
//! later. Where it does not, because it is away, all of it is brought to the disk.

use std::collections::BTreeSet;
use std::io::Result;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use diwan_protocol::run::Ended;

use super::entry::Entry;
use super::{Channel, Commands, Inner, ONCE, Parts, give_up};

/// Whatever is still here after as long as this is brought to the disk.
const BEAT: Duration = Duration::from_secs(1);

/// How a command of an earlier life has ended, as far as that is to be believed: what it said has to be here.
pub(super) fn believe(parts: &Parts, id: &str, ended: Ended, now_ms: i64) -> Result<Ended> {
    let [output, errors] = Channel::BOTH.map(|channel| parts.spool.sound(id, channel));
    if output >= ended.output && errors >= ended.errors {
        return Ok(ended);
    }
    if parts.spool.has_ring(id) {
        // What a terminal said last could only be had from the life that is over.
        return Ok(Ended { output, errors, ..ended });
    }
    tracing::warn!(command = id, "the end of what it said was lost with the power of the machine");
    give_up(parts, id, now_ms)
}

impl Commands {
    /// Keeps what has ended for as long as it is needed.
    pub(super) fn keep(&self) {
        let (this, supervisor) = (self.clone(), self.inner.parts.supervisor.clone());
        self.inner.parts.supervisor.spawn("keeping of what has ended", ONCE, async move {
            let mut before = BTreeSet::new();
            while supervisor.pause(BEAT).await {
                before = this.keep_what_stays(&before).await;
            }
        });
    }

    /// Brings to the disk what had ended before and is still here; says what has ended since.
    async fn keep_what_stays(&self, before: &BTreeSet<String>) -> BTreeSet<String> {
        let ended = self.inner.ended_and_not_kept();
        let (late, fresh): (Vec<_>, Vec<_>) = ended.into_iter().partition(|entry| before.contains(&entry.id));
        if !late.is_empty() {
            let inner = Arc::clone(&self.inner);
            // On a thread that may wait; if it breaks down, what is not kept is looked at again.
            let _ = self.inner.parts.world.heavy(move || inner.bring_to_the_disk(&late)).await;
        }
        fresh.into_iter().map(|entry| entry.id.clone()).collect()
    }
}

impl Inner {
    fn ended_and_not_kept(&self) -> Vec<Arc<Entry>> {
        let is_open = |entry: &Entry| {
            entry.is_journaled.load(Ordering::Relaxed) && !entry.is_kept.load(Ordering::Relaxed) && entry.is_over()
        };
        self.known().entries.values().filter(|entry| is_open(entry)).cloned().collect()
    }

    fn bring_to_the_disk(&self, late: &[Arc<Entry>]) {
        let (spool, journal) = (&self.parts.spool, &self.parts.journal);
        let synced = late.iter().try_for_each(|entry| spool.sync(&entry.id));
        if let Err(error) = synced.and_then(|()| spool.sync_names()).and_then(|()| journal.sync_written()) {
            tracing::error!("what has ended could be lost with the power of this machine: {error}");
        }
        // What the disk failed to take once, a second attempt would only pretend to have taken.
        late.iter().for_each(|entry| entry.is_kept.store(true, Ordering::Relaxed));
    }
}
