//! Keeping the files of one command: each is copied and hashed as it comes, and all of them count at once.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use diwan_files::name::{check_path, shown};
use diwan_kernel::world::{DiskFile, Opens};
use diwan_protocol::artifacts::{Artifact, Artifacts, LONGEST_PATH, LeftOut, MOST_NAMED};
use ring::digest::{Context, SHA256};

use super::Store;

/// No reason is longer.
const LONGEST_WHY: usize = 300;

/// Files of one command that are being kept. What was kept is given up again unless it is finished.
#[derive(Debug)]
pub(crate) struct Keeping<'a> {
    store: &'a Store,
    command: String,
    told: Artifacts,
    paths: BTreeSet<String>,
    /// The room that was taken.
    bytes: u64,
    open: Option<Open>,
    is_finished: bool,
}

/// The file that is being copied.
struct Open {
    file: Box<dyn DiskFile>,
    path: String,
    size: u64,
    modified_ms: i64,
    at: u64,
    hash: Context,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").field("path", &self.path).field("at", &self.at).finish_non_exhaustive()
    }
}

impl<'a> Keeping<'a> {
    pub(super) fn new(store: &'a Store, command: &str) -> Self {
        let (told, paths, bytes, open) = Default::default();
        Self { store, command: command.to_owned(), told, paths, bytes, open, is_finished: false }
    }

    /// A file begins. What cannot be kept is left out, and its bytes are passed over.
    pub(crate) fn file(&mut self, path: &str, size: u64, modified_ms: i64) {
        self.give_up("it was cut off");
        let limits = self.store.limits;
        let why = if check_path(path).is_err() || path.is_empty() || path.len() > LONGEST_PATH {
            Some("its path is none, or too long")
        } else if !self.paths.insert(path.to_owned()) {
            Some("there are two of this path")
        } else if self.told.files.len() >= limits.files {
            Some("there are more files than are kept of one command")
        } else if size > limits.bytes_per_command.saturating_sub(self.bytes) {
            Some("with it there would be more than is kept of one command")
        } else if !self.store.make_room(size) {
            Some("this machine has no room for it: what is kept has a limit, and so much of the disk stays free")
        } else {
            None
        };
        if let Some(why) = why {
            return self.leave_out(path, why);
        }
        self.bytes += size;
        let place = self.store.path(&self.command, self.told.files.len());
        match self.store.world.disk().open(&place, Opens::Emptied) {
            Ok(file) => {
                let (path, hash) = (path.to_owned(), Context::new(&SHA256));
                self.open = Some(Open { file, path, size, modified_ms, at: 0, hash });
            }
            Err(error) => {
                self.give_back(size);
                self.leave_out(path, &format!("it could not be written: {error}"));
            }
        }
    }

    /// What comes next in it.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let Some(open) = &mut self.open else { return };
        if open.at + bytes.len() as u64 > open.size {
            return self.give_up("it was changed while it was read");
        }
        match open.file.write_at(open.at, bytes) {
            Ok(()) => {
                open.at += bytes.len() as u64;
                open.hash.update(bytes);
            }
            Err(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
                self.give_up("the disk of this machine is full");
            }
            Err(error) => self.give_up(&format!("it could not be written: {error}")),
        }
    }

    /// That was all of it: it is brought to the disk.
    pub(crate) fn whole(&mut self) {
        let Some(open) = self.open.take() else { return };
        let failed = match open.file.sync_data() {
            _ if open.at != open.size => Some("it was changed while it was read".to_owned()),
            Ok(()) => None,
            Err(error) => Some(format!("it could not be written: {error}")),
        };
        if let Some(why) = failed {
            self.open = Some(open);
            return self.give_up(&why);
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(open.hash.finish().as_ref());
        let Open { path, size, modified_ms, .. } = open;
        self.told.files.push(Artifact { path, size, modified_ms, hash: hash.into() });
    }

    /// It cannot be had whole, for this reason.
    pub(crate) fn give_up(&mut self, why: &str) {
        let Some(open) = self.open.take() else { return };
        // Another file takes its place, or it is cleared away at the end.
        self.give_back(open.size);
        self.leave_out(&open.path, why);
    }

    /// Something that fits is not kept; an empty path means all.
    pub(crate) fn leave_out(&mut self, path: &str, why: &str) {
        if self.told.left_out.len() >= MOST_NAMED {
            return self.leave_more_out(1);
        }
        let (path, why) = (shown(path), shown(why).chars().take(LONGEST_WHY).collect());
        self.told.left_out.push(LeftOut { path, why });
    }

    /// So many more are not kept, and not named.
    pub(crate) fn leave_more_out(&mut self, more: u64) {
        self.told.more_left_out = self.told.more_left_out.saturating_add(more);
    }

    /// From here on they count. What is told of them is given back; it is on the disk.
    pub(crate) fn finish(mut self) -> Artifacts {
        self.give_up("it was cut off");
        // What was given up last may still lie where the next file would have come.
        let _ = self.store.world.disk().remove(&self.store.path(&self.command, self.told.files.len()));
        match self.store.commit(&self.command, &self.told) {
            Ok(()) => {
                self.is_finished = true;
                std::mem::take(&mut self.told)
            }
            Err(error) => {
                tracing::error!(command = self.command, "its files cannot be kept: {error}");
                let why = format!("they could not be written down on this machine: {error}");
                let left_out = vec![LeftOut { path: String::new(), why: shown(&why) }];
                Artifacts { files: vec![], left_out, more_left_out: 0 }
            }
        }
    }

    fn give_back(&mut self, size: u64) {
        self.bytes -= size;
        let mut known = self.store.known();
        known.used = known.used.saturating_sub(size);
    }
}

impl Drop for Keeping<'_> {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        for number in 0..=self.told.files.len() {
            // What stays is cleared away at the next start.
            let _ = self.store.world.disk().remove(&self.store.path(&self.command, number));
        }
        self.give_back(self.bytes);
    }
}
