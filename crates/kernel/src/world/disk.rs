//! The file system, behind an interface, with the two operations that are easy to get wrong done once:
//! replacing a file whole, and owning a directory.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags};

mod file;

/// What went wrong with which file.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} {}: {source}", path.display())]
pub struct DiskError {
    verb: &'static str,
    path: PathBuf,
    /// What the system said.
    #[source]
    pub source: std::io::Error,
}

impl DiskError {
    /// What was tried with which file.
    pub fn at(verb: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { verb, path, source }
    }

    /// Whether the file or directory is simply not there.
    pub fn is_missing(&self) -> bool {
        self.source.kind() == ErrorKind::NotFound
    }
}

impl From<DiskError> for std::io::Error {
    fn from(error: DiskError) -> Self {
        Self::new(error.source.kind(), error)
    }
}

/// Files and directories.
pub trait Disk: Send + Sync {
    /// The whole content of a file. A pipe, a device or a socket is none: whoever reads it might wait for
    /// ever.
    ///
    /// # Errors
    /// When it cannot be read, is no file, or is larger than anything that is read whole.
    fn read(&self, path: &Path) -> Result<Vec<u8>, DiskError>;

    /// Replaces a file whole. After a crash it is the old one or the new one, never a mixture: written
    /// aside, flushed, renamed, and the directory flushed. Whoever could read the old one can read the new
    /// one, as far as the system lets this process give it to them; without an old one it is the owner.
    ///
    /// # Errors
    /// When any step fails; the old file is then untouched.
    fn replace(&self, path: &Path, content: &[u8]) -> Result<(), DiskError>;

    /// The file that a path means, behind whatever links lead to it.
    fn follow(&self, path: &Path) -> PathBuf;

    /// Whether [`Disk::replace`] has the permission it needs.
    fn may_replace(&self, path: &Path) -> bool;

    /// Creates a file that must not exist yet, readable by the owner only, flushed to the disk.
    ///
    /// # Errors
    /// When it exists or cannot be written.
    fn create(&self, path: &Path, content: &[u8]) -> Result<(), DiskError>;

    /// Creates a directory and its parents, entered by the owner only.
    ///
    /// # Errors
    /// When it cannot be created.
    fn create_dir(&self, path: &Path) -> Result<(), DiskError>;

    /// Removes a file; one that is gone already is fine.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    fn remove(&self, path: &Path) -> Result<(), DiskError>;

    /// The files in a directory, sorted.
    ///
    /// # Errors
    /// When it cannot be read.
    fn list(&self, path: &Path) -> Result<Vec<PathBuf>, DiskError>;

    /// Takes a directory for this process alone; `None` when another one has it.
    ///
    /// # Errors
    /// When the lock file cannot be made.
    fn lock_dir(&self, path: &Path) -> Result<Option<DirLock>, DiskError>;

    /// Opens a file to read and write parts of it. A link in its place is not followed.
    ///
    /// # Errors
    /// When it cannot be opened in this manner.
    fn open(&self, path: &Path, manner: Opens) -> Result<Box<dyn DiskFile>, DiskError>;

    /// How long a file is.
    ///
    /// # Errors
    /// When that cannot be seen.
    fn length(&self, path: &Path) -> Result<u64, DiskError>;

    /// Puts a file in the place of another. After a crash it may be as before until [`Disk::sync_dir`] has returned.
    ///
    /// # Errors
    /// When it cannot be put there; both are then as they were.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError>;

    /// Flushes which files are in a directory.
    ///
    /// # Errors
    /// When the disk fails.
    fn sync_dir(&self, path: &Path) -> Result<(), DiskError>;
}

/// In which manner a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opens {
    /// To read it; it has to be there.
    Reading,
    /// To write it too; an empty one is made, readable by the owner only, where there is none.
    Kept,
    /// Likewise, but it is empty in any case.
    Emptied,
    /// Likewise, but none may be there yet.
    New,
}

