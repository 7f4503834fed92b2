//! Receiving a file: into a file beside its target, which takes the target's place in one step when all of it
//! is there. What was cut off stays, and is part of what need not be sent again the next time.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, flock, fsync, openat, renameat, unlinkat};
use rustix::io::Errno;

use crate::error::{Code, FilesError};
use crate::message::{Kind, LONGEST_PIECE, Meta, Over, Piece};
use crate::name::shown;
use crate::pieces::{self, Cut, Whole};
use crate::tree::{Spot, Tree, meta_of, set};

/// More pieces of one file are not told of: a file that is larger is sent from there on.
const MOST_PIECES: usize = 1024 * 1024;

/// A file on its way in.
#[derive(Debug)]
pub(crate) struct Receiving {
    path: String,
    spot: Spot,
    part: File,
    basis: Vec<Place>,
    sources: Vec<File>,
    whole: Whole,
    longest: u64,
    buffer: Vec<u8>,
    is_settled: bool,
}

/// Where a piece of the basis lies.
#[derive(Debug, Clone, Copy)]
struct Place {
    source: usize,
    at: u64,
    length: u32,
}

/// How a file shall be when it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) over: Over,
    pub(crate) mode: Option<u32>,
    pub(crate) modified: Option<(i64, u32)>,
}

impl Receiving {
    /// Makes ready for a file at this path.
    pub(crate) fn begin(tree: &Tree, path: &str, over: &Over, parents: bool, longest: u64) -> Result<Self, FilesError> {
        let spot = if parents { tree.spot_with_parents(path)? } else { tree.spot(path)? };
        let there = spot.stat().map_err(|e| FilesError::of_system(path, &e))?;
        match (there, over) {
            (Some(meta), _) if !matches!(meta.kind, Kind::File | Kind::Link) => {
                return Err(FilesError::refused(Code::OtherKind, format!("{}: it is there, and no file", shown(path))));
            }
            (Some(_), Over::Nothing) => {
                return Err(FilesError::refused(Code::Exists, format!("{}: it is there already", shown(path))));
            }
            (Some(Meta { kind: Kind::Link, .. }), Over::Anything) => {
                return Err(FilesError::refused(
                    Code::Link,
                    format!("{}: it is a link, which is not replaced", shown(path)),
                ));
            }
            _ => {}
        }
        let part = open_part(&spot, path)?;
        let (path, whole) = (path.to_owned(), Whole::default());
        Ok(Self { path, spot, part, basis: vec![], sources: vec![], whole, longest, buffer: vec![], is_settled: false })
    }

    /// The pieces that are there already: of the file that is replaced, and of what was cut off.
    pub(crate) fn basis(
        &mut self,
        tell: &mut dyn FnMut(Vec<Piece>) -> Result<(), FilesError>,
    ) -> Result<(), FilesError> {
        for name in [self.spot.name.clone(), self.spot.part("old")] {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
            let Ok(opened) = openat(&self.spot.above, name.as_str(), flags, Mode::empty()) else { continue };
            let mut file = File::from(opened);
            if meta_of(&file).is_ok_and(|meta| meta.kind == Kind::File && meta.size > 0) {
                self.tell_pieces(&mut file, tell)?;
                self.sources.push(file);
            }
        }
        Ok(())
    }

    fn tell_pieces(
        &mut self,
        file: &mut File,
        tell: &mut dyn FnMut(Vec<Piece>) -> Result<(), FilesError>,
    ) -> Result<(), FilesError> {
        let (source, mut at, mut told) = (self.sources.len(), 0, vec![]);
        let basis = &mut self.basis;
        pieces::each::<Trouble>(file, Cut::ByContent, |bytes| {
            if basis.len() >= MOST_PIECES {
                return Ok(());
            }
            let piece = pieces::piece(bytes);
            basis.push(Place { source, at, length: piece.length });
            at += bytes.len() as u64;
            told.push(piece);
            if told.len() >= crate::message::MOST_AT_ONCE {
                tell(std::mem::take(&mut told)).map_err(Trouble::Files)
            } else {
                Ok(())
            }
        })
        .map_err(|trouble| trouble.at(&self.path))?;
        if told.is_empty() { Ok(()) } else { tell(told) }
    }

    /// The next bytes.
    pub(crate) fn data(&mut self, bytes: &[u8]) -> Result<(), FilesError> {
        if bytes.is_empty() || bytes.len() > LONGEST_PIECE {
            return Err(FilesError::Protocol(format!("a piece of {} bytes", bytes.len())));
        }
        self.room_for(bytes.len())?;
        self.part.write_all(bytes).map_err(|e| FilesError::of_system(&self.path, &e))?;
        self.whole.add(bytes);
        Ok(())
    }

    /// The next bytes are pieces of the basis.
    pub(crate) fn same(&mut self, first: u64, count: u64) -> Result<(), FilesError> {
        let range = usize::try_from(first).ok().zip(first.checked_add(count).and_then(|end| usize::try_from(end).ok()));
        let places = range.and_then(|(begin, end)| self.basis.get(begin..end)).map(<[Place]>::to_vec);
        let places = places.ok_or_else(|| FilesError::Protocol("pieces that were never told of".to_owned()))?;
        places.into_iter().try_for_each(|place| self.copy(place))
    }

