//! Gathering: the files of a directory that fit patterns, one after the other into a pipe, for whoever keeps them.
//!
//! Links are not followed and nothing but files is read. Whoever gathers may lie: whoever takes checks every word.

use std::io::{ErrorKind, Read, Write};

use minicbor::bytes::ByteSlice;
use minicbor::{Decode, Encode};

use crate::error::FilesError;
use crate::glob::{Globs, Stand};
use crate::message::{Kind, Meta};
use crate::name::{check_name, join, shown};
use crate::tree::{Tree, meta_of, same_content};

/// So much of a file is told at once.
const AT_ONCE: usize = 128 * 1024;
/// No message is longer.
const LONGEST: usize = AT_ONCE + 16 * 1024;
/// More things than these are not looked at.
const MOST_LOOKED_AT: usize = 1_000_000;
/// So many that are left out are named; of the others it is said how many they are.
pub const MOST_NAMED: usize = 100;

/// How much is gathered at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// So many files.
    pub files: usize,
    /// So many bytes in all of them.
    pub bytes: u64,
    /// So many bytes in each.
    pub longest: u64,
    /// No path is longer.
    pub path: usize,
}

/// What is told, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Gathered<'a> {
    /// A file begins.
    #[n(0)]
    File {
        /// Its path below the directory.
        #[b(0)]
        path: &'a str,
        /// How long it is.
        #[n(1)]
        size: u64,
        /// When it was written last, in milliseconds since 1970.
        #[n(2)]
        modified_ms: i64,
    },
    /// What comes next in it.
    #[n(1)]
    Bytes(#[b(0)] &'a ByteSlice),
    /// That was all of it.
    #[n(2)]
    Whole,
    /// It cannot be had whole: why.
    #[n(3)]
    GivenUp(#[b(0)] &'a str),
    /// Something that fits is left out.
    #[n(4)]
    LeftOut {
        /// Its path, made plain; empty for the whole directory.
        #[b(0)]
        path: &'a str,
        /// Why, for people.
        #[b(1)]
        why: &'a str,
    },
    /// That was all, but for so many more that are left out.
    #[n(5)]
    End(#[n(0)] u64),
}

/// Tells into a pipe which files below a directory of the tree fit, and what is in them.
///
/// # Errors
/// When the pipe is broken. What is wrong with the files is told.
pub fn gather(tree: &Tree, dir: &str, globs: &Globs, bounds: Bounds, out: &mut dyn Write) -> std::io::Result<()> {
    let (files, bytes) = (bounds.files, bounds.bytes);
    let mut walk = Walk { tree, dir, globs, bounds, out, files, bytes, looked_at: 0, named: 0, more: 0 };
    walk.all()?;
    let more = walk.more;
    walk.say(&Gathered::End(more))?;
    walk.out.flush()
}

struct Walk<'a> {
    tree: &'a Tree,
    dir: &'a str,
    globs: &'a Globs,
    bounds: Bounds,
    out: &'a mut dyn Write,
    /// How many files and bytes may still come.
    files: usize,
    bytes: u64,
    looked_at: usize,
    named: usize,
    more: u64,
}

/// A directory that is looked through.
struct Level {
    below: String,
    names: std::vec::IntoIter<String>,
    stand: Stand,
    /// Whether all in it is wanted.
    is_wanted: bool,
}

impl Walk<'_> {
    fn all(&mut self) -> std::io::Result<()> {
        let begin = self.level(String::new(), self.globs.begin(), false)?;
        let mut open: Vec<Level> = begin.into_iter().collect();
        while let Some(level) = open.last_mut() {
            let Some(name) = level.names.next() else {
                open.pop();
                continue;
            };
            self.looked_at += 1;
            if self.looked_at > MOST_LOOKED_AT {
                return self.leave_out("", &format!("there is more than {MOST_LOOKED_AT} to look at"));
            }
            let stand = self.globs.step(&level.stand, &name);
            let is_wanted = level.is_wanted || self.globs.fits(&stand);
            let below = join(&level.below, &name);
            open.extend(self.look(below, &name, stand, is_wanted)?);
        }
        Ok(())
    }

    /// Looks at one thing; gives the directory that it is, if something in it may be wanted.
    fn look(&mut self, below: String, name: &str, stand: Stand, is_wanted: bool) -> std::io::Result<Option<Level>> {
        if !is_wanted && !self.globs.goes_on(&stand) {
            return Ok(None);
        }
        let whole = join(self.dir, &below);
        let meta = match check_name(name).map_err(str::to_owned) {
            Ok(()) => self.tree.stat(&whole).map_err(|error| error.to_string()),
            Err(why) => Err(why),
        };
        let meta = match meta {
            Ok(Some(meta)) => meta,
            // It is gone since.
            Ok(None) => return Ok(None),
            Err(why) if is_wanted => return self.leave_out(&below, &why).map(|()| None),
            Err(_) => return Ok(None),
        };
        match meta.kind {
            Kind::Directory => return self.level(below, stand, is_wanted),
            _ if !is_wanted => {}
            Kind::File => self.file(&below, &whole)?,
            Kind::Link => self.leave_out(&below, "it is a link, and links are not followed")?,
            Kind::Other => self.leave_out(&below, "it is a device, a socket or a pipe")?,
        }
        Ok(None)
    }

    fn level(&mut self, below: String, stand: Stand, is_wanted: bool) -> std::io::Result<Option<Level>> {
        match self.tree.names(&join(self.dir, &below)) {
            Ok((_, names, odd)) => {
                if odd > 0 {
                    self.leave_out(&join(&below, "…"), &format!("{odd} names here are no text"))?;
                }
                Ok(Some(Level { below, names: names.into_iter(), stand, is_wanted }))
            }
            Err(error) => self.leave_out(&below, &in_words(&error)).map(|()| None),
        }
    }

    fn file(&mut self, below: &str, whole: &str) -> std::io::Result<()> {
        let (mut open, meta) = match self.tree.file(whole) {
            Ok(opened) => opened,
            Err(error) => return self.leave_out(below, &in_words(&error)),
        };
        if below.len() > self.bounds.path {
            return self.leave_out(below, "its path is too long");
        }
        if self.files == 0 {
            return self.leave_out(below, &format!("there are more than {} files", self.bounds.files));
        }
        if meta.size > self.bounds.longest {
            let words =
                format!("it is longer than {} MiB, the longest file that may be read", self.bounds.longest >> 20);
            return self.leave_out(below, &words);
        }
        if meta.size > self.bytes {
            let words = format!("with it there would be more than {} MiB", self.bounds.bytes >> 20);
            return self.leave_out(below, &words);
        }
        self.files -= 1;
        self.bytes -= meta.size;
        let modified_ms = meta.seconds.saturating_mul(1000).saturating_add(i64::from(meta.nanoseconds / 1_000_000));
        self.say(&Gathered::File { path: below, size: meta.size, modified_ms })?;
        match self.content(&mut open, &meta)? {
            None => self.say(&Gathered::Whole),
            Some(why) => self.say(&Gathered::GivenUp(&why)),
        }
    }

    /// Tells what is in a file; says why that is not all.
    fn content(&mut self, open: &mut std::fs::File, meta: &Meta) -> std::io::Result<Option<String>> {
        let (mut left, mut buffer) = (meta.size, vec![0; AT_ONCE]);
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(AT_ONCE).min(AT_ONCE);
            match open.read(&mut buffer[..most]) {
                Ok(0) => break,
                Ok(length) => {
                    left -= length as u64;
                    self.say(&Gathered::Bytes((&buffer[..length]).into()))?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Ok(Some(error.to_string())),
            }
        }
        let is_same = meta_of(open).is_ok_and(|now| left == 0 && same_content(&now, meta));
        Ok((!is_same).then(|| "it was changed while it was read".to_owned()))
    }

    fn leave_out(&mut self, path: &str, why: &str) -> std::io::Result<()> {
        if self.named >= MOST_NAMED {
            self.more += 1;
            return Ok(());
        }
        self.named += 1;
        self.say(&Gathered::LeftOut { path: &shown(path), why: &shown(why) })
    }

    fn say(&mut self, message: &Gathered<'_>) -> std::io::Result<()> {
        // Writing into memory cannot fail.
        let bytes = minicbor::to_vec(message).unwrap_or_default();
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(&bytes)
    }
}

