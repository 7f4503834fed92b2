//! Copies of files that commands have left, on the disk of this machine until they are too old or too many.
//!
//! The files of a command count when its manifest is there, which is written last. What lies here without one is left of
//! a gathering that was cut off, and is cleared away at the start. What is given up loses its manifest first.

mod give;
mod keeping;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Result;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diwan_kernel::World;
use diwan_kernel::world::{DiskFile, Opens};
use diwan_protocol::artifacts::{Artifact, Artifacts, FetchArtifact};
use diwan_protocol::{decode, encode};
use minicbor::{Decode, Encode};

pub(crate) use give::give;
pub(crate) use keeping::Keeping;

use crate::commands::is_id;

const MANIFEST: &str = "manifest";
/// How often it is looked for what is too old.
pub(crate) const BEAT: Duration = Duration::from_secs(3600);

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Files of one command.
    pub(crate) files: usize,
    /// Bytes of one command.
    pub(crate) bytes_per_command: u64,
    /// Bytes of all.
    pub(crate) bytes: u64,
    /// Commands of which something is kept.
    pub(crate) commands: usize,
    /// For how long.
    pub(crate) age: Duration,
    /// So much of the disk stays free.
    pub(crate) free: u64,
}

impl Limits {
    /// The usual ones.
    pub(crate) const USUAL: Self = Self {
        files: diwan_protocol::artifacts::MOST_FILES,
        bytes_per_command: 1 << 30,
        bytes: 8 << 30,
        commands: 10_000,
        age: Duration::from_secs(30 * 24 * 3600),
        free: 1 << 30,
    };
}

/// Where they are kept: each command's under its id, which is one by [`is_id`].
#[derive(Debug)]
pub(crate) struct Store {
    world: World,
    dir: PathBuf,
    limits: Limits,
    known: Mutex<Known>,
}

/// When it was kept, and of which command it is: the oldest come first.
type Key = (i64, String);

#[derive(Debug, Default)]
struct Known {
    /// How many bytes are kept of each command.
    kept: BTreeMap<Key, u64>,
    /// How many bytes lie here in all, and are on their way.
    used: u64,
}

/// What is written down of a command.
#[derive(Debug, Encode, Decode)]
#[cbor(map)]
struct Manifest {
    /// When it was written, in milliseconds since 1970.
    #[n(0)]
    at_ms: i64,
    /// What is told.
    #[n(1)]
    told: Artifacts,
}

impl Store {
    /// What lies in this directory, which is made when it is not there. What is left of a gathering that was cut off is
    /// cleared away.
    pub(crate) fn open(world: &World, dir: &Path, limits: Limits) -> Result<Self> {
        world.disk().create_dir(dir)?;
        let (world, dir, known) = (world.clone(), dir.to_owned(), Mutex::default());
        let store = Self { world, dir, limits, known };
        let there = store.world.disk().list(&store.dir)?;
        let mut whole = BTreeSet::new();
        for path in &there {
            let Some(command) = command_of(path).filter(|_| path.extension().is_some_and(|is| is == MANIFEST)) else {
                continue;
            };
            match store.manifest(&command) {
                Some(manifest) => {
                    whole.insert(path.clone());
                    whole.extend((0..manifest.told.files.len()).map(|number| store.path(&command, number)));
                    store.known().keep((manifest.at_ms, command), bytes_of(&manifest.told));
                }
                None => tracing::warn!(command, "the list of its files cannot be read: they are given up"),
            }
        }
        for path in there.iter().filter(|path| !whole.contains(*path)) {
            store.world.disk().remove(path)?;
        }
        store.tidy();
        Ok(store)
    }

    /// Begins to keep files of a command.
    pub(crate) fn begin(&self, command: &str) -> Keeping<'_> {
        Keeping::new(self, command)
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// What is told of a command's files, if any were asked for and its manifest is still here.
    pub(crate) fn told(&self, command: &str) -> Option<Artifacts> {
        self.manifest(command).map(|manifest| manifest.told)
    }

    /// The control plane has written down what was told of a command: of one that left nothing, nothing is kept.
    pub(crate) fn was_told(&self, command: &str) {
        let key = self.known().kept.keys().find(|(_, known)| known == command).cloned();
        if let Some(key) = key
            && self.told(command).is_some_and(|told| told.files.is_empty())
        {
            self.give_up(&key);
        }
    }

