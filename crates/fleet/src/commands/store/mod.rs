//! Where the output of commands is kept: a directory a command, with files for each channel. What grows no more is
//! packed.
//!
//! Start at [`OutputStore`]; what the files are called is said in [`names`], what a packed one is in [`packed`].

mod kept;
mod names;
mod packed;
mod packing;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::BTreeSet;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use diwan_kernel::{Supervisor, World};

use self::kept::Kept;
use self::packing::Packing;
pub(crate) use self::reader::OutputReader;
pub(crate) use self::writer::OutputWriter;
use super::id::CommandId;
use super::live::LiveCommand;
use super::queue::Queue;
use super::table::Command;
use super::terminal::{Recorded, Recorder, recording};

/// How long a part is: so much of a command lies there twice at the most while it is packed.
const PART: u64 = 16 * 1024 * 1024;
/// How long a frame of a packed file is: so much is unpacked at least by whoever reads.
const FRAME: usize = 256 * 1024;
/// Shorter files take no less room when they are packed.
pub(crate) const TOO_SHORT_TO_PACK: u64 = 4096;

/// All that is kept. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct OutputStore {
    world: World,
    dir: PathBuf,
    part_length: u64,
    frame: usize,
    queue: Arc<Queue<CommandId>>,
}

/// Bytes that come next on a channel (0 or 1).
pub(crate) type Next = (usize, Bytes);

/// What of a command is to be packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ripe {
    /// It has ended.
    All,
    /// It goes on: only what comes before the part that grows.
    Full,
}

impl OutputStore {
    pub(crate) fn new(world: &World, data_dir: &Path) -> Self {
        let (world, dir) = (world.clone(), data_dir.join("outputs"));
        Self { world, dir, part_length: PART, frame: FRAME, queue: Arc::default() }
    }

    fn of(&self, id: CommandId) -> PathBuf {
        self.dir.join(id.to_string())
    }

