//! A directory that is never left: every path is opened below it, over no link at any step.
//!
//! What lies in it may be in the hands of somebody else, who exchanges directories for links while we look. What
//! was opened is what is used: a name is looked up once, below a directory that is held open.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, RenameFlags, ResolveFlags, Stat, Timespec, Timestamps, UTIME_OMIT,
};
use rustix::fs::{fchmod, fstat, fsync, futimens, mkdirat, openat, openat2, readlinkat, renameat, renameat_with};
use rustix::fs::{statat, symlinkat, unlinkat, utimensat};
use rustix::io::Errno;

use crate::error::{Code, FilesError};
use crate::message::{Kind, Meta, Over};
use crate::name::{check_path, shown, split};

/// Bits of a mode that travel: never those that lend somebody else's rights.
pub const MODE_BITS: u32 = 0o777;
/// More names than these in one directory are not looked at.
const MOST_NAMES: usize = 1_000_000;

/// A directory that is never left.
#[derive(Debug)]
pub struct Tree {
    root: OwnedFd,
}

/// A directory held open, and a name in it.
#[derive(Debug)]
pub(crate) struct Spot {
    pub(crate) above: OwnedFd,
    pub(crate) name: String,
}

type Done<T> = Result<T, FilesError>;

impl Tree {
    /// The directory at this path of the machine; links on the way there are its owner's.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { root: openat(CWD, path, flags, Mode::empty())? })
    }

    /// A directory that is open already.
    pub(crate) fn of(root: OwnedFd) -> Self {
        Self { root }
    }

    /// Opens what a path leads to.
    fn beneath(&self, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let path = if path.is_empty() { "." } else { path };
        Ok(openat2(&self.root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve)?)
    }

    pub(crate) fn directory(&self, path: &str) -> Done<OwnedFd> {
        check_path(path)?;
        self.beneath(path, OFlags::RDONLY | OFlags::DIRECTORY).map_err(|e| FilesError::of_system(path, &e))
    }

    /// The directory above a path, held open.
    pub(crate) fn spot(&self, path: &str) -> Done<Spot> {
        check_path(path)?;
        if path.is_empty() {
            return Err(FilesError::refused(Code::OtherKind, "this is the whole directory: something in it is meant"));
        }
        let (above, name) = split(path);
        Ok(Spot { above: self.directory(above)?, name: name.to_owned() })
    }

    /// As [`Self::spot`], making the directories that are not there.
    pub(crate) fn spot_with_parents(&self, path: &str) -> Done<Spot> {
        match self.spot(path) {
            Err(error) if error.code() == Some(Code::Absent) => {
                self.make_directory(split(path).0, None, true)?;
                self.spot(path)
            }
            other => other,
        }
    }

    /// What is there; `None` when nothing is.
    ///
    /// # Errors
    /// [`FilesError::Refused`].
    pub fn stat(&self, path: &str) -> Done<Option<Meta>> {
        check_path(path)?;
        if path.is_empty() {
            return Ok(Some(meta(&fstat(&self.root).map_err(|e| FilesError::of_system(path, &e.into()))?)));
        }
        match self.spot(path) {
            Ok(spot) => spot.stat().map_err(|e| FilesError::of_system(path, &e)),
            Err(error) if error.code() == Some(Code::Absent) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens a regular file to read it.
    ///
    /// # Errors
    /// [`FilesError::Refused`].
    pub fn file(&self, path: &str) -> Done<(File, Meta)> {
        check_path(path)?;
        // A pipe that nobody writes to does not make us wait.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = self.beneath(path, flags).map_err(|e| FilesError::of_system(path, &e))?;
        let meta = meta(&fstat(&opened).map_err(|e| FilesError::of_system(path, &e.into()))?);
        if meta.kind != Kind::File {
            return Err(FilesError::refused(Code::OtherKind, format!("{}: it is no file", shown(path))));
        }
        Ok((File::from(opened), meta))
    }

    /// Makes a directory. One that is there is fine, and stays as it is.
    ///
    /// # Errors
    /// [`FilesError::Refused`].
    pub fn make_directory(&self, path: &str, mode: Option<u32>, parents: bool) -> Done<()> {
        if path.is_empty() {
            return Ok(());
        }
        let spot = match self.spot(path) {
            Err(error) if parents && error.code() == Some(Code::Absent) => {
                self.make_directory(split(path).0, None, true)?;
                self.spot(path)?
            }
            other => other?,
        };
        let bits = Mode::from_raw_mode(mode.unwrap_or(0o755) & MODE_BITS | 0o700);
        match mkdirat(&spot.above, spot.name.as_str(), bits) {
            Ok(()) => spot.chmod_new_directory(bits).map_err(|e| FilesError::of_system(path, &e.into())),
            Err(Errno::EXIST) => match spot.stat() {
                Ok(Some(Meta { kind: Kind::Directory, .. })) => Ok(()),
                _ => Err(FilesError::refused(Code::Exists, format!("{}: it is there, and no directory", shown(path)))),
            },
            Err(error) => Err(FilesError::of_system(path, &error.into())),
        }
    }

    /// Where a link leads, if that can be said as text.
    ///
    /// # Errors
    /// [`FilesError::Refused`].
    pub fn target(&self, path: &str) -> Done<Option<String>> {
        let spot = self.spot(path)?;
        let target = readlinkat(&spot.above, spot.name.as_str(), Vec::new());
        let target = target.map_err(|e| FilesError::of_system(path, &e.into()))?;
        Ok(target.into_string().ok())
    }

    /// Makes a link, in one step, in the place of what may be replaced.
    ///
    /// # Errors
    /// [`FilesError::Refused`].
    pub fn make_link(&self, path: &str, target: &str, over: &Over) -> Done<()> {
        let spot = self.spot(path)?;
        let part = spot.part("link");
        let _ = unlinkat(&spot.above, part.as_str(), AtFlags::empty());
        symlinkat(target, &spot.above, part.as_str()).map_err(|e| FilesError::of_system(path, &e.into()))?;
        let placed = spot.place(&part, over, path);
        if placed.is_err() {
            let _ = unlinkat(&spot.above, part.as_str(), AtFlags::empty());
        }
        placed
    }

    /// Removes what is still as it was seen; a directory only when it is empty.
    ///
    /// # Errors
    /// [`FilesError::Refused`].
    pub fn remove(&self, path: &str, seen: &Meta) -> Done<()> {
        let spot = self.spot(path)?;
        let is_directory = seen.kind == Kind::Directory;
        if is_directory {
            spot.must_be(Kind::Directory, path)?
        } else {
            spot.must_be_as_seen(seen, path)?
        };
        let flags = if is_directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        unlinkat(&spot.above, spot.name.as_str(), flags).map_err(|e| FilesError::of_system(path, &e.into()))
    }

    /// Calls something otherwise; what is called so already is not replaced.
    ///
    /// # Errors
    /// [`FilesError::Refused`].
    pub fn rename(&self, from: &str, to: &str, seen: &Meta) -> Done<()> {
        let (old, new) = (self.spot(from)?, self.spot(to)?);
        old.must_be_as_seen(seen, from)?;
        let flags = RenameFlags::NOREPLACE;
        renameat_with(&old.above, old.name.as_str(), &new.above, new.name.as_str(), flags)
            .map_err(|e| FilesError::of_system(to, &e.into()))
    }

    /// Says who may do what with a file or directory, and when it was written last.
    ///
    /// # Errors
    /// [`FilesError::Refused`].
    pub fn set_meta(&self, path: &str, seen: &Meta, wanted: &Meta) -> Done<()> {
        let spot = self.spot(path)?;
        spot.must_be_as_seen(seen, path)?;
        let system = |e: Errno| FilesError::of_system(path, &e.into());
        if seen.kind == Kind::Link {
            let times = times(Some((wanted.seconds, wanted.nanoseconds)));
            return utimensat(&spot.above, spot.name.as_str(), &times, AtFlags::SYMLINK_NOFOLLOW).map_err(system);
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let opened = openat(&spot.above, spot.name.as_str(), flags, Mode::empty()).map_err(system)?;
        set(&opened, Some(wanted.mode), Some((wanted.seconds, wanted.nanoseconds))).map_err(system)
    }

    /// The names in a directory, in their order, and how many are no text.
    pub(crate) fn names(&self, path: &str) -> Done<(OwnedFd, Vec<String>, usize)> {
        let directory = self.directory(path)?;
        let (mut names, mut odd) = (vec![], 0);
        for name in raw_names(&directory, path)? {
            match String::from_utf8(name?) {
                Ok(name) => names.push(name),
                Err(_) => odd += 1,
            }
            if names.len() > MOST_NAMES {
                let words = format!("{}: there are more than {MOST_NAMES} files in it", shown(path));
                return Err(FilesError::refused(Code::TooLarge, words));
            }
        }
        names.sort_unstable();
        Ok((directory, names, odd))
    }
}

/// The names in a directory as they come.
pub(crate) fn raw_names<'p>(directory: &OwnedFd, path: &'p str) -> Done<impl Iterator<Item = Done<Vec<u8>>> + use<'p>> {
    let entries = Dir::read_from(directory).map_err(|e| FilesError::of_system(path, &e.into()))?;
    Ok(entries.filter_map(move |entry| match entry {
        Ok(entry) if matches!(entry.file_name().to_bytes(), b"." | b"..") => None,
        Ok(entry) => Some(Ok(entry.file_name().to_bytes().to_vec())),
        Err(error) => Some(Err(FilesError::of_system(path, &error.into()))),
    }))
}