/// A file that is read and written in parts. What was written is sure to outlive a crash of the machine only when it
/// was flushed.
pub trait DiskFile: std::fmt::Debug + Send + Sync {
    /// Reads up to so many bytes from a place on, behind what is in `to`; says how many, which is zero at the end.
    ///
    /// # Errors
    /// What the disk says.
    fn read_at(&self, at: u64, most: usize, to: &mut Vec<u8>) -> std::io::Result<usize>;

    /// Writes all of these bytes at a place.
    ///
    /// # Errors
    /// What the disk says; some of them may be written then.
    fn write_at(&self, at: u64, bytes: &[u8]) -> std::io::Result<()>;

    /// Makes it so long.
    ///
    /// # Errors
    /// What the disk says.
    fn set_len(&self, length: u64) -> std::io::Result<()>;

    /// Flushes what was written to it, and all that is needed to read that.
    ///
    /// # Errors
    /// What the disk says. What was not flushed then may never be.
    fn sync_data(&self) -> std::io::Result<()>;

    /// Flushes everything about it.
    ///
    /// # Errors
    /// As [`DiskFile::sync_data`].
    fn sync_all(&self) -> std::io::Result<()>;
}

/// Ownership of a directory, given back on drop (and by the system when the process dies).
pub struct DirLock {
    _held: Box<dyn std::any::Any + Send + Sync>,
}

impl DirLock {
    /// Whoever has this owns the directory.
    pub fn of(held: impl std::any::Any + Send + Sync) -> Self {
        Self { _held: Box::new(held) }
    }
}

impl std::fmt::Debug for DirLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DirLock").finish_non_exhaustive()
    }
}

/// The machine's own file system.
#[derive(Debug, Clone, Copy)]
pub struct RealDisk;

const LOCK_FILE: &str = "diwan.lock";
const OWNER_ONLY: u32 = 0o600;
const GROUP: u32 = 0o070;
/// No key, certificate or configuration is so large.
const LARGEST: u64 = 16 * 1024 * 1024;

fn open_new(path: &Path) -> std::io::Result<File> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    Ok(rustix::fs::open(path, flags, Mode::from_raw_mode(OWNER_ONLY))?.into())
}

/// Gives a new file the owner, group and mode of the one that it replaces.
fn take_after(new: &File, old: &Path) -> std::io::Result<()> {
    let old = match rustix::fs::stat(old) {
        Ok(old) => old,
        Err(rustix::io::Errno::NOENT) => return Ok(()),
        Err(e) => return Err(e.into()),
    };
    let (user, group) = (rustix::fs::Uid::from_raw(old.st_uid), rustix::fs::Gid::from_raw(old.st_gid));
    let mut mode = old.st_mode & 0o777;
    if rustix::fs::fchown(new, Some(user), Some(group)).is_err() && rustix::fs::fchown(new, None, Some(group)).is_err()
    {
        // What was for that group is not for this one.
        mode &= !GROUP;
    }
    Ok(rustix::fs::fchmod(new, Mode::from_raw_mode(mode))?)
}

fn read_whole(path: &Path) -> std::io::Result<Vec<u8>> {
    // Without waiting, for a pipe would be waited for; of a file nothing changes by that.
    let file: File = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty())?.into();
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::new(ErrorKind::InvalidInput, "it is not a file"));
    }
    let mut content = vec![];
    if file.take(LARGEST + 1).read_to_end(&mut content)? as u64 > LARGEST {
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, "it is larger than 16 MiB"));
    }
    Ok(content)
}

