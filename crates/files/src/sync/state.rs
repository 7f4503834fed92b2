//! What was the same on both sides the last time: a file on this side, for one pair of directories.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use minicbor::{Decode, Encode};
use rustix::fs::{FlockOperation, flock};

use crate::error::{Code, FilesError};
use crate::message::Meta;

/// The form of the file that is written here, and the only one that is read.
const VERSION: u16 = 1;

/// How something was on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Known {
    /// Here.
    #[n(0)]
    pub here: Meta,
    /// There.
    #[n(1)]
    pub there: Meta,
    /// Where it leads, if it is a link.
    #[n(2)]
    pub target: Option<String>,
}

#[derive(Debug, Default, Encode, Decode)]
#[cbor(map)]
struct Kept {
    #[n(0)]
    version: u16,
    #[n(1)]
    known: BTreeMap<String, Known>,
}

/// What was the same the last time. Nobody else has it open as long as it lives.
#[derive(Debug)]
pub struct State {
    pub(super) known: BTreeMap<String, Known>,
    path: PathBuf,
    _lock: File,
}

impl State {
    /// Opens it; the first time, nothing is known.
    ///
    /// # Errors
    /// When somebody else has it open, or it cannot be read.
    pub fn open(path: &Path) -> Result<Self, FilesError> {
        let shown = path.to_string_lossy();
        let lock =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path.with_extension("lock"));
        let lock = lock.map_err(|e| FilesError::of_system(&shown, &e))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| FilesError::refused(Code::Busy, "these two directories are being synced already"))?;
        let known = match std::fs::read(path) {
            Ok(bytes) => read(&bytes).ok_or_else(|| unreadable(&shown))?,
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(FilesError::of_system(&shown, &error)),
        };
        Ok(Self { known, path: path.to_owned(), _lock: lock })
    }

    /// Keeps it, in one step.
    pub(super) fn save(&mut self) -> Result<(), FilesError> {
        let kept = Kept { version: VERSION, known: std::mem::take(&mut self.known) };
        let beside = self.path.with_extension("new");
        let written = || {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
            // Writing into memory cannot fail.
            file.write_all(&minicbor::to_vec(&kept).unwrap_or_default())?;
            file.sync_all()?;
            std::fs::rename(&beside, &self.path)
        };
        let saved = written().map_err(|e| FilesError::of_system(&self.path.to_string_lossy(), &e));
        self.known = kept.known;
        saved
    }
}

fn read(bytes: &[u8]) -> Option<BTreeMap<String, Known>> {
    let kept: Kept = minicbor::decode(bytes).ok()?;
    (kept.version == VERSION).then_some(kept.known)
}

fn unreadable(path: &str) -> FilesError {
    let words = format!(
        "{path}: what it remembers of the last time cannot be read; remove it to begin anew, which removes no files"
    );
    FilesError::refused(Code::Corrupt, words)
}
