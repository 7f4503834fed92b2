//! The output of commands on the disk, until the control plane has all of it.

use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use diwan_kernel::World;
use diwan_kernel::world::{DiskFile, Opens};

use super::marks::{self, MARK};
use super::progress::Channel;
use super::ring::{ROOM, Ring};

/// The room for all output.
#[derive(Debug)]
pub(crate) struct Spool {
    world: World,
    dir: PathBuf,
    used: AtomicU64,
    most: u64,
}

/// Why output could not be kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpoolError {
    #[error("the room for output of commands on this machine is full")]
    Full,
    #[error("the disk of this machine is full")]
    NoSpace,
    #[error("the output could not be written on this machine: {0}")]
    Disk(std::io::Error),
}

/// Where one channel of a command is written to. A file comes to be with the first byte.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    spool: &'a Spool,
    paths: [PathBuf; 2],
    files: Option<Files>,
    pieces: u64,
    /// How much is there.
    pub(crate) length: u64,
}

/// An output, and the marks beside it.
#[derive(Debug)]
struct Files {
    output: Box<dyn DiskFile>,
    marks: Box<dyn DiskFile>,
}

impl Spool {
    /// The room in this directory, which is made when it is not there.
    pub(crate) fn open(world: &World, dir: &Path, most: u64) -> Result<Self> {
        world.disk().create_dir(dir)?;
        let lengths = world.disk().list(dir)?;
        let used = lengths.iter().filter_map(|path| world.disk().length(path).ok()).sum();
        Ok(Self { world: world.clone(), dir: dir.to_owned(), used: AtomicU64::new(used), most })
    }

    /// Where a channel of a command is, if there was any output.
    pub(crate) fn path(&self, command: &str, channel: Channel) -> PathBuf {
        self.dir.join(format!("{command}.{}", channel.number()))
    }

    /// Where the marks beside it are.
    fn marks_path(&self, command: &str, channel: Channel) -> PathBuf {
        self.dir.join(format!("{command}.marks-{}", channel.number()))
    }

    /// What was written of a channel.
    pub(crate) fn reader(&self, command: &str, channel: Channel) -> Result<Box<dyn DiskFile>> {
        Ok(self.world.disk().open(&self.path(command, channel), Opens::Reading)?)
    }

    /// How much of a channel is on the disk.
    pub(crate) fn length(&self, command: &str, channel: Channel) -> u64 {
        self.world.disk().length(&self.path(command, channel)).unwrap_or(0)
    }

    /// How much of a channel is on the disk as it was written, whatever became of the power since. What the disk cannot
    /// give any more is not there.
    pub(crate) fn sound(&self, command: &str, channel: Channel) -> u64 {
        let [output, marks] = self.paths(command, channel).map(|path| self.open_if_there(&path));
        let sound = match (output, marks) {
            (Ok(Some(output)), Ok(Some(marks))) => marks::sound(&*output, &*marks),
            (Err(error), _) | (_, Err(error)) => Err(error),
            _ => Ok(0),
        };
        sound.unwrap_or_else(|error| {
            tracing::error!(command, "what it said cannot be read any more: {error}");
            0
        })
    }

    /// Brings what was written of a command to the disk.
    pub(crate) fn sync(&self, command: &str) -> Result<()> {
        for path in Channel::BOTH.into_iter().flat_map(|channel| self.paths(command, channel)) {
            // It said nothing there, or was forgotten a moment ago.
            let Some(file) = self.open_if_there(&path)? else { continue };
            file.sync_data()?;
        }
        Ok(())
    }

    /// The output of a channel, and its marks.
    fn paths(&self, command: &str, channel: Channel) -> [PathBuf; 2] {
        [self.path(command, channel), self.marks_path(command, channel)]
    }

    fn open_if_there(&self, path: &Path) -> Result<Option<Box<dyn DiskFile>>> {
        match self.world.disk().open(path, Opens::Reading) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Brings to the disk which files there are.
    pub(crate) fn sync_names(&self) -> Result<()> {
        Ok(self.world.disk().sync_dir(&self.dir)?)
    }

    /// A place for a channel of a command that begins.
    pub(crate) fn writer(&self, command: &str, channel: Channel) -> Writer<'_> {
        Writer { spool: self, paths: self.paths(command, channel), files: None, pieces: 0, length: 0 }
    }

    /// A place for the newest output of a terminal that begins. All of its room is taken at once.
    pub(crate) fn ring(&self, command: &str) -> std::result::Result<Ring, SpoolError> {
        if !self.take_room(ROOM) {
            return Err(SpoolError::Full);
        }
        let made = self.world.disk().open(&self.ring_path(command), Opens::New);
        made.map_err(Into::into).and_then(Ring::new).map_err(|error| {
            self.used.fetch_sub(ROOM, Ordering::Relaxed);
            SpoolError::Disk(error)
        })
    }