fn sync_parent(path: &Path) -> std::io::Result<()> {
    path.parent().filter(|p| !p.as_os_str().is_empty()).map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

impl Disk for RealDisk {
    fn read(&self, path: &Path) -> Result<Vec<u8>, DiskError> {
        read_whole(path).map_err(DiskError::at("read", path))
    }

    fn replace(&self, path: &Path, content: &[u8]) -> Result<(), DiskError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let aside = path.with_file_name(name);
        let write = || {
            match std::fs::remove_file(&aside) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
                _ => {}
            }
            let mut file = open_new(&aside)?;
            take_after(&file, path)?;
            file.write_all(content)?;
            file.sync_all()?;
            std::fs::rename(&aside, path)?;
            sync_parent(path)
        };
        write().map_err(DiskError::at("write", path))
    }

    fn follow(&self, path: &Path) -> PathBuf {
        std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
    }

    fn may_replace(&self, path: &Path) -> bool {
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        rustix::fs::access(parent, rustix::fs::Access::WRITE_OK).is_ok()
    }

    fn create(&self, path: &Path, content: &[u8]) -> Result<(), DiskError> {
        let write = || {
            let mut file = open_new(path)?;
            file.write_all(content)?;
            file.sync_all()?;
            sync_parent(path)
        };
        write().map_err(DiskError::at("create", path))
    }

    fn create_dir(&self, path: &Path) -> Result<(), DiskError> {
        use std::os::unix::fs::DirBuilderExt;
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(path).map_err(DiskError::at("create directory", path))
    }

    fn remove(&self, path: &Path) -> Result<(), DiskError> {
        match std::fs::remove_file(path) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(DiskError::at("remove", path)(e)),
            _ => Ok(()),
        }
    }

    fn list(&self, path: &Path) -> Result<Vec<PathBuf>, DiskError> {
        let read = || {
            let entries = std::fs::read_dir(path)?;
            let mut files = entries.map(|e| e.map(|e| e.path())).collect::<std::io::Result<Vec<_>>>()?;
            files.sort();
            Ok(files)
        };
        read().map_err(DiskError::at("list", path))
    }

    fn lock_dir(&self, path: &Path) -> Result<Option<DirLock>, DiskError> {
        let lock = path.join(LOCK_FILE);
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(&lock);
        let file = open.map_err(DiskError::at("lock", &lock))?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(DirLock::of(file))),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(e) => Err(DiskError::at("lock", &lock)(e.into())),
        }
    }

    fn open(&self, path: &Path, manner: Opens) -> Result<Box<dyn DiskFile>, DiskError> {
        Ok(Box::new(file::open(path, manner).map_err(DiskError::at("open", path))?))
    }

    fn length(&self, path: &Path) -> Result<u64, DiskError> {
        Ok(std::fs::metadata(path).map_err(DiskError::at("look at", path))?.len())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        std::fs::rename(from, to).map_err(DiskError::at("replace", to))
    }

    fn sync_dir(&self, path: &Path) -> Result<(), DiskError> {
        File::open(path).and_then(|dir| dir.sync_all()).map_err(DiskError::at("flush", path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_replaced_file_is_whole_and_private() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("key");
        RealDisk.create(&path, b"old")?;
        RealDisk.replace(&path, b"new")?;
        assert_eq!(RealDisk.read(&path)?, b"new");
        assert_eq!(std::fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        assert!(RealDisk.create(&path, b"again").is_err(), "an existing file is never overwritten by create");
        Ok(())
    }

    #[test]
    fn a_replaced_file_stays_with_those_it_was_for() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("settings");
        std::fs::write(&path, "old")?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640))?;
        RealDisk.replace(&path, b"new")?;
        assert_eq!(std::fs::metadata(&path)?.permissions().mode() & 0o777, 0o640);
        Ok(())
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let pipe = dir.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, Mode::from_raw_mode(0o600), 0)?;
        for path in [pipe.as_path(), dir.path(), Path::new("/dev/zero")] {
            let error = RealDisk.read(path).expect_err("it is no file").to_string();
            assert!(error.ends_with("it is not a file"), "{error}");
        }
        Ok(())
    }

    #[test]
    fn what_is_too_large_is_not_read() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("large");
        File::create(&path)?.set_len(LARGEST + 1)?;
        assert!(RealDisk.read(&path).is_err());
        Ok(())
    }

    #[test]
    fn a_directory_has_one_owner() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let first = RealDisk.lock_dir(dir.path())?;
        assert!(first.is_some());
        assert!(RealDisk.lock_dir(dir.path())?.is_none());
        drop(first);
        assert!(RealDisk.lock_dir(dir.path())?.is_some());
        Ok(())
    }
}
