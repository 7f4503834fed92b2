//! Showing one path of the machine in the new tree.
//!
//! What lies below a writable root is in the hands of whoever ran there before. Paths are opened step by
//! step without following links, and what was opened is what is mounted: there is no moment at which a
//! directory could be exchanged for a link.

use std::fs::read_to_string;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, StatVfsMountFlags, fstatvfs, mkdirat, openat, openat2};
use rustix::io::Errno;
use rustix::mount::{MoveMountFlags, OpenTreeFlags, move_mount, open_tree};

use super::super::steps::because;
use super::{NOWHERE, OLD};

/// What is allowed with what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
    Device,
}

/// How the path on the machine is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It must be no link and lead over none.
    Exact,
    /// Links of the machine's owner are followed.
    Linked,
}

/// Shows what is at `source` on the machine as `target`.
pub(super) fn show(source: &Path, place: Place, target: &Path, access: Access) -> Result<(), String> {
    let name = source.display();
    let from = open_old(source, place).map_err(because(&name))?;
    let is_directory = kind_of(&from).map_err(because(&name))? == FileType::Directory;
    let onto = make(target, is_directory).map_err(because(target.display()))?;
    let clone = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_RECURSIVE
        | OpenTreeFlags::AT_EMPTY_PATH;
    let tree = open_tree(&from, "", clone).map_err(because(&name))?;
    let both = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(&tree, "", &onto, "", both).map_err(because(&name))?;
    restrict(&tree, access).map_err(because(&name))?;
    if !is_directory {
        return Ok(());
    }
    for mount in mounts_below(target).map_err(because(&name))? {
        restrict(&open_here(&mount).map_err(because(mount.display()))?, access).map_err(because(mount.display()))?;
    }
    Ok(())
}

/// How often a path is followed that others disturb: each time is over in microseconds.
const MOST_TRIES: u32 = 10_000;

/// What is there in the new tree, reached over no link and being none.
pub(super) fn kind(path: &Path) -> Option<FileType> {
    let found = open_here(path).ok()?;
    kind_of(&found).ok().filter(|kind| *kind != FileType::Symlink)
}

fn kind_of(file: &OwnedFd) -> rustix::io::Result<FileType> {
    Ok(FileType::from_raw_mode(rustix::fs::fstat(file)?.st_mode))
}

/// Whether the machine has something at this path, reached over its owner's links.
pub(super) fn leads_somewhere(path: &Path) -> bool {
    open_old(path, Place::Linked).is_ok()
}

fn open_old(path: &Path, place: Place) -> rustix::io::Result<OwnedFd> {
    let old = openat(CWD, OLD, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let resolve = match place {
        Place::Exact => ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS,
        Place::Linked => ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS,
    };
    // Where `..` is followed while anybody on the machine mounts or renames, as the next sandbox does, the kernel
    // cannot tell whether the path stayed inside, and asks to be asked again.
    let open = || openat2(&old, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), resolve);
    (0..MOST_TRIES).map(|_| open()).find(|opened| !matches!(opened, Err(Errno::AGAIN))).unwrap_or(Err(Errno::AGAIN))
}

fn open_here(path: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)
}

/// Makes the path in the new tree, as far as it is not there, and opens it.
fn make(path: &Path, directory: bool) -> rustix::io::Result<OwnedFd> {
    let steps: Vec<_> = path.components().skip(1).collect();
    let mut at = open_here(Path::new("/"))?;
    for (index, step) in steps.iter().enumerate() {
        let name = step.as_os_str();
        if directory || index + 1 < steps.len() {
            ignore_existing(mkdirat(&at, name, Mode::from_raw_mode(0o755)))?;
        } else {
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            ignore_existing(openat(&at, name, flags, Mode::from_raw_mode(0o644)).map(drop))?;
        }
        at = openat2(&at, name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::NO_SYMLINKS)?;
    }
    Ok(at)
}

/// A mount on the way may be read-only, which matters only if something had to be made there.
fn ignore_existing(made: rustix::io::Result<()>) -> rustix::io::Result<()> {
    match made {
        Err(Errno::EXIST | Errno::ROFS) => Ok(()),
        other => other,
    }
}

/// Takes rights from a mount. Those that it lacks already must be named again, or the kernel refuses.
fn restrict(tree: &OwnedFd, access: Access) -> Result<(), String> {
    let has = fstatvfs(tree.as_fd()).map_err(because("statvfs"))?.f_flag;
    let mut flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_NOSUID;
    for (held, flag) in [
        (StatVfsMountFlags::RDONLY, MsFlags::MS_RDONLY),
        (StatVfsMountFlags::NODEV, MsFlags::MS_NODEV),
        (StatVfsMountFlags::NOEXEC, MsFlags::MS_NOEXEC),
        (StatVfsMountFlags::NOATIME, MsFlags::MS_NOATIME),
        (StatVfsMountFlags::NODIRATIME, MsFlags::MS_NODIRATIME),
        (StatVfsMountFlags::RELATIME, MsFlags::MS_RELATIME),
    ] {
        flags |= if has.contains(held) { flag } else { MsFlags::empty() };
    }
    flags |= match access {
        Access::Read => MsFlags::MS_RDONLY | MsFlags::MS_NODEV,
        Access::Write => MsFlags::MS_NODEV,
        Access::Device => MsFlags::MS_NOEXEC,
    };
    let path = format!("{OLD}/proc/self/fd/{}", tree.as_raw_fd());
    mount(NOWHERE, path.as_str(), NOWHERE, flags, NOWHERE).map_err(because("remount"))
}

/// What is mounted further below a path.
fn mounts_below(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let table = read_to_string(format!("{OLD}/proc/self/mountinfo"))?;
    let points = table.lines().filter_map(|line| line.split(' ').nth(4)).map(unescape);
    Ok(points.filter(|point| point != path && point.starts_with(path)).collect())
}

/// The table writes blanks and the like as `\` and three octal digits.
fn unescape(text: &str) -> PathBuf {
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|_| *first == b'\\');
        let number = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match number.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => (bytes.push(byte), rest = &after[3..]),
            None => (bytes.push(*first), rest = after),
        };
    }
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_mount_table_are_read_as_they_are() {
        assert_eq!(unescape(r"/a\040b\134c"), PathBuf::from(r"/a b\c"));
        assert_eq!(unescape(r"/end\04"), PathBuf::from(r"/end\04"));
    }
}