    /// Gives up what is too old, and the oldest where there is too much.
    pub(crate) fn tidy(&self) {
        let now_ms = self.world.now().as_millis();
        let since = now_ms.saturating_sub(i64::try_from(self.limits.age.as_millis()).unwrap_or(i64::MAX));
        loop {
            let known = self.known();
            let Some(oldest) = known.kept.keys().next().cloned() else { return };
            let is_too_much = known.kept.len() > self.limits.commands || known.used > self.limits.bytes;
            drop(known);
            if oldest.0 >= since && !is_too_much {
                return;
            }
            self.give_up(&oldest);
        }
    }

    /// A file that is kept, and how long it is. Nobody has signed what is wanted here: an id that is none names nothing.
    fn find(&self, wanted: &FetchArtifact) -> Option<(Box<dyn DiskFile>, u64)> {
        if !is_id(&wanted.command) {
            return None;
        }
        let number = usize::try_from(wanted.number).ok()?;
        let told = self.told(&wanted.command)?;
        let file = told.files.get(number).filter(|file| file.hash == wanted.hash)?;
        let open = self.world.disk().open(&self.path(&wanted.command, number), Opens::Reading).ok()?;
        Some((open, file.size))
    }

    fn manifest(&self, command: &str) -> Option<Manifest> {
        let bytes = self.world.disk().read(&self.manifest_path(command)).ok()?;
        decode(&bytes).ok().flatten()
    }

    fn manifest_path(&self, command: &str) -> PathBuf {
        self.dir.join(format!("{command}.{MANIFEST}"))
    }

    fn path(&self, command: &str, number: usize) -> PathBuf {
        self.dir.join(format!("{command}.{number}"))
    }

    /// Makes room for so many bytes, at the cost of the oldest. False when there is none to be made.
    fn make_room(&self, bytes: u64) -> bool {
        loop {
            let mut known = self.known();
            let all: u64 = known.kept.values().sum();
            let free = self.free().saturating_sub(self.limits.free);
            if known.used.saturating_add(bytes) <= self.limits.bytes && bytes <= free {
                known.used += bytes;
                return true;
            }
            let could_be = known.used.saturating_sub(all).saturating_add(bytes) <= self.limits.bytes
                && bytes <= free.saturating_add(all);
            let Some(oldest) = known.kept.keys().next().filter(|_| could_be).cloned() else { return false };
            drop(known);
            self.give_up(&oldest);
        }
    }

    /// How much of the disk is free, for those who are not root. What cannot be seen sets no limit.
    fn free(&self) -> u64 {
        rustix::fs::statvfs(&self.dir).map_or(u64::MAX, |seen| seen.f_bavail.saturating_mul(seen.f_frsize))
    }

    /// Gives up what is kept of a command: the manifest first, so that nothing counts as kept that is not.
    fn give_up(&self, key: &Key) {
        let told = self.told(&key.1);
        let Some(bytes) = self.known().kept.remove(key) else { return };
        let files = told.map_or(0, |told| told.files.len());
        let paths = std::iter::once(self.manifest_path(&key.1)).chain((0..files).map(|n| self.path(&key.1, n)));
        for path in paths {
            if let Err(error) = self.world.disk().remove(&path) {
                tracing::warn!(command = key.1, "a file that is not kept any longer cannot be removed: {error}");
            }
        }
        let mut known = self.known();
        known.used = known.used.saturating_sub(bytes);
    }

    /// Writes down that all is kept.
    fn commit(&self, command: &str, told: &Artifacts) -> Result<()> {
        let manifest = Manifest { at_ms: self.world.now().as_millis(), told: told.clone() };
        self.world.disk().replace(&self.manifest_path(command), &encode(&manifest))?;
        self.known().kept.insert((manifest.at_ms, command.to_owned()), bytes_of(told));
        self.tidy();
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn keep(&mut self, key: Key, bytes: u64) {
        self.used += bytes;
        self.kept.insert(key, bytes);
    }
}

fn bytes_of(told: &Artifacts) -> u64 {
    told.files.iter().map(|file: &Artifact| file.size).sum()
}

fn command_of(path: &Path) -> Option<String> {
    Some(path.file_stem()?.to_str()?.to_owned())
}

#[cfg(test)]
mod tests;