/// Why, without the path, which is told apart.
fn in_words(error: &FilesError) -> String {
    let words = error.to_string();
    words.rsplit_once(": ").map_or(words.clone(), |(_, why)| why.to_owned())
}

/// Reads what is told.
#[derive(Debug, Default)]
pub struct Reader {
    bytes: Vec<u8>,
}

impl Reader {
    /// The next message.
    ///
    /// # Errors
    /// [`FilesError::Cut`] when there is none, [`FilesError::Protocol`] when it makes no sense, [`FilesError::Pipe`].
    pub fn next(&mut self, input: &mut impl Read) -> Result<Gathered<'_>, FilesError> {
        let mut head = [0; 4];
        input.read_exact(&mut head).map_err(broken)?;
        let length = usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX);
        if length > LONGEST {
            return Err(FilesError::Protocol(format!("a message of {length} bytes")));
        }
        self.bytes.resize(length, 0);
        input.read_exact(&mut self.bytes).map_err(broken)?;
        minicbor::decode(&self.bytes).map_err(|error| FilesError::Protocol(error.to_string()))
    }
}

fn broken(error: std::io::Error) -> FilesError {
    match error.kind() {
        ErrorKind::UnexpectedEof => FilesError::Cut,
        _ => FilesError::Pipe(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;

    const BOUNDS: Bounds = Bounds { files: 100, bytes: 1000, longest: 3000, path: 1024 };

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// What is gathered, and what is left out.
    fn gathered(root: &Path, dir: &str, globs: &[&str], bounds: Bounds) -> (Vec<(String, String)>, Vec<String>, u64) {
        let mut told = vec![];
        let globs = Globs::read(globs.iter().copied()).unwrap();
        gather(&Tree::open(root).unwrap(), dir, &globs, bounds, &mut told).unwrap();
        let (mut input, mut reader) = (told.as_slice(), Reader::default());
        let (mut files, mut left_out): (Vec<(String, String)>, Vec<String>) = (vec![], vec![]);
        loop {
            match reader.next(&mut input).unwrap() {
                Gathered::File { path, .. } => files.push((path.to_owned(), String::new())),
                Gathered::Bytes(bytes) => files.last_mut().unwrap().1 += std::str::from_utf8(bytes).unwrap(),
                Gathered::Whole => {}
                Gathered::GivenUp(why) => left_out.push(why.to_owned()),
                Gathered::LeftOut { path, why } => left_out.push(format!("{path}: {why}")),
                Gathered::End(more) => return (files, left_out, more),
            }
        }
    }

    #[test]
    fn what_fits_is_gathered_in_order_and_a_directory_that_fits_with_all_that_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        for path in
            ["w/target/b.bin", "w/target/a.bin", "w/target/deps/c.bin", "w/report/x/y.html", "w/z.txt", "out.bin"]
        {
            write(dir.path(), path, path);
        }
        let (files, left_out, more) = gathered(dir.path(), "w", &["target/*.bin", "report"], BOUNDS);
        let names: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(names, ["report/x/y.html", "target/a.bin", "target/b.bin"]);
        assert_eq!(files[0].1, "w/report/x/y.html");
        assert_eq!((left_out, more), (vec![], 0));
    }

    #[test]
    fn f92_no_link_is_followed_and_nothing_but_files_is_read() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "secret", "of somebody else");
        std::fs::create_dir(dir.path().join("w")).unwrap();
        let at = |name: &str| dir.path().join("w").join(name);
        symlink("../secret", at("link")).unwrap();
        symlink("..", at("up")).unwrap();
        let made = rustix::fs::mknodat(
            rustix::fs::CWD,
            at("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o666),
            0,
        );
        made.unwrap();
        let (files, left_out, _) = gathered(dir.path(), "w", &["**", "up/*"], BOUNDS);
        assert_eq!(files, []);
        assert_eq!(left_out.len(), 3, "{left_out:?}");
        assert!(left_out[0].starts_with("link: it is a link") && left_out[1].starts_with("pipe: it is a device"));
    }

    #[test]
    fn beyond_a_bound_things_are_left_out_and_named_or_counted() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..150 {
            write(dir.path(), &format!("f{n:03}"), "x");
        }
        write(dir.path(), "a-large-one", &"x".repeat(2000));
        let (files, left_out, more) = gathered(dir.path(), "", &["*"], Bounds { files: 10, ..BOUNDS });
        assert_eq!((files.len(), left_out.len(), more), (10, MOST_NAMED, 41));
        assert!(left_out[0].starts_with("a-large-one: with it there would be more"), "{}", left_out[0]);
        assert!(left_out[1].ends_with("there are more than 10 files"), "{}", left_out[1]);
    }

    #[test]
    fn a_directory_that_is_not_there_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let (files, left_out, _) = gathered(dir.path(), "gone", &["*"], BOUNDS);
        assert_eq!((files.len(), left_out), (0, vec![": it is not there".to_owned()]));
    }
}
