//! The `authorized_keys` of a user, below a directory that is held open: over no link, and replaced in one step.
//! Runs with the rights of that user, so that whatever is in the way could do no more than the user can.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{
    AtFlags, FileType, FlockOperation, Mode, OFlags, Stat, fchmod, flock, fstat, fsync, mkdirat, open, openat,
    renameat, statat, unlinkat,
};
use rustix::io::Errno;

use super::Failed;

const DIRECTORY: &str = ".ssh";
const NAME: &str = "authorized_keys";
/// Nobody has so many keys.
const LONGEST: u64 = 1024 * 1024;
/// What others must not have: otherwise sshd believes none of it.
const OTHERS_WRITE: u32 = 0o022;

/// It, for as long as nobody else of ours may change it.
#[derive(Debug)]
pub(super) struct KeyFile {
    directory: OwnedFd,
    user: u32,
}

/// What was read, and what it looked like then.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) bytes: Vec<u8>,
    seen: Option<Stat>,
}

impl KeyFile {
    /// Opens the directory of a home, made if it is not there and has to be.
    ///
    /// # Errors
    /// [`Failed`], in words.
    pub(super) fn open(home: &Path, makes: bool) -> Result<Option<Self>, Failed> {
        let user = rustix::process::geteuid().as_raw();
        let home_fd = open(home, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|errno| Failed::place(format!("the home {} cannot be opened: {errno}", home.display())))?;
        let opened = match open_directory(&home_fd) {
            Err(Errno::NOENT) if !makes => return Ok(None),
            Err(Errno::NOENT) => {
                mkdirat(&home_fd, DIRECTORY, Mode::RWXU).map_err(|errno| Failed::io("~/.ssh cannot be made", errno))?;
                open_directory(&home_fd)
            }
            opened => opened,
        };
        let directory = opened.map_err(in_the_way)?;
        let seen = fstat(&directory).map_err(|errno| Failed::io("~/.ssh cannot be looked at", errno))?;
        if seen.st_uid != user {
            return Err(Failed::place("~/.ssh belongs to somebody else"));
        }
        if seen.st_mode & OTHERS_WRITE != 0 {
            let kept = Mode::from_raw_mode(seen.st_mode & !OTHERS_WRITE & 0o777);
            fchmod(&directory, kept).map_err(|errno| Failed::io("the mode of ~/.ssh cannot be set", errno))?;
        }
        flock(&directory, FlockOperation::LockExclusive).map_err(|errno| Failed::io("~/.ssh is locked", errno))?;
        Ok(Some(Self { directory, user }))
    }

    /// What is in it; nothing when it is not there.
    ///
    /// # Errors
    /// [`Failed`], in words: also when it is a link or somebody else's.
    pub(super) fn read(&self) -> Result<Found, Failed> {
        let how = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&self.directory, NAME, how, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(Found { bytes: vec![], seen: None }),
            Err(Errno::LOOP) => return Err(Failed::place("~/.ssh/authorized_keys is a link: none is followed")),
            opened => opened.map_err(|errno| Failed::io("~/.ssh/authorized_keys cannot be read", errno))?,
        };
        let seen = fstat(&file).map_err(|errno| Failed::io("~/.ssh/authorized_keys cannot be looked at", errno))?;
        if FileType::from_raw_mode(seen.st_mode) != FileType::RegularFile || seen.st_uid != self.user {
            return Err(Failed::place("~/.ssh/authorized_keys is no file of this user"));
        }
        let mut bytes = vec![];
        File::from(file).take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| Failed::disk(&error))?;
        if bytes.len() as u64 > LONGEST {
            return Err(Failed::place("~/.ssh/authorized_keys is too long"));
        }
        Ok(Found { bytes, seen: Some(seen) })
    }

    /// Puts these bytes in the place of what was found.
    ///
    /// # Errors
    /// [`Failed`], in words: also when somebody else changed it meanwhile.
    pub(super) fn replace(&self, found: &Found, bytes: &[u8], beside: &str) -> Result<(), Failed> {
        let name = format!(".{NAME}.diwan-{beside}");
        let how = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&self.directory, name.as_str(), how, Mode::RUSR | Mode::WUSR)
            .map_err(|errno| Failed::io("nothing can be written in ~/.ssh", errno))?;
        let written = self.write(File::from(file), found, bytes).and_then(|()| self.put(&name, found));
        if written.is_err() {
            // It may never have been there.
            let _ = unlinkat(&self.directory, name.as_str(), AtFlags::empty());
        }
        written
    }

    fn write(&self, mut file: File, found: &Found, bytes: &[u8]) -> Result<(), Failed> {
        let mode = found.seen.as_ref().map_or(0o600, |seen| seen.st_mode & 0o777 & !OTHERS_WRITE);
        fchmod(&file, Mode::from_raw_mode(mode)).map_err(|errno| Failed::io("its mode cannot be set", errno))?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| Failed::disk(&error))
    }

    fn put(&self, name: &str, found: &Found) -> Result<(), Failed> {
        let now = match statat(&self.directory, NAME, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => None,
            seen => Some(seen.map_err(|errno| Failed::io("~/.ssh/authorized_keys cannot be looked at", errno))?),
        };
        if now.as_ref().map(looks) != found.seen.as_ref().map(looks) {
            return Err(Failed::place("somebody else changed ~/.ssh/authorized_keys at the same moment"));
        }
        renameat(&self.directory, name, &self.directory, NAME)
            .map_err(|errno| Failed::io("~/.ssh/authorized_keys cannot be replaced", errno))?;
        fsync(&self.directory).map_err(|errno| Failed::io("~/.ssh cannot be synced", errno))
    }
}

fn open_directory(home: &OwnedFd) -> Result<OwnedFd, Errno> {
    openat(home, DIRECTORY, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

fn in_the_way(errno: Errno) -> Failed {
    match errno {
        Errno::LOOP | Errno::NOTDIR => Failed::place("~/.ssh is a link or no directory: links are not followed"),
        errno => Failed::io("~/.ssh cannot be opened", errno),
    }
}

/// What shows that it is the same file with the same content.
fn looks(seen: &Stat) -> (u64, i64, i64, u64, i64, u64) {
    #[allow(clippy::unnecessary_cast, reason = "the types differ from system to system")]
    (
        seen.st_ino as u64,
        seen.st_size as i64,
        seen.st_mtime as i64,
        seen.st_mtime_nsec as u64,
        seen.st_ctime as i64,
        seen.st_ctime_nsec as u64,
    )
}

impl Failed {
    pub(super) fn disk(error: &std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull => Self::place("the disk is full"),
            _ => Self::place(format!("the disk does not take it: {error}")),
        }
    }
}
