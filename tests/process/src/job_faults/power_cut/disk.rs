//! A disk as it was written to, and what a power cut may leave of it: what was synced is there, and of all else any
//! part. Sectors are written whole or not at all.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::fleet_faults::dice::Dice;

const SECTOR: usize = 512;

/// What is written, synced, or named, and the lines of the trace at which that began and was over.
#[derive(Debug)]
pub(super) struct Done<T> {
    pub(super) began: usize,
    pub(super) over: usize,
    pub(super) what: T,
}

impl<T> Done<T> {
    /// Whether it was never over: nobody knows whether it came to anything.
    fn is_cut_off(&self) -> bool {
        self.over == usize::MAX
    }
}

/// A change of a file.
#[derive(Debug)]
pub(super) enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Resize(usize),
}

/// A change of a directory.
#[derive(Debug)]
pub(super) enum Naming {
    Put(OsString, Node),
    Take(OsString),
    Move(OsString, OsString),
}

/// A file or a directory, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    File(usize),
    Dir(usize),
}

#[derive(Debug, Default)]
pub(super) struct FileNode {
    pub(super) base: Vec<u8>,
    pub(super) changes: Vec<Done<Change>>,
    pub(super) syncs: Vec<Done<()>>,
    /// Whether it only grows. Then its bytes come to the disk in their order, as on file systems with a journal, for
    /// nobody could tell otherwise. What has a check of its own has to do without.
    pub(super) is_plain: bool,
}

#[derive(Debug, Default)]
pub(super) struct DirNode {
    pub(super) base: BTreeMap<OsString, Node>,
    pub(super) changes: Vec<Done<Naming>>,
    pub(super) syncs: Vec<Done<()>>,
}

/// A disk and everything that was done to it.
#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) files: Vec<FileNode>,
    pub(super) dirs: Vec<DirNode>,
}

/// What becomes of that which was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// Nothing is lost: the program was killed, or another machine lost its power.
    None,
    /// Only what the death of a program cut off.
    CutOff,
    /// All of it is.
    All,
    /// It is there up to some place, at which a write is torn.
    Tail,
    /// Each part of it is there or not.
    Scattered,
}

/// What is found below a directory: files with their bytes, and directories without.
pub(super) type Image = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// One power cut: when, what is lost, and by which lot.
#[derive(Debug)]
pub(super) struct Cut {
    /// Everything that began before this line has begun.
    pub(super) line: usize,
    pub(super) loss: Loss,
    /// In the tail, what began before this is there, and what began there is torn.
    pub(super) edge: usize,
    pub(super) dice: Dice,
}

/// The last line by which everything that was over is surely on the disk.
fn synced(syncs: &[Done<()>], line: usize) -> usize {
    syncs.iter().filter(|sync| sync.over < line).map(|sync| sync.began).max().unwrap_or(0)
}

impl Disk {
    /// When each write began that a power cut here may lose.
    pub(super) fn unsynced(&self, line: usize) -> Vec<usize> {
        let open = self.files.iter().flat_map(|file| {
            let upto = synced(&file.syncs, line);
            file.changes.iter().filter(move |one| one.began < line && one.over >= upto).map(|one| one.began)
        });
        open.collect()
    }

    /// What is found below a directory after a power cut.
    pub(super) fn image(&self, root: usize, cut: &mut Cut) -> Image {
        let mut image = Image::new();
        self.walk(root, Path::new(""), cut, &mut image);
        image
    }

    fn walk(&self, dir: usize, below: &Path, cut: &mut Cut, image: &mut Image) {
        for (name, node) in self.names(dir, cut) {
            let path = below.join(name);
            match node {
                Node::File(file) => drop(image.insert(path, Some(self.bytes(file, cut)))),
                Node::Dir(dir) => {
                    image.insert(path.clone(), None);
                    self.walk(dir, &path, cut, image);
                }
            }
        }
    }

