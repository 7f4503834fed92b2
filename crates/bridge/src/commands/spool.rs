//! The output of commands on the disk, until the control plane has all of it.

use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use diwan_kernel::World;
use diwan_kernel::world::{DiskFile, Opens};

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
    path: PathBuf,
    file: Option<Box<dyn DiskFile>>,
    /// How much is there.
    pub(crate) length: u64,
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

    /// What was written of a channel.
    pub(crate) fn reader(&self, command: &str, channel: Channel) -> Result<Box<dyn DiskFile>> {
        Ok(self.world.disk().open(&self.path(command, channel), Opens::Reading)?)
    }

    /// How much of a channel is on the disk.
    pub(crate) fn length(&self, command: &str, channel: Channel) -> u64 {
        self.world.disk().length(&self.path(command, channel)).unwrap_or(0)
    }

    /// Brings what was written of a command to the disk.
    pub(crate) fn sync(&self, command: &str) -> Result<()> {
        for channel in Channel::BOTH {
            match self.world.disk().open(&self.path(command, channel), Opens::Reading) {
                Ok(file) => file.sync_data()?,
                // It said nothing there, or was forgotten a moment ago.
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Brings to the disk which files there are.
    pub(crate) fn sync_names(&self) -> Result<()> {
        Ok(self.world.disk().sync_dir(&self.dir)?)
    }

    /// A place for a channel of a command that begins.
    pub(crate) fn writer(&self, command: &str, channel: Channel) -> Writer<'_> {
        Writer { spool: self, path: self.path(command, channel), file: None, length: 0 }
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
        let channels = Channel::BOTH.map(|channel| self.path(command, channel));
        for path in channels.into_iter().chain([self.ring_path(command)]) {
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
    pub(crate) fn write(&mut self, bytes: &[u8]) -> std::result::Result<(), SpoolError> {
        if !self.spool.take_room(bytes.len() as u64) {
            return Err(SpoolError::Full);
        }
        let at = self.length;
        let written = self.file().and_then(|file| file.write_at(at, bytes));
        match written {
            Ok(()) => {
                self.length += bytes.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.spool.used.fetch_sub(bytes.len() as u64, Ordering::Relaxed);
                // What is only half there does not count.
                if let Some(file) = &self.file {
                    let _ = file.set_len(self.length);
                }
                let is_full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
                Err(if is_full { SpoolError::NoSpace } else { SpoolError::Disk(error) })
            }
        }
    }

    fn file(&mut self) -> Result<&dyn DiskFile> {
        let file = match self.file.take() {
            Some(file) => file,
            None => self.spool.world.disk().open(&self.path, Opens::Kept)?,
        };
        Ok(&**self.file.insert(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_kept_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open(&World::real(), &dir.path().join("spool"), 10).unwrap();
        let mut output = spool.writer("cmd_1", Channel::Output);
        output.write(b"12345").unwrap();
        let mut errors = spool.writer("cmd_1", Channel::Errors);
        errors.write(b"678").unwrap();
        assert!(matches!(errors.write(b"abc"), Err(SpoolError::Full)));
        assert_eq!((spool.length("cmd_1", Channel::Output), spool.length("cmd_1", Channel::Errors)), (5, 3));
        spool.forget("cmd_1");
        assert_eq!(spool.length("cmd_1", Channel::Output), 0);
        spool.writer("cmd_2", Channel::Output).write(&[0; 10]).unwrap();
    }

    #[test]
    fn what_belongs_to_nobody_is_cleared_away_and_what_is_known_counts() {
        let dir = tempfile::tempdir().unwrap();
        let first = Spool::open(&World::real(), dir.path(), 10).unwrap();
        first.writer("cmd_1", Channel::Output).write(&[0; 6]).unwrap();
        first.writer("cmd_2", Channel::Errors).write(&[0; 4]).unwrap();
        let again = Spool::open(&World::real(), dir.path(), 10).unwrap();
        again.tidy(|command| command == "cmd_1").unwrap();
        assert_eq!((again.length("cmd_1", Channel::Output), again.length("cmd_2", Channel::Errors)), (6, 0));
        let mut more = again.writer("cmd_3", Channel::Output);
        assert!(more.write(&[0; 5]).is_err());
        more.write(&[0; 4]).unwrap();
    }
}
