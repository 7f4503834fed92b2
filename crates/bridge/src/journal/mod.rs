//! The journal of commands: what must outlive a crash, so that no command runs twice and none is lost from
//! sight. Records follow one another, and the file is written anew when most of it is of no use any more.
//!
//! The file is made longer in large steps, filled with zeros: to sync bytes that take the place of others costs a
//! tenth of what it costs to sync a file that grows.
//!
//! Everything here blocks: it is called from threads of commands, not from the event loop.

mod memory;
mod record;

use std::io::Result;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use diwan_kernel::World;
use diwan_kernel::world::{DiskFile, Opens};

pub(crate) use memory::Memory;
pub(crate) use record::{Record, Started};

/// A journal shorter than this is never written anew.
const SHORT: u64 = 1024 * 1024;
/// By so much it is made longer.
const STEP: usize = 256 * 1024;
/// So much is read at once.
const AT_ONCE: usize = 1024 * 1024;

/// The journal, open. Several threads write at once and share what waiting for the disk costs.
#[derive(Debug)]
pub(crate) struct Journal {
    world: World,
    path: PathBuf,
    writing: Mutex<Writing>,
    synced: Condvar,
}

#[derive(Debug)]
struct Writing {
    file: Arc<dyn DiskFile>,
    memory: Memory,
    /// How far records go, and how far zeros go after them.
    size: u64,
    room: u64,
    /// How long it was when it was last written anew.
    fresh_size: u64,
    /// How many records were written, and how many of them are surely on the disk.
    written: u64,
    synced: u64,
    is_syncing: bool,
    /// What the disk said when it could not keep its word. Nothing is promised after that.
    broken: Option<String>,
}

impl Journal {
    /// Opens the journal. What a crash has left torn at its end is cut off: how many bytes is said.
    pub(crate) fn open(world: &World, path: &Path) -> Result<(Self, u64)> {
        let file: Arc<dyn DiskFile> = world.disk().open(path, Opens::Kept)?.into();
        let mut bytes = vec![];
        while file.read_at(bytes.len() as u64, AT_ONCE, &mut bytes)? > 0 {}
        let (memory, sound) = replay(&bytes);
        let torn = bytes[sound..].iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        // What is left there could one day stand right behind a new record.
        file.write_at(sound as u64, &vec![0; torn])?;
        file.sync_all()?;
        sync_parent(world, path)?;
        let (size, room) = (sound as u64, bytes.len() as u64);
        let fresh_size = memory.records().iter().map(|r| encoded(r).len() as u64).sum();
        let writing =
            Writing { file, memory, size, room, fresh_size, written: 0, synced: 0, is_syncing: false, broken: None };
        let (world, path, writing) = (world.clone(), path.to_owned(), Mutex::new(writing));
        Ok((Self { world, path, writing, synced: Condvar::new() }, torn as u64))
    }

    /// Looks into what is remembered.
    pub(crate) fn memory<T>(&self, look: impl FnOnce(&mut Memory) -> T) -> T {
        look(&mut self.lock().memory)
    }

    /// Writes a record down. It outlives this process, but perhaps not the machine.
    pub(crate) fn append(&self, record: Record) -> Result<()> {
        let mut writing = self.lock();
        self.write(&mut writing, record)
    }

    /// Writes a record down and returns when it is on the disk.
    pub(crate) fn commit(&self, record: Record) -> Result<()> {
        let mut writing = self.lock();
        self.write(&mut writing, record)?;
        self.settle(writing)
    }

    /// Returns when everything that is written by now is on the disk.
    pub(crate) fn sync_written(&self) -> Result<()> {
        self.settle(self.lock())
    }

    fn settle<'a>(&'a self, mut writing: MutexGuard<'a, Writing>) -> Result<()> {
        let mine = writing.written;
        while writing.synced < mine {
            writing.check()?;
            if writing.is_syncing {
                // Somebody syncs already; what was written since then takes one more turn.
                writing = self.synced.wait(writing).unwrap_or_else(PoisonError::into_inner);
            } else {
                writing = self.sync(writing);
            }
        }
        Ok(())
    }

    /// Has the disk take everything that is written by now, for all who wait.
    fn sync<'a>(&'a self, mut writing: MutexGuard<'a, Writing>) -> MutexGuard<'a, Writing> {
        let (file, upto) = (Arc::clone(&writing.file), writing.written);
        writing.is_syncing = true;
        drop(writing);
        let outcome = file.sync_data();
        let mut writing = self.lock();
        writing.is_syncing = false;
        match outcome {
            Ok(()) => writing.synced = writing.synced.max(upto),
            // What the disk failed to take once, a second attempt would only pretend to have taken.
            Err(error) => writing.broken = Some(error.to_string()),
        }
        self.synced.notify_all();
        writing
    }

    fn write(&self, writing: &mut Writing, record: Record) -> Result<()> {
        writing.check()?;
        let bytes = encoded(&record);
        writing.make_room(bytes.len() as u64)?;
        if let Err(error) = writing.file.write_at(writing.size, &bytes) {
            // Half a record would hide all that come after it.
            writing.broken = Some(error.to_string());
            return Err(error);
        }
        writing.size += bytes.len() as u64;
        writing.written += 1;
        writing.memory.take(record);
        if writing.size > SHORT && writing.size > 4 * writing.fresh_size {
            if let Err(error) = self.renew(writing) {
                tracing::error!("the journal cannot be written anew: {error}");
            }
            // However that went, it is not tried at every record.
            writing.fresh_size = writing.fresh_size.max(writing.size / 2);
        }
        Ok(())
    }

    /// Writes the journal anew, beside the old one, and puts it in its place.
    fn renew(&self, writing: &mut Writing) -> Result<()> {
        let beside = self.path.with_extension("new");
        let mut bytes = vec![];
        for record in writing.memory.records() {
            record::write(&record, &mut bytes);
        }
        let size = bytes.len() as u64;
        bytes.resize(bytes.len() + STEP, 0);
        let file = self.world.disk().open(&beside, Opens::Emptied)?;
        file.write_at(0, &bytes)?;
        file.sync_all()?;
        self.world.disk().rename(&beside, &self.path)?;
        sync_parent(&self.world, &self.path)?;
        writing.file = file.into();
        (writing.size, writing.room, writing.fresh_size) = (size, bytes.len() as u64, size);
        writing.synced = writing.written;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writing {
    /// Makes the file longer if so many bytes would not fit. A disk that is full is found out here.
    fn make_room(&mut self, bytes: u64) -> Result<()> {
        while self.room - self.size < bytes {
            self.file.write_at(self.room, &[0; STEP])?;
            self.room += STEP as u64;
            self.file.sync_all()?;
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        match &self.broken {
            None => Ok(()),
            Some(why) => Err(std::io::Error::other(format!("the disk failed before: {why}"))),
        }
    }
}

fn encoded(record: &Record) -> Vec<u8> {
    let mut bytes = vec![];
    record::write(record, &mut bytes);
    bytes
}

/// What the sound records at the beginning say, and how long they are.
fn replay(bytes: &[u8]) -> (Memory, usize) {
    let mut memory = Memory::default();
    let mut at = 0;
    while let Some((record, length)) = bytes.get(at..).and_then(record::read) {
        at += length;
        record.into_iter().for_each(|record| memory.take(record));
    }
    (memory, at)
}

fn sync_parent(world: &World, path: &Path) -> Result<()> {
    path.parent().map_or(Ok(()), |parent| Ok(world.disk().sync_dir(parent)?))
}

#[cfg(test)]
mod tests;