    /// Whether a command was a terminal, of which only the newest output is kept.
    pub(crate) fn has_ring(&self, command: &str) -> bool {
        self.world.disk().length(&self.ring_path(command)).is_ok()
    }

    fn ring_path(&self, command: &str) -> PathBuf {
        self.dir.join(format!("{command}.ring"))
    }

    /// Gives up what is kept of a command.
    pub(crate) fn forget(&self, command: &str) {
        let channels = Channel::BOTH.into_iter().flat_map(|channel| self.paths(command, channel));
        for path in channels.chain([self.ring_path(command)]) {
            let disk = self.world.disk();
            let Ok(length) = disk.length(&path) else { continue };
            if disk.remove(&path).is_ok() {
                self.used.fetch_sub(length, Ordering::Relaxed);
            }
        }
    }

    /// Gives up what belongs to no command that is known.
    pub(crate) fn tidy(&self, is_known: impl Fn(&str) -> bool) -> Result<()> {
        for path in self.world.disk().list(&self.dir)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let command = name.rsplit_once('.').map_or(name.as_str(), |(command, _)| command);
            if !is_known(command) {
                self.forget(command);
            }
        }
        Ok(())
    }

    fn take_room(&self, bytes: u64) -> bool {
        let before = self.used.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) <= self.most {
            return true;
        }
        self.used.fetch_sub(bytes, Ordering::Relaxed);
        false
    }
}

impl Writer<'_> {
    /// Keeps more output.
    pub(crate) fn write(&mut self, piece: &[u8]) -> std::result::Result<(), SpoolError> {
        let room = piece.len() as u64 + MARK;
        if !self.spool.take_room(room) {
            return Err(SpoolError::Full);
        }
        let (at, number) = (self.length, self.pieces);
        let written = self.files().and_then(|files| {
            files.output.write_at(at, piece)?;
            marks::put(&*files.marks, number, piece)
        });
        match written {
            Ok(()) => {
                self.length += piece.len() as u64;
                self.pieces += 1;
                Ok(())
            }
            Err(error) => {
                self.spool.used.fetch_sub(room, Ordering::Relaxed);
                // What is only half there does not count.
                if let Some(files) = &self.files {
                    let _ = files.output.set_len(self.length);
                    let _ = files.marks.set_len(self.pieces * MARK);
                }
                let is_full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
                Err(if is_full { SpoolError::NoSpace } else { SpoolError::Disk(error) })
            }
        }
    }

    fn files(&mut self) -> Result<&Files> {
        let files = match self.files.take() {
            Some(files) => files,
            None => {
                let [output, marks] = &self.paths;
                let disk = self.spool.world.disk();
                Files { output: disk.open(output, Opens::Kept)?, marks: disk.open(marks, Opens::Kept)? }
            }
        };
        Ok(self.files.insert(files))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_kept_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open(&World::real(), &dir.path().join("spool"), 10 + 2 * MARK).unwrap();
        let mut output = spool.writer("cmd_1", Channel::Output);
        output.write(b"12345").unwrap();
        let mut errors = spool.writer("cmd_1", Channel::Errors);
        errors.write(b"678").unwrap();
        assert!(matches!(errors.write(b"abc"), Err(SpoolError::Full)));
        assert_eq!(Channel::BOTH.map(|channel| spool.sound("cmd_1", channel)), [5, 3]);
        spool.forget("cmd_1");
        assert_eq!(spool.sound("cmd_1", Channel::Output), 0);
        spool.writer("cmd_2", Channel::Output).write(&[0; 10 + MARK as usize]).unwrap();
    }

    #[test]
    fn what_belongs_to_nobody_is_cleared_away_and_what_is_known_counts() {
        let dir = tempfile::tempdir().unwrap();
        let first = Spool::open(&World::real(), dir.path(), 10 + 2 * MARK).unwrap();
        first.writer("cmd_1", Channel::Output).write(&[0; 6]).unwrap();
        first.writer("cmd_2", Channel::Errors).write(&[0; 4]).unwrap();
        let again = Spool::open(&World::real(), dir.path(), 10 + 2 * MARK).unwrap();
        again.tidy(|command| command == "cmd_1").unwrap();
        assert_eq!((again.length("cmd_1", Channel::Output), again.length("cmd_2", Channel::Errors)), (6, 0));
        let mut more = again.writer("cmd_3", Channel::Output);
        assert!(more.write(&[0; 5]).is_err());
        more.write(&[0; 4]).unwrap();
    }
}