    /// Begins or goes on to record a terminal.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn recorder(&self, command: &Command, live: &Arc<LiveCommand>) -> Result<Recorder> {
        Recorder::open(&self.world, &self.of(command.id), command, live).await
    }

    /// How far the recording of a terminal is.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn recorded(&self, id: CommandId) -> Result<Recorded> {
        let dir = self.of(id);
        self.heavy(move || recording::recorded(&dir)).await
    }

    /// Reads a part of the recording of a terminal.
    ///
    /// # Errors
    /// When the disk fails, or it is not there any more.
    pub(crate) async fn read_recording(&self, id: CommandId, at: u64, count: usize) -> Result<Bytes> {
        let path = recording::path(&self.of(id));
        let read = move || {
            let mut bytes = vec![];
            Kept::open(&path)?.read(at, count, &mut bytes)?;
            if bytes.len() == count { Ok(bytes.into()) } else { Err(ErrorKind::UnexpectedEof.into()) }
        };
        self.heavy(read).await
    }

    /// For a command that has said nothing yet.
    pub(crate) fn fresh(&self, id: CommandId) -> OutputWriter {
        OutputWriter::fresh(self.of(id), self.part_length)
    }

    /// Opens what there is of a command, to go on with it.
    ///
    /// # Errors
    /// When the disk does not let itself be read.
    pub(crate) async fn open(&self, id: CommandId) -> Result<OutputWriter> {
        let writer = self.fresh(id);
        let writer = self.heavy(move || writer.look()).await?;
        if writer.has_full_parts() {
            self.queue.add(id);
        }
        Ok(writer)
    }

    /// A channel (0 or 1), to be read.
    pub(crate) fn reader(&self, id: CommandId, channel: usize) -> OutputReader {
        OutputReader::new(&self.world, self.of(id), channel, self.part_length)
    }

    /// Adds what comes next. What could not be written is as if it had never come.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(crate) async fn append(
        &self,
        id: CommandId,
        mut writer: OutputWriter,
        pieces: Vec<Next>,
    ) -> (OutputWriter, Result<()>) {
        let write = move || {
            let each = pieces.into_iter().map(|(channel, bytes)| writer.append(channel, &bytes));
            let is_one_full = each.collect::<Result<Vec<_>>>().map(|full| full.contains(&true));
            (writer, is_one_full)
        };
        match self.world.heavy(write).await {
            Ok((writer, Ok(is_one_full))) => {
                if is_one_full {
                    self.queue.add(id);
                }
                (writer, Ok(()))
            }
            Ok((writer, Err(error))) => (writer, Err(error)),
            // Its files are lost from sight: they are looked at anew by whoever goes on.
            Err(cut_short) => (self.fresh(id), Err(Error::other(cut_short))),
        }
    }

    /// Brings all of it to the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn sync(&self, id: CommandId, mut writer: OutputWriter) -> (OutputWriter, Result<()>) {
        if writer.is_synced() {
            return (writer, Ok(()));
        }
        let sync = move || {
            let synced = writer.sync();
            (writer, synced)
        };
        match self.world.heavy(sync).await {
            Ok(done) => done,
            Err(cut_short) => (self.fresh(id), Err(Error::other(cut_short))),
        }
    }

    /// Says that something of a command may be packed.
    pub(crate) fn is_ripe(&self, id: CommandId) {
        self.queue.add(id);
    }

    /// Waits for commands of which something may be packed, and takes them.
    pub(crate) async fn ripe(&self) -> BTreeSet<CommandId> {
        self.queue.take().await
    }

    /// Packs what is ripe of a command. Says how much room all of it takes now; `None` when there is nothing of it here,
    /// or not all was packed because everything stops.
    ///
    /// # Errors
    /// When the disk fails or is full; what was packed until then stays so.
    pub(crate) async fn pack(&self, id: CommandId, ripe: Ripe, supervisor: &Supervisor) -> Result<Option<u64>> {
        let dir = self.of(id);
        for path in self.heavy(move || ripe_files(&dir, ripe)).await? {
            let frame = self.frame;
            let mut packing = self.heavy(move || Packing::begin(&path, frame)).await?;
            loop {
                if supervisor.is_stopping() {
                    return Ok(None);
                }
                let go_on = move || packing.go_on().map(|is_done| (packing, is_done));
                let (more, is_done) = self.heavy(go_on).await?;
                if is_done {
                    break;
                }
                packing = more;
            }
        }
        let dir = self.of(id);
        self.heavy(move || room_of(&dir)).await
    }

    /// Deletes the output of a command; one that is gone already is fine.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn remove(&self, id: CommandId) -> Result<()> {
        let dir = self.of(id);
        self.heavy(move || match std::fs::remove_dir_all(dir) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }

    async fn heavy<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        self.world.heavy(work).await.map_err(Error::other)?
    }
}

/// The files in a directory that are to be packed.
fn ripe_files(dir: &Path, ripe: Ripe) -> Result<Vec<PathBuf>> {
    let parts = names::parts(dir)?;
    let grows = |part: &names::Part| parts.keys().all(|other| other.channel != part.channel || other <= part);
    let plain = parts.iter().filter(|(part, lies)| lies.plain && (ripe == Ripe::All || !grows(part)));
    let mut files: Vec<PathBuf> = plain.map(|(part, _)| part.path(dir)).collect();
    if ripe == Ripe::All {
        files.push(recording::path(dir));
    }
    let is_worthwhile = |path: &PathBuf| match std::fs::symlink_metadata(path) {
        Ok(found) if found.len() > TOO_SHORT_TO_PACK => Some(Ok(path.clone())),
        Err(error) if error.kind() != ErrorKind::NotFound => Some(Err(error)),
        _ => None,
    };
    files.iter().filter_map(is_worthwhile).collect()
}

/// How much room the files in a directory take; `None` where there is no directory.
fn room_of(dir: &Path) -> Result<Option<u64>> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        entries => entries?,
    };
    let lengths = entries.map(|entry| entry?.metadata().map(|found| found.len()));
    lengths.sum::<Result<u64>>().map(Some)
}
