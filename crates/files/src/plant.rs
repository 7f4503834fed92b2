//! A new directory with files in it: it is there as a whole, or not at all. It is made beside its place and put there
//! in one step, and nothing gives way to it but an empty directory.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Mode, OFlags, fchmod, fsync, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;

use crate::error::{Code, FilesError};
use crate::message::{Kind, Meta};
use crate::name::{check_path, join, shown, split};
use crate::tree::{Spot, Tree, raw_names};

/// A file of a new directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seedling<'a> {
    /// Its path in the directory.
    pub path: &'a str,
    /// What is in it.
    pub text: &'a str,
}

impl Tree {
    /// Makes a directory with these files in it, and those above it that are not there. The mark keeps two who do so
    /// at once apart.
    ///
    /// # Errors
    /// [`FilesError::Refused`]; nothing has come to lie at the path then.
    pub fn plant(&self, path: &str, files: &[Seedling<'_>], mark: u64) -> Result<(), FilesError> {
        files.iter().try_for_each(|file| check_path(file.path))?;
        let spot = self.spot_with_parents(path)?;
        self.must_be_free(&spot, path)?;
        let part = spot.part(&format!("{mark:x}.tree"));
        let system = |e: Errno| FilesError::of_system(path, &e.into());
        mkdirat(&spot.above, part.as_str(), Mode::from_raw_mode(0o700)).map_err(system)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let bed = openat(&spot.above, part.as_str(), flags, Mode::empty()).map_err(system)?;
        let inside = Self::of(bed.try_clone().map_err(|e| FilesError::of_system(path, &e))?);
        let planted = inside.fill(files).and_then(|()| {
            fchmod(&bed, Mode::from_raw_mode(0o755)).and_then(|()| fsync(&bed)).map_err(system)?;
            // A directory takes the place of an empty one, and of nothing else that is there.
            renameat(&spot.above, part.as_str(), &spot.above, spot.name.as_str()).map_err(|error| match error {
                Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR | Errno::BUSY => is_taken(path),
                error => FilesError::of_system(path, &error.into()),
            })
        });
        match &planted {
            Ok(()) => spot.settle(),
            Err(_) => {
                inside.clear(files);
                let _ = unlinkat(&spot.above, part.as_str(), AtFlags::REMOVEDIR);
            }
        }
        planted
    }

    fn must_be_free(&self, spot: &Spot, path: &str) -> Result<(), FilesError> {
        match spot.stat().map_err(|e| FilesError::of_system(path, &e))? {
            None => Ok(()),
            Some(Meta { kind: Kind::Directory, .. }) => {
                let there: OwnedFd = self.directory(path)?;
                if raw_names(&there, path)?.next().is_none() { Ok(()) } else { Err(is_taken(path)) }
            }
            Some(_) => Err(is_taken(path)),
        }
    }

    fn fill(&self, files: &[Seedling<'_>]) -> Result<(), FilesError> {
        for file in files {
            let spot = self.spot_with_parents(file.path)?;
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let made = openat(&spot.above, spot.name.as_str(), flags, Mode::from_raw_mode(0o644));
            let mut made = File::from(made.map_err(|e| FilesError::of_system(file.path, &e.into()))?);
            let written = made.write_all(file.text.as_bytes()).and_then(|()| {
                fchmod(&made, Mode::from_raw_mode(0o644))?;
                made.sync_all()
            });
            written.map_err(|e| FilesError::of_system(file.path, &e))?;
        }
        Ok(())
    }

    /// Takes away what was made, as far as it was.
    fn clear(&self, files: &[Seedling<'_>]) {
        let remove = |path: &str, flags| {
            if let Ok(spot) = self.spot(path) {
                let _ = unlinkat(&spot.above, spot.name.as_str(), flags);
            }
        };
        files.iter().for_each(|file| remove(file.path, AtFlags::empty()));
        directories(files).iter().rev().for_each(|path| remove(path, AtFlags::REMOVEDIR));
    }
}

/// The directories that files lie in, those above before those below.
fn directories(files: &[Seedling<'_>]) -> std::collections::BTreeSet<String> {
    let above = |file: &Seedling<'_>| {
        let names: Vec<&str> = split(file.path).0.split('/').filter(|name| !name.is_empty()).collect();
        (1..=names.len()).map(|end| names[..end].join("/")).collect::<Vec<_>>()
    };
    files.iter().flat_map(above).collect()
}

/// What is made by [`Tree::plant`], as lines: directories end with `/`.
pub fn listing(path: &str, files: &[Seedling<'_>]) -> Vec<String> {
    let inside = directories(files).into_iter().map(|directory| format!("{directory}/"));
    let mut all: Vec<String> = inside.chain(files.iter().map(|file| file.path.to_owned())).collect();
    all.sort_unstable();
    std::iter::once(format!("{path}/")).chain(all.iter().map(|below| join(path, below))).collect()
}

fn is_taken(path: &str) -> FilesError {
    FilesError::refused(Code::Exists, format!("{}: something is there already, which stays as it is", shown(path)))
}
