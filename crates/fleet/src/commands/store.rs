//! Where the output of commands is kept: two files a command, in a directory of its own.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use diwan_kernel::World;

use super::id::CommandId;
use super::intake::CHANNELS;
use super::live::LiveCommand;
use super::table::Command;
use super::terminal::{Recorded, Recorder, recording};

/// All that is kept. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct OutputStore {
    world: World,
    dir: PathBuf,
}

/// Bytes that come next on a channel (0 or 1).
pub(crate) type Next = (usize, Bytes);

impl OutputStore {
    pub(crate) fn new(world: &World, data_dir: &Path) -> Self {
        Self { world: world.clone(), dir: data_dir.join("outputs") }
    }

    fn of(&self, id: CommandId) -> PathBuf {
        self.dir.join(id.to_string())
    }

    /// Begins or goes on to record a terminal.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn recorder(&self, command: &Command, live: &Arc<LiveCommand>) -> std::io::Result<Recorder> {
        Recorder::open(&self.world, &self.of(command.id), command, live).await
    }

    /// How far the recording of a terminal is.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn recorded(&self, id: CommandId) -> std::io::Result<Recorded> {
        let dir = self.of(id);
        self.heavy(move || recording::recorded(&dir)).await
    }

    /// Reads a part of the recording of a terminal.
    ///
    /// # Errors
    /// When the disk fails, or it is not there any more.
    pub(crate) async fn read_recording(&self, id: CommandId, at: u64, count: usize) -> std::io::Result<Bytes> {
        let dir = self.of(id);
        self.heavy(move || recording::read(&dir, at, count).map(Bytes::from)).await
    }

    /// For a command that has said nothing yet.
    pub(crate) fn fresh(&self, id: CommandId) -> OutputWriter {
        OutputWriter { dir: self.of(id), files: [None, None], lengths: [0; CHANNELS], is_synced: true }
    }

    /// Opens what there is of a command, to go on with it.
    ///
    /// # Errors
    /// When the disk does not let itself be read.
    pub(crate) async fn open(&self, id: CommandId) -> std::io::Result<OutputWriter> {
        let mut writer = self.fresh(id);
        let look = move || {
            for (file, length) in writer.paths().iter().zip(&mut writer.lengths) {
                *length = length_of(file)?;
            }
            // Whether what lies there was brought to the disk, nobody knows any more.
            writer.is_synced = writer.lengths == [0; CHANNELS];
            Ok(writer)
        };
        self.heavy(look).await
    }

    /// A channel (0 or 1), to be read.
    pub(crate) fn reader(&self, id: CommandId, channel: usize) -> OutputReader {
        OutputReader { world: self.world.clone(), path: file_in(&self.of(id), channel), file: Arc::default() }
    }

    /// Adds what comes next. What could not be written is as if it had never come.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(crate) async fn append(
        &self,
        mut writer: OutputWriter,
        pieces: Vec<Next>,
    ) -> (OutputWriter, std::io::Result<()>) {
        let backup = writer.dir.clone();
        let write = move || {
            let written = pieces.into_iter().try_for_each(|(channel, bytes)| writer.append(channel, &bytes));
            (writer, written)
        };
        match self.world.heavy(write).await {
            Ok(done) => done,
            Err(cut_short) => (OutputWriter::lost(backup), Err(std::io::Error::other(cut_short))),
        }
    }

    /// Brings all of it to the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn sync(&self, mut writer: OutputWriter) -> (OutputWriter, std::io::Result<()>) {
        if writer.is_synced {
            return (writer, Ok(()));
        }
        let backup = writer.dir.clone();
        let sync = move || {
            let synced = writer.sync();
            (writer, synced)
        };
        match self.world.heavy(sync).await {
            Ok(done) => done,
            Err(cut_short) => (OutputWriter::lost(backup), Err(std::io::Error::other(cut_short))),
        }
    }

    /// Deletes the output of a command; one that is gone already is fine.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn remove(&self, id: CommandId) -> std::io::Result<()> {
        let dir = self.of(id);
        self.heavy(move || match std::fs::remove_dir_all(dir) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }

    async fn heavy<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
    ) -> std::io::Result<T> {
        self.world.heavy(work).await.map_err(std::io::Error::other)?
    }
}

