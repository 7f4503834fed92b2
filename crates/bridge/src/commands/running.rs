//! A command that runs, as whoever runs it sees it: the place for what it says, the word that it has to stop, and
//! the one end that it has.

use std::sync::Arc;

use diwan_kernel::World;
use diwan_protocol::run::Outcome;
use diwan_sandbox::Sandbox;

use super::carry_out::end;
use super::entry::Entry;
use super::{Inner, Parts, Writer};
use crate::commands::Channel;
use crate::execute::Finished;
use crate::execute::gather::Wanted;

/// A command that runs.
#[derive(Debug, Clone)]
pub struct Running {
    pub(super) inner: Arc<Inner>,
    pub(super) entry: Arc<Entry>,
    /// Which files it leaves are kept.
    pub(super) wanted: Option<Arc<Wanted>>,
}

/// What a command says.
#[derive(Debug)]
pub struct Said<'a> {
    entry: &'a Entry,
    writers: [Writer<'a>; 2],
}

impl Running {
    /// The command's id.
    pub fn id(&self) -> &str {
        &self.entry.id
    }

    /// The world that it runs in.
    pub fn world(&self) -> &World {
        &self.inner.parts.world
    }

    /// The place for what it says, which is empty.
    pub fn says(&self) -> Said<'_> {
        let writers = Channel::BOTH.map(|channel| self.inner.parts.spool.writer(&self.entry.id, channel));
        Said { entry: &self.entry, writers }
    }

    /// Waits until somebody wants it to stop.
    pub async fn cancelled(&self) {
        self.entry.asks.cancelled().await;
    }

    /// It is over: that is written down and told. Nothing that runs may be left without this.
    pub fn end(&self, finished: Finished) {
        end(&self.inner.parts, &self.entry, finished);
    }

    /// Keeps the files that it has left, if it ran and that is wanted. They are on the disk before its end is.
    pub(crate) fn keep_what_it_left(&self, sandbox: Option<&Sandbox>, finished: &Finished) {
        let has_run = !matches!(finished.outcome, Outcome::NotStarted(_) | Outcome::Unknown | Outcome::Forgotten);
        if let Some(wanted) = self.wanted.as_ref().filter(|_| has_run) {
            let was_cancelled = finished.outcome == Outcome::Cancelled;
            self.entry.left(wanted.keep(sandbox, self.parts(), &self.entry, was_cancelled));
        }
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.inner.parts
    }

    pub(crate) fn entry(&self) -> &Entry {
        &self.entry
    }
}

impl Said<'_> {
    /// Keeps what it says next.
    ///
    /// # Errors
    /// Why it cannot be kept.
    pub fn say(&mut self, channel: Channel, bytes: &[u8]) -> Result<(), String> {
        let writer = &mut self.writers[channel.index()];
        writer.write(bytes).map_err(|error| error.to_string())?;
        self.entry.said(channel, writer.length);
        Ok(())
    }

    /// How much it said on each channel.
    pub fn lengths(&self) -> [u64; 2] {
        [self.writers[0].length, self.writers[1].length]
    }
}