    /// Names come to the disk in their order.
    fn names(&self, dir: usize, cut: &mut Cut) -> BTreeMap<OsString, Node> {
        let dir = &self.dirs[dir];
        let upto = synced(&dir.syncs, cut.line);
        let begun = dir.changes.iter().filter(|one| one.began < cut.line);
        let (sure, open): (Vec<_>, Vec<_>) = begun.partition(|one| one.over < upto);
        let kept = match cut.loss {
            Loss::None => open.len(),
            Loss::CutOff => open.iter().filter(|one| !one.is_cut_off()).count(),
            Loss::All => 0,
            Loss::Tail => open.iter().filter(|one| one.began < cut.edge).count(),
            Loss::Scattered => cut.dice.below(open.len() + 1),
        };
        let mut names = dir.base.clone();
        for one in sure.iter().chain(&open[..kept]) {
            match &one.what {
                Naming::Put(name, node) => drop(names.insert(name.clone(), *node)),
                Naming::Take(name) => drop(names.remove(name)),
                Naming::Move(from, to) => {
                    let node = names.remove(from).expect("what is moved was there");
                    names.insert(to.clone(), node);
                }
            }
        }
        names
    }

    fn bytes(&self, file: usize, cut: &mut Cut) -> Vec<u8> {
        let file = &self.files[file];
        let upto = synced(&file.syncs, cut.line);
        let mut bytes = file.base.clone();
        let begun: Vec<_> = file.changes.iter().filter(|one| one.began < cut.line).collect();
        let open = begun.iter().filter(|one| one.over >= upto).count();
        // Where a file that only grows is torn.
        let last = begun.len() - open + cut.dice.below(open + 1);
        for (at, one) in begun.iter().enumerate() {
            let is_sure = one.over < upto;
            let fate = match cut.loss {
                _ if is_sure => Fate::Kept,
                Loss::CutOff if one.is_cut_off() => Fate::Lost,
                Loss::None | Loss::CutOff => Fate::Kept,
                Loss::All => Fate::Lost,
                Loss::Tail if one.began < cut.edge => Fate::Kept,
                Loss::Tail if one.began == cut.edge => Fate::Torn,
                Loss::Tail => Fate::Lost,
                Loss::Scattered if file.is_plain && at < last => Fate::Kept,
                Loss::Scattered if file.is_plain && at == last => Fate::Torn,
                Loss::Scattered if file.is_plain => Fate::Lost,
                Loss::Scattered => [Fate::Kept, Fate::Lost, Fate::Torn, Fate::Sieved][cut.dice.below(4)],
            };
            apply(&mut bytes, &one.what, fate, &mut cut.dice);
        }
        bytes
    }
}

/// What becomes of one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Lost,
    /// Its first sectors are there.
    Torn,
    /// Some of its sectors are there, and the file is as long as it became.
    Sieved,
}

fn apply(file: &mut Vec<u8>, change: &Change, fate: Fate, dice: &mut Dice) {
    let (at, bytes) = match change {
        Change::Resize(length) if fate != Fate::Lost => return file.resize(*length, 0),
        Change::Resize(_) => return,
        Change::Write { at, bytes } => (*at, bytes),
    };
    let end = at + bytes.len();
    let upto = match fate {
        Fate::Lost => return,
        Fate::Kept => end,
        // At the border of a sector, if it has one within.
        Fate::Torn => {
            let borders = end.div_ceil(SECTOR) - at / SECTOR;
            (at / SECTOR * SECTOR + dice.below(borders + 1) * SECTOR).clamp(at, end)
        }
        Fate::Sieved => {
            file.resize(file.len().max(end), 0);
            let mut from = at;
            while from < end {
                let to = ((from / SECTOR + 1) * SECTOR).min(end);
                if dice.is_one_in(2) {
                    file[from..to].copy_from_slice(&bytes[from - at..to - at]);
                }
                from = to;
            }
            return;
        }
    };
    if upto > at {
        file.resize(file.len().max(upto), 0);
        file[at..upto].copy_from_slice(&bytes[..upto - at]);
    }
}
