//! A disk that keeps no more than it has promised: when the power is cut, what was not flushed is lost, or torn, or
//! there, by lot; and a file that was put in the place of another may be back where it was.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diwan_kernel::world::{Chance, DirLock, Disk, DiskError, DiskFile, Opens, RealDisk};

use super::SeededChance;

/// A write of this many bytes is whole or not there at all.
const SECTOR: usize = 512;

/// The disk of a simulated host, for everything below one directory; elsewhere lie the real files, to be read. It
/// outlives the host's lives.
#[derive(Debug, Clone)]
pub struct SimDisk {
    root: PathBuf,
    state: Arc<Mutex<State>>,
    is_owned: Arc<AtomicBool>,
}

#[derive(Debug)]
struct State {
    dice: SeededChance,
    files: BTreeMap<u64, Content>,
    next: u64,
    /// Which file is where, as programs see it and as it is surely kept.
    seen: BTreeMap<PathBuf, u64>,
    kept: BTreeMap<PathBuf, u64>,
    /// What happened to directories since they were flushed, in its order.
    moves: Vec<Move>,
}

#[derive(Debug, Clone)]
enum Move {
    Put(PathBuf, u64),
    Renamed(PathBuf, PathBuf),
    Gone(PathBuf),
}

#[derive(Debug, Default, Clone)]
struct Content {
    seen: Vec<u8>,
    kept: Vec<u8>,
    /// What was written since the last flush, in its order.
    writes: Vec<Write>,
}

#[derive(Debug, Clone)]
enum Write {
    At(usize, Vec<u8>),
    Length(usize),
}

impl Write {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::At(at, bytes) => {
                to.resize(to.len().max(at + bytes.len()), 0);
                to[*at..at + bytes.len()].copy_from_slice(bytes);
            }
            Self::Length(length) => to.resize(*length, 0),
        }
    }

    /// As much of it as there was time for.
    fn torn(&self, sectors: usize) -> Self {
        match self {
            Self::At(at, bytes) => {
                let end = ((at / SECTOR + sectors) * SECTOR).saturating_sub(*at);
                Self::At(*at, bytes[..end.min(bytes.len())].to_vec())
            }
            Self::Length(length) => Self::Length(*length),
        }
    }
}

impl Content {
    fn flush(&mut self) {
        for write in std::mem::take(&mut self.writes) {
            write.apply(&mut self.kept);
        }
    }

    /// The power is gone. Each write that was not flushed reached the disk or did not, whatever came of the others.
    fn cut(&mut self, dice: &SeededChance) {
        let luck = roll(dice, 4);
        for write in std::mem::take(&mut self.writes) {
            match (luck, roll(dice, 3)) {
                // A kind moment: all of it was written just now.
                (0, _) | (2.., 0) => write.apply(&mut self.kept),
                (2.., 1) => write.torn(roll(dice, 8) as usize).apply(&mut self.kept),
                _ => {}
            }
        }
        self.seen.clone_from(&self.kept);
    }
}

fn roll(dice: &SeededChance, sides: u64) -> u64 {
    let mut bytes = [0; 8];
    dice.fill(&mut bytes);
    u64::from_le_bytes(bytes) % sides
}

impl State {
    fn put(&mut self, path: &Path, file: u64) {
        self.seen.insert(path.to_owned(), file);
        self.moves.push(Move::Put(path.to_owned(), file));
    }

    fn gone(&mut self, path: &Path) {
        self.seen.remove(path);
        self.moves.push(Move::Gone(path.to_owned()));
    }

    fn create(&mut self, path: &Path) -> u64 {
        self.next += 1;
        self.files.insert(self.next, Content::default());
        self.put(path, self.next);
        self.next
    }

    fn keep(&mut self, change: Move) {
        match change {
            Move::Put(path, file) => drop(self.kept.insert(path, file)),
            Move::Renamed(from, to) => {
                if let Some(file) = self.kept.remove(&from) {
                    self.kept.insert(to, file);
                }
            }
            Move::Gone(path) => drop(self.kept.remove(&path)),
        }
    }

    fn flush_dir(&mut self, dir: &Path) {
        let (here, elsewhere) = std::mem::take(&mut self.moves).into_iter().partition(|change| change.is_in(dir));
        self.moves = elsewhere;
        let here: Vec<Move> = here;
        here.into_iter().for_each(|change| self.keep(change));
    }

    fn content(&mut self, file: u64) -> Result<&mut Content> {
        self.files.get_mut(&file).ok_or_else(|| ErrorKind::NotFound.into())
    }
}

