//! Space kept in reserve: a file that is given up when the disk is full, so that deletes and
//! checkpoints still work, and taken again when there is room.

use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FallocateFlags, Mode, OFlags};

/// Twice what the write-ahead log may grow to.
const BALLAST_BYTES: u64 = 8 * 1024 * 1024;
/// Room that must be free beyond the ballast before ordinary writes go on.
const ROOM_BYTES: u64 = 4 * 1024 * 1024;

pub(super) struct Ballast {
    path: PathBuf,
}

impl Ballast {
    pub(super) fn beside(database: &Path) -> Self {
        let mut name = database.file_name().unwrap_or_default().to_owned();
        name.push("-ballast");
        Self { path: database.with_file_name(name) }
    }

    /// Gives the reserved space up.
    pub(super) fn release(&self) {
        // If it is gone already there is nothing more to give.
        let _ = std::fs::remove_file(&self.path);
    }

    /// Whether the space is in reserve.
    pub(super) fn is_held(&self) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|m| m.len() == BALLAST_BYTES)
    }

    /// Reserves the space if there is room for it and for work besides.
    pub(super) fn take(&self) -> bool {
        self.is_held() || (self.has_room() && self.allocate().is_ok())
    }

    fn has_room(&self) -> bool {
        let directory = self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        rustix::fs::statvfs(directory).is_ok_and(|s| s.f_bavail * s.f_frsize >= BALLAST_BYTES + ROOM_BYTES)
    }

    fn allocate(&self) -> rustix::io::Result<()> {
        let flags = OFlags::CREATE | OFlags::TRUNC | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(CWD, &self.path, flags, Mode::from_raw_mode(0o600))?;
        rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, BALLAST_BYTES).inspect_err(|_| self.release())
    }
}