/// One channel of a command, to be read piece by piece. It is opened when it is read first.
#[derive(Debug, Clone)]
pub(crate) struct OutputReader {
    world: World,
    path: PathBuf,
    file: Arc<OnceLock<File>>,
}

impl OutputReader {
    /// Reads a part and puts it behind what is there; it is shorter than asked for where the output ends.
    ///
    /// # Errors
    /// When it cannot be read, as when it is not there any more.
    pub(crate) async fn read(&self, at: u64, most: usize, onto: Vec<u8>) -> std::io::Result<Bytes> {
        let this = self.clone();
        self.world.heavy(move || this.read_now(at, most, onto)).await.map_err(std::io::Error::other)?
    }

    fn read_now(&self, mut at: u64, most: usize, mut onto: Vec<u8>) -> std::io::Result<Bytes> {
        let file = match self.file.get() {
            Some(file) => file,
            None => {
                let file = open_quietly(&self.path)?;
                self.file.get_or_init(|| file)
            }
        };
        let end = onto.len() + most;
        onto.reserve_exact(most);
        while onto.len() < end {
            match rustix::io::pread(file, rustix::buffer::spare_capacity(&mut onto), at) {
                Ok(0) => break,
                Ok(count) => at += count as u64,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        onto.truncate(end);
        Ok(onto.into())
    }
}

/// That it was read is not written down where that can be helped: it would be with every piece.
fn open_quietly(path: &Path) -> std::io::Result<File> {
    let flags = rustix::fs::OFlags::NOATIME.bits().cast_signed();
    let quiet = OpenOptions::new().read(true).custom_flags(flags).open(path);
    quiet.or_else(|_| File::open(path))
}

/// The output of one command, growing.
#[derive(Debug)]
pub(crate) struct OutputWriter {
    dir: PathBuf,
    files: [Option<File>; CHANNELS],
    lengths: [u64; CHANNELS],
    is_synced: bool,
}

fn file_in(dir: &Path, channel: usize) -> PathBuf {
    dir.join(if channel == 0 { "1" } else { "2" })
}

fn length_of(path: &Path) -> std::io::Result<u64> {
    match std::fs::symlink_metadata(path) {
        Ok(found) => Ok(found.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

impl OutputWriter {
    /// One whose files were lost from sight: they are looked at anew by whoever goes on.
    fn lost(dir: PathBuf) -> Self {
        Self { dir, files: [None, None], lengths: [0; CHANNELS], is_synced: true }
    }

    fn paths(&self) -> [PathBuf; CHANNELS] {
        [file_in(&self.dir, 0), file_in(&self.dir, 1)]
    }

    /// How much is here.
    pub(crate) fn lengths(&self) -> [u64; CHANNELS] {
        self.lengths
    }

    fn append(&mut self, channel: usize, bytes: &[u8]) -> std::io::Result<()> {
        let at = self.lengths[channel];
        self.file(channel)?.write_all_at(bytes, at)?;
        self.is_synced = false;
        self.lengths[channel] += bytes.len() as u64;
        Ok(())
    }

    fn file(&mut self, channel: usize) -> std::io::Result<&File> {
        if self.files[channel].is_none() {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
            let open = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .mode(0o600)
                .open(file_in(&self.dir, channel))?;
            self.files[channel] = Some(open);
        }
        self.files[channel].as_ref().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn sync(&mut self) -> std::io::Result<()> {
        for channel in (0..CHANNELS).filter(|channel| self.lengths[*channel] > 0) {
            File::open(file_in(&self.dir, channel))?.sync_data()?;
        }
        // The names too: of the files, and of their directory.
        File::open(&self.dir)?.sync_all()?;
        if let Some(parent) = self.dir.parent() {
            File::open(parent)?.sync_all()?;
        }
        self.is_synced = true;
        Ok(())
    }
}