impl Move {
    fn is_in(&self, dir: &Path) -> bool {
        let (Self::Put(path, _) | Self::Renamed(_, path) | Self::Gone(path)) = self;
        path.parent() == Some(dir)
    }
}

impl SimDisk {
    /// A disk for everything below `root`, on which lies what lies there in fact.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn with_files_of(root: &Path, seed: u64) -> Result<Self> {
        let mut state = State {
            dice: SeededChance::new(seed),
            files: BTreeMap::new(),
            next: 0,
            seen: BTreeMap::new(),
            kept: BTreeMap::new(),
            moves: vec![],
        };
        let mut dirs = vec![root.to_owned()];
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(&dir)? {
                let path = entry?.path();
                if path.is_dir() {
                    dirs.push(path);
                } else {
                    let file = state.create(&path);
                    let content = std::fs::read(&path)?;
                    state.files.insert(file, Content { kept: content.clone(), seen: content, writes: vec![] });
                }
            }
        }
        state.moves.clear();
        state.kept.clone_from(&state.seen);
        let (state, is_owned) = (Arc::new(Mutex::new(state)), Arc::default());
        Ok(Self { root: root.to_owned(), state, is_owned })
    }

    /// The power of the host is cut. To be called when nothing of it runs any more.
    pub fn cut_power(&self) {
        let mut state = self.lock();
        let moves = std::mem::take(&mut state.moves);
        // A file system writes down in order what happens to its directories.
        let done = roll(&state.dice, moves.len() as u64 + 1) as usize;
        moves.into_iter().take(done).for_each(|change| state.keep(change));
        let State { dice, files, seen, kept, .. } = &mut *state;
        seen.clone_from(kept);
        files.retain(|file, _| kept.values().any(|there| there == file));
        files.values_mut().for_each(|content| content.cut(dice));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_here(&self, path: &Path) -> bool {
        path.starts_with(&self.root)
    }

    fn find(&self, path: &Path) -> Result<u64> {
        self.lock().seen.get(path).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn write_new(&self, path: &Path, content: &[u8]) -> Result<()> {
        let mut state = self.lock();
        let file = state.create(path);
        let made = state.content(file)?;
        (made.seen, made.kept) = (content.to_vec(), content.to_vec());
        Ok(())
    }
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    file: u64,
}

impl DiskFile for SimFile {
    fn read_at(&self, at: u64, most: usize, to: &mut Vec<u8>) -> Result<usize> {
        let mut state = self.disk.lock();
        let rest = state.content(self.file)?.seen.get(at as usize..).unwrap_or_default();
        let read = &rest[..most.min(rest.len())];
        to.extend_from_slice(read);
        Ok(read.len())
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<()> {
        let mut state = self.disk.lock();
        let content = state.content(self.file)?;
        let write = Write::At(at as usize, bytes.to_vec());
        write.apply(&mut content.seen);
        content.writes.push(write);
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<()> {
        let mut state = self.disk.lock();
        let content = state.content(self.file)?;
        let write = Write::Length(length as usize);
        write.apply(&mut content.seen);
        content.writes.push(write);
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        self.disk.lock().content(self.file)?.flush();
        Ok(())
    }

    fn sync_all(&self) -> Result<()> {
        self.sync_data()
    }
}

/// Gives the directory back when its owner is gone.
struct Owned(Arc<AtomicBool>);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Disk for SimDisk {
    fn read(&self, path: &Path) -> std::result::Result<Vec<u8>, DiskError> {
        if !self.is_here(path) {
            return RealDisk.read(path);
        }
        let read = self.find(path).and_then(|file| Ok(self.lock().content(file)?.seen.clone()));
        read.map_err(DiskError::at("read", path))
    }

    fn replace(&self, path: &Path, content: &[u8]) -> std::result::Result<(), DiskError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let aside = path.with_file_name(name);
        self.write_new(&aside, content).map_err(DiskError::at("write", path))?;
        self.rename(&aside, path)?;
        path.parent().map_or(Ok(()), |dir| self.sync_dir(dir))
    }

    fn follow(&self, path: &Path) -> PathBuf {
        if self.is_here(path) { path.to_owned() } else { RealDisk.follow(path) }
    }

    fn may_replace(&self, path: &Path) -> bool {
        self.is_here(path)
    }

    fn create(&self, path: &Path, content: &[u8]) -> std::result::Result<(), DiskError> {
        if self.find(path).is_ok() {
            return Err(DiskError::at("create", path)(ErrorKind::AlreadyExists.into()));
        }
        self.write_new(path, content).map_err(DiskError::at("create", path))?;
        path.parent().map_or(Ok(()), |dir| self.sync_dir(dir))
    }

    fn create_dir(&self, path: &Path) -> std::result::Result<(), DiskError> {
        // Every directory is there as soon as something is in it.
        if self.is_here(path) { Ok(()) } else { RealDisk.create_dir(path) }
    }

    fn remove(&self, path: &Path) -> std::result::Result<(), DiskError> {
        if self.find(path).is_ok() {
            self.lock().gone(path);
        }
        Ok(())
    }

    fn list(&self, path: &Path) -> std::result::Result<Vec<PathBuf>, DiskError> {
        if !self.is_here(path) {
            return RealDisk.list(path);
        }
        Ok(self.lock().seen.keys().filter(|file| file.parent() == Some(path)).cloned().collect())
    }

    fn lock_dir(&self, path: &Path) -> std::result::Result<Option<DirLock>, DiskError> {
        if !self.is_here(path) {
            return RealDisk.lock_dir(path);
        }
        let was_owned = self.is_owned.swap(true, Ordering::SeqCst);
        Ok((!was_owned).then(|| DirLock::of(Owned(Arc::clone(&self.is_owned)))))
    }

    fn open(&self, path: &Path, manner: Opens) -> std::result::Result<Box<dyn DiskFile>, DiskError> {
        let failed = |kind: ErrorKind| DiskError::at("open", path)(Error::from(kind));
        let mut state = self.lock();
        let file = match (state.seen.get(path).copied(), manner) {
            (None, Opens::Reading) => return Err(failed(ErrorKind::NotFound)),
            (Some(_), Opens::New) => return Err(failed(ErrorKind::AlreadyExists)),
            (Some(file), Opens::Reading | Opens::Kept) => file,
            (None, _) => state.create(path),
            (Some(file), Opens::Emptied) => {
                if let Ok(content) = state.content(file) {
                    content.seen.clear();
                    content.writes.push(Write::Length(0));
                }
                file
            }
        };
        Ok(Box::new(SimFile { disk: self.clone(), file }))
    }

    fn length(&self, path: &Path) -> std::result::Result<u64, DiskError> {
        let length = self.find(path).and_then(|file| Ok(self.lock().content(file)?.seen.len() as u64));
        length.map_err(DiskError::at("look at", path))
    }

    fn rename(&self, from: &Path, to: &Path) -> std::result::Result<(), DiskError> {
        let mut state = self.lock();
        let file = state.seen.remove(from).ok_or_else(|| ErrorKind::NotFound.into());
        state.seen.insert(to.to_owned(), file.map_err(DiskError::at("replace", to))?);
        state.moves.push(Move::Renamed(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> std::result::Result<(), DiskError> {
        self.lock().flush_dir(path);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(seed: u64) -> (tempfile::TempDir, SimDisk) {
        let dir = tempfile::tempdir().expect("a directory can be made");
        std::fs::write(dir.path().join("there"), "before").expect("it can be written");
        let disk = SimDisk::with_files_of(dir.path(), seed).expect("it can be read");
        (dir, disk)
    }

    #[test]
    fn what_was_flushed_outlives_every_cut() -> std::result::Result<(), DiskError> {
        for seed in 0..200 {
            let (dir, disk) = disk(seed);
            let path = dir.path().join("journal");
            let file = disk.open(&path, Opens::Kept)?;
            file.write_at(0, b"first").and_then(|()| file.sync_data()).map_err(DiskError::at("write", &path))?;
            disk.sync_dir(dir.path())?;
            disk.replace(&dir.path().join("there"), b"after")?;
            file.write_at(5, &[7; 3000]).map_err(DiskError::at("write", &path))?;
            disk.cut_power();
            assert_eq!(disk.read(&dir.path().join("there"))?, b"after");
            assert!(disk.read(&path)?.starts_with(b"first"), "seed {seed}");
        }
        Ok(())
    }

    #[test]
    fn what_was_not_flushed_may_be_lost_torn_or_there() -> std::result::Result<(), DiskError> {
        let mut outcomes = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let (dir, disk) = disk(seed);
            let (path, aside) = (dir.path().join("there"), dir.path().join("aside"));
            let file = disk.open(&aside, Opens::New)?;
            file.write_at(0, &[1; 2000]).map_err(DiskError::at("write", &aside))?;
            disk.rename(&aside, &path)?;
            disk.cut_power();
            let content = disk.read(&path).ok();
            outcomes.insert(match content.as_deref() {
                None => "gone",
                Some(b"before") => "as before",
                Some(all) if *all == [1; 2000] => "there",
                Some(_) => "torn",
            });
        }
        assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), ["as before", "there", "torn"]);
        Ok(())
    }
}