    fn copy(&mut self, place: Place) -> Result<(), FilesError> {
        let length = usize::try_from(place.length).unwrap_or(usize::MAX);
        self.room_for(length)?;
        self.buffer.resize(length, 0);
        let read = self.sources[place.source].read_exact_at(&mut self.buffer, place.at);
        read.and_then(|()| self.part.write_all(&self.buffer)).map_err(|e| FilesError::of_system(&self.path, &e))?;
        self.whole.add(&self.buffer);
        Ok(())
    }

    fn room_for(&self, length: usize) -> Result<(), FilesError> {
        if self.whole.size.saturating_add(length as u64) <= self.longest {
            return Ok(());
        }
        let words = format!("{}: it is longer than {} bytes, which is the most here", shown(&self.path), self.longest);
        Err(FilesError::refused(Code::TooLarge, words))
    }

    /// All of it came: puts it in its place.
    pub(crate) fn finish(mut self, size: u64, hash: [u8; 32], wanted: &Wanted) -> Result<Meta, FilesError> {
        let part = self.spot.part("new");
        self.is_settled = true;
        if self.whole.size != size || *self.whole.hash() != hash {
            // It would be as wrong the next time.
            let _ = unlinkat(&self.spot.above, part.as_str(), AtFlags::empty());
            let words = format!("{}: what arrived is not what was sent: a file changed in between", shown(&self.path));
            return Err(FilesError::refused(Code::Corrupt, words));
        }
        let system = |e: Errno| FilesError::of_system(&self.path, &e.into());
        set(&self.part, Some(self.mode(wanted)), wanted.modified).map_err(system)?;
        fsync(&self.part).map_err(system)?;
        self.spot.place(&part, &wanted.over, &self.path)?;
        let _ = unlinkat(&self.spot.above, self.spot.part("old").as_str(), AtFlags::empty());
        self.spot.settle();
        meta_of(&self.part).map_err(|e| FilesError::of_system(&self.path, &e))
    }

    /// As it is wanted, or as it was, or as usual.
    fn mode(&self, wanted: &Wanted) -> u32 {
        let was = || self.spot.stat().ok().flatten().filter(|meta| meta.kind == Kind::File).map(|meta| meta.mode);
        wanted.mode.or_else(was).unwrap_or(0o644)
    }
}

impl Drop for Receiving {
    /// What was cut off stays, if there is anything of it.
    fn drop(&mut self) {
        if !self.is_settled && self.whole.size == 0 {
            let _ = unlinkat(&self.spot.above, self.spot.part("new").as_str(), AtFlags::empty());
        }
    }
}

/// Makes the file that it is written into. What was cut off before becomes the basis: of two, the longer.
fn open_part(spot: &Spot, path: &str) -> Result<File, FilesError> {
    let (new, old) = (spot.part("new"), spot.part("old"));
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    for _ in 0..3 {
        match openat(&spot.above, new.as_str(), flags, Mode::from_raw_mode(0o600)) {
            Ok(made) => {
                flock(&made, FlockOperation::NonBlockingLockExclusive).map_err(|_| busy(path))?;
                return Ok(File::from(made));
            }
            Err(Errno::EXIST) => put_aside(spot, &new, &old, path)?,
            Err(error) => return Err(FilesError::of_system(path, &error.into())),
        }
    }
    Err(busy(path))
}

fn put_aside(spot: &Spot, new: &str, old: &str, path: &str) -> Result<(), FilesError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let length = |name: &str| crate::tree::look(&spot.above, name).ok().flatten().map_or(0, |meta| meta.size);
    match openat(&spot.above, new, flags, Mode::empty()) {
        Ok(opened) => flock(&opened, FlockOperation::NonBlockingLockExclusive).map_err(|_| busy(path))?,
        Err(Errno::NOENT) => return Ok(()),
        // A link or the like: it is not ours, and goes.
        Err(_) => {}
    }
    let gone = if length(new) > length(old) {
        renameat(&spot.above, new, &spot.above, old)
    } else {
        unlinkat(&spot.above, new, AtFlags::empty())
    };
    match gone {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(FilesError::of_system(path, &error.into())),
    }
}

fn busy(path: &str) -> FilesError {
    FilesError::refused(Code::Busy, format!("{}: another transfer writes it at this moment", shown(path)))
}

/// What stops the look at pieces: the file, or whoever is told.
pub(crate) enum Trouble {
    System(std::io::Error),
    Files(FilesError),
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::System(error)
    }
}

impl Trouble {
    pub(crate) fn at(self, path: &str) -> FilesError {
        match self {
            Self::System(error) => FilesError::of_system(path, &error),
            Self::Files(error) => error,
        }
    }
}

/// What whoever receives has, by hash: for whoever sends.
#[derive(Debug, Default)]
pub(crate) struct Known {
    places: HashMap<[u8; 32], u64>,
    count: u64,
}

impl Known {
    pub(crate) fn add(&mut self, pieces: &[Piece]) -> Result<(), FilesError> {
        for piece in pieces {
            self.places.entry(*piece.hash).or_insert(self.count);
            self.count += 1;
        }
        if self.places.len() > MOST_PIECES {
            return Err(FilesError::Protocol("more pieces than any file has".to_owned()));
        }
        Ok(())
    }

    pub(crate) fn find(&self, hash: &[u8; 32]) -> Option<u64> {
        self.places.get(hash).copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}