impl Spot {
    pub(crate) fn stat(&self) -> io::Result<Option<Meta>> {
        look(&self.above, &self.name)
    }

    /// As it was asked for, whatever mask this process has.
    fn chmod_new_directory(&self, bits: Mode) -> rustix::io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        fchmod(openat(&self.above, self.name.as_str(), flags, Mode::empty())?, bits)
    }

    /// What it is called while it is under way.
    pub(crate) fn part(&self, what: &str) -> String {
        let hash = blake3::hash(self.name.as_bytes()).to_hex();
        format!("{}{}.{what}", crate::name::PART, &hash[..16])
    }

    fn must_be(&self, kind: Kind, path: &str) -> Done<()> {
        match self.stat().map_err(|e| FilesError::of_system(path, &e))? {
            Some(meta) if meta.kind == kind => Ok(()),
            _ => Err(changed(path)),
        }
    }

    /// Whether it is as it was seen; who may do what with it does not matter.
    pub(crate) fn must_be_as_seen(&self, seen: &Meta, path: &str) -> Done<()> {
        match self.stat().map_err(|e| FilesError::of_system(path, &e))? {
            Some(meta) if same_content(&meta, seen) => Ok(()),
            _ => Err(changed(path)),
        }
    }

    /// Puts what is ready in its place in one step.
    pub(crate) fn place(&self, part: &str, over: &Over, path: &str) -> Done<()> {
        let system = |e: Errno| FilesError::of_system(path, &e.into());
        match over {
            Over::Nothing => {
                let flags = RenameFlags::NOREPLACE;
                return renameat_with(&self.above, part, &self.above, self.name.as_str(), flags).map_err(system);
            }
            Over::Seen(seen) => self.must_be_as_seen(seen, path)?,
            Over::Anything => {}
        }
        renameat(&self.above, part, &self.above, self.name.as_str()).map_err(system)
    }

    /// Makes sure that the name outlives a crash.
    pub(crate) fn settle(&self) {
        // Some file systems cannot do that with directories.
        let _ = fsync(&self.above);
    }
}

fn changed(path: &str) -> FilesError {
    FilesError::refused(Code::Changed, format!("{}: it was changed in the meantime", shown(path)))
}

/// Whether two looks saw the same content, as far as looks can tell.
pub(crate) fn same_content(one: &Meta, other: &Meta) -> bool {
    let is_same = one.kind == other.kind;
    let when = |meta: &Meta| (meta.seconds, meta.nanoseconds);
    is_same && (one.kind == Kind::Directory || (one.size == other.size && when(one) == when(other)))
}

pub(crate) fn look(above: &impl AsFd, name: &str) -> io::Result<Option<Meta>> {
    match statat(above, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(meta(&stat))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn meta_of(file: &impl AsFd) -> io::Result<Meta> {
    Ok(meta(&fstat(file)?))
}

fn meta(stat: &Stat) -> Meta {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    };
    Meta {
        kind,
        size: if kind == Kind::Directory { 0 } else { u64::try_from(stat.st_size).unwrap_or_default() },
        seconds: stat.st_mtime,
        nanoseconds: u32::try_from(stat.st_mtime_nsec).unwrap_or_default(),
        mode: stat.st_mode & MODE_BITS,
    }
}

/// Sets mode and time of what is open.
pub(crate) fn set(file: &impl AsFd, mode: Option<u32>, modified: Option<(i64, u32)>) -> rustix::io::Result<()> {
    if let Some(mode) = mode {
        fchmod(file, Mode::from_raw_mode(mode & MODE_BITS))?;
    }
    if modified.is_some() { futimens(file, &times(modified)) } else { Ok(()) }
}

fn times(modified: Option<(i64, u32)>) -> Timestamps {
    let omit = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let last_modification = modified.map_or(omit, |(seconds, nanoseconds)| Timespec {
        tv_sec: seconds,
        tv_nsec: i64::from(nanoseconds.min(999_999_999)),
    });
    Timestamps { last_access: omit, last_modification }
}
