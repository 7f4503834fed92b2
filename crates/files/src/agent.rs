//! The agent: serves what lies at one path below one directory, over a pair of byte streams, until the client
//! has said its last. Whatever the client says, it reaches nothing else.

use std::io::{Read, Write};

use crate::error::{Code, FilesError};
use crate::ignore::Ignore;
use crate::message::{Entry, MOST_AT_ONCE, Message, Meta, Over, VERSION};
use crate::name::{check_path, join, shown, stays_inside};
use crate::receive::{Known, Receiving, Wanted};
use crate::send::{self, Part};
use crate::tree::Tree;
use crate::walk::{self, Sweep, Walked};
use crate::wire::Wire;

/// Entries are told of before they become more bytes than these.
const MOST_BYTES: usize = 64 * 1024;

/// What a client may ask an agent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// What is there.
    List,
    /// And what is in files.
    Get,
    /// And to write files and make directories.
    Put,
    /// And to remove and rename.
    Sync,
}

/// Serves one directory.
#[derive(Debug)]
pub struct Agent<R, W> {
    wire: Wire<R, W>,
    tree: Tree,
    /// The path below the tree that every path of the client begins with.
    scope: String,
    access: Access,
    longest: u64,
    /// What time it is, in seconds since 1970: what was cut off long ago is removed by those who may write.
    now: i64,
}

/// A question, with what it holds taken out of the message.
enum Question {
    List { path: String, after: Option<String>, limit: usize },
    Walk { path: String, ignore: Vec<String> },
    Stat(String),
    Get { path: String, with_basis: bool, part: Part },
    Put { path: String, wanted: Wanted, with_basis: bool, parents: bool },
    Hash(String),
    MakeDirectory { path: String, mode: Option<u32>, parents: bool },
    MakeLink { path: String, target: String, over: Over },
    Remove { path: String, seen: Meta },
    Rename { from: String, to: String, seen: Meta },
    SetMeta { path: String, seen: Meta, meta: Meta },
}

impl Question {
    fn read(message: Message<'_>) -> Result<Self, FilesError> {
        Ok(match message {
            Message::List { path, after, limit } => {
                let limit = usize::try_from(limit).unwrap_or(usize::MAX).clamp(1, 10_000);
                Self::List { path: path.to_owned(), after: after.map(str::to_owned), limit }
            }
            Message::Walk { path, ignore } => Self::Walk { path: path.to_owned(), ignore },
            Message::Stat(path) => Self::Stat(path.to_owned()),
            Message::Get { path, with_basis, from, length } => {
                Self::Get { path: path.to_owned(), with_basis, part: Part { from, length } }
            }
            Message::Put { path, over, mode, modified, with_basis, parents } => {
                Self::Put { path: path.to_owned(), wanted: Wanted { over, mode, modified }, with_basis, parents }
            }
            Message::Hash(path) => Self::Hash(path.to_owned()),
            Message::MakeDirectory { path, mode, parents } => {
                Self::MakeDirectory { path: path.to_owned(), mode, parents }
            }
            Message::MakeLink { path, target, over } => {
                Self::MakeLink { path: path.to_owned(), target: target.to_owned(), over }
            }
            Message::Remove { path, seen } => Self::Remove { path: path.to_owned(), seen },
            Message::Rename { from, to, seen } => Self::Rename { from: from.to_owned(), to: to.to_owned(), seen },
            Message::SetMeta { path, seen, meta } => Self::SetMeta { path: path.to_owned(), seen, meta },
            _ => return Err(FilesError::Protocol("this is no question".to_owned())),
        })
    }

    fn needs(&self) -> Access {
        match self {
            Self::List { .. } | Self::Walk { .. } | Self::Stat(_) => Access::List,
            Self::Get { .. } | Self::Hash(_) => Access::Get,
            Self::Put { .. } | Self::MakeDirectory { .. } | Self::MakeLink { .. } | Self::SetMeta { .. } => Access::Put,
            Self::Remove { .. } | Self::Rename { .. } => Access::Sync,
        }
    }
}

impl<R: Read, W: Write> Agent<R, W> {
    /// Serves what lies at `scope` below `tree`; no file becomes longer than `longest`, and it is `now`,
    /// in seconds since 1970.
    ///
    /// # Errors
    /// When the scope is no path.
    pub fn new(
        tree: Tree,
        scope: &str,
        access: Access,
        (longest, now): (u64, i64),
        io: (R, W),
    ) -> Result<Self, FilesError> {
        check_path(scope)?;
        Ok(Self { wire: Wire::new(io.0, io.1), tree, scope: scope.to_owned(), access, longest, now })
    }

    /// Serves until the client has said its last. Gives why the first thing that failed was not done.
    ///
    /// # Errors
    /// When the conversation broke, or made no sense.
    pub fn serve(mut self) -> Result<Option<String>, FilesError> {
        let mut failed = None;
        self.wire.send(&Message::Hello { version: VERSION, oldest: VERSION })?;
        while let Some(message) = self.wire.receive()? {
            let question = Question::read(message)?;
            match self.answer(question) {
                Err(FilesError::Refused { code, words }) => {
                    let words = shown(&words);
                    self.wire.send(&Message::Failed { code: code.as_str(), words: &words })?;
                    // What is there already, or is another one by now, the client asks about and decides.
                    if !matches!(code, Code::Exists | Code::Changed) {
                        failed.get_or_insert(words);
                    }
                }
                other => other?,
            }
        }
        self.wire.flush()?;
        Ok(failed)
    }

    fn answer(&mut self, question: Question) -> Result<(), FilesError> {
        if question.needs() > self.access {
            if let Question::Put { with_basis: false, .. } = question {
                self.drain()?;
            }
            return Err(FilesError::refused(Code::Denied, "this was not begun for that: reading is not writing"));
        }
        match question {
            Question::List { path, after, limit } => self.list(&path, after.as_deref(), limit),
            Question::Walk { path, ignore } => self.walk(&path, &ignore),
            Question::Stat(path) => {
                let meta = self.tree.stat(&self.whole(&path)?)?;
                self.wire.send(&Message::Done(meta))
            }
            Question::Get { path, with_basis, part } => self.get(&path, with_basis, part),
            Question::Put { path, wanted, with_basis, parents } => self.put(&path, &wanted, with_basis, parents),
            Question::Hash(path) => {
                let path = self.whole(&path)?;
                let (open, _) = self.tree.file(&path)?;
                let whole = send::hash(&path, open)?;
                self.wire.send(&Message::Whole { size: whole.size, hash: whole.hash() })
            }
            Question::MakeDirectory { path, mode, parents } => {
                let path = self.whole(&path)?;
                self.tree.make_directory(&path, mode, parents)?;
                self.done(&path)
            }
            Question::MakeLink { path, target, over } => self.make_link(&path, &target, &over),
            Question::Remove { path, seen } => {
                self.tree.remove(&self.whole(&path)?, &seen)?;
                self.wire.send(&Message::Done(None))
            }
            Question::Rename { from, to, seen } => {
                self.tree.rename(&self.whole(&from)?, &self.whole(&to)?, &seen)?;
                self.wire.send(&Message::Done(None))
            }
            Question::SetMeta { path, seen, meta } => {
                let path = self.whole(&path)?;
                self.tree.set_meta(&path, &seen, &meta)?;
                self.done(&path)
            }
        }
    }

    /// Where a path of the client really is.
    fn whole(&self, path: &str) -> Result<String, FilesError> {
        check_path(path)?;
        Ok(join(&self.scope, path))
    }

    fn done(&mut self, path: &str) -> Result<(), FilesError> {
        let meta = self.tree.stat(path)?;
        self.wire.send(&Message::Done(meta))
    }

    fn list(&mut self, path: &str, after: Option<&str>, limit: usize) -> Result<(), FilesError> {
        let (entries, more) = walk::page(&self.tree, &self.whole(path)?, after, limit)?;
        let mut gathered = Gathered::default();
        for entry in entries {
            gathered.add(&mut self.wire, entry)?;
        }
        gathered.tell(&mut self.wire)?;
        self.wire.send(&Message::EntriesEnd { more })
    }

    fn walk(&mut self, path: &str, ignore: &[String]) -> Result<(), FilesError> {
        let whole = self.whole(path)?;
        let ignore =
            Ignore::read(ignore.iter().map(String::as_str)).map_err(|e| FilesError::refused(Code::TooLarge, e))?;
        let mut gathered = Gathered::default();
        let sweep = if self.access >= Access::Put { Sweep(Some(self.now)) } else { Sweep::NOT };
        let wire = &mut self.wire;
        walk::walk(&self.tree, &whole, &ignore, sweep, &mut |walked| match walked {
            Walked::Entry(entry) => gathered.add(wire, entry),
            Walked::Skipped(skipped) => wire.send(&Message::Skipped { path: &skipped.path, why: &skipped.why }),
        })?;
        gathered.tell(wire)?;
        wire.send(&Message::EntriesEnd { more: false })
    }

    fn get(&mut self, path: &str, with_basis: bool, part: Part) -> Result<(), FilesError> {
        let known = if with_basis { receive_basis(&mut self.wire)? } else { Known::default() };
        let path = self.whole(path)?;
        let (open, meta) = self.tree.file(&path)?;
        self.wire.send(&Message::Begins(meta))?;
        send::file(&mut self.wire, (&path, open, meta), part, &known, &mut |_| {})
    }

    fn put(&mut self, path: &str, wanted: &Wanted, with_basis: bool, parents: bool) -> Result<(), FilesError> {
        let begun =
            self.whole(path).and_then(|path| Receiving::begin(&self.tree, &path, &wanted.over, parents, self.longest));
        let mut receiving = match begun {
            Ok(receiving) => receiving,
            Err(error) if with_basis => return Err(error),
            Err(error) => return self.drain().and(Err(error)),
        };
        if with_basis {
            let wire = &mut self.wire;
            receiving.basis(&mut |pieces| wire.send(&Message::Basis(pieces)))?;
            wire.send(&Message::BasisEnd)?;
        }
        let meta = receive(&mut self.wire, receiving, wanted, &mut |_| {})?;
        self.wire.send(&Message::Done(Some(meta)))
    }

    /// Passes over a file that is not taken.
    fn drain(&mut self) -> Result<(), FilesError> {
        loop {
            match self.wire.expect()? {
                Message::Data(_) | Message::Same { .. } => {}
                Message::Whole { .. } | Message::GivenUp(_) => return Ok(()),
                _ => return Err(FilesError::Protocol("something else in the middle of a file".to_owned())),
            }
        }
    }

    fn make_link(&mut self, path: &str, target: &str, over: &Over) -> Result<(), FilesError> {
        if path.is_empty() || !stays_inside(path, target) {
            let words = format!("{}: the link could lead out of the directory", shown(path));
            return Err(FilesError::refused(Code::Link, words));
        }
        let path = self.whole(path)?;
        self.tree.make_link(&path, target, over)?;
        self.done(&path)
    }
}

/// Takes a file to its end. What is not taken is passed over, so that the conversation goes on.
pub(crate) fn receive<R: Read, W: Write>(
    wire: &mut Wire<R, W>,
    mut receiving: Receiving,
    wanted: &Wanted,
    progress: &mut dyn FnMut(u64),
) -> Result<Meta, FilesError> {
    let mut trouble = None;
    loop {
        let taken = match wire.expect()? {
            Message::Data(bytes) if trouble.is_none() => {
                progress(bytes.len() as u64);
                receiving.data(bytes)
            }
            Message::Same { first, count } if trouble.is_none() => receiving.same(first, count),
            Message::Data(_) | Message::Same { .. } => Ok(()),
            Message::Whole { size, hash } => {
                return match trouble {
                    None => receiving.finish(size, *hash, wanted),
                    Some(error) => Err(error),
                };
            }
            Message::GivenUp(words) => return Err(trouble.unwrap_or_else(|| send::given_up(words))),
            Message::Failed { code, words } => {
                return Err(FilesError::refused(Code::read(code), shown(words)));
            }
            _ => return Err(FilesError::Protocol("something else in the middle of a file".to_owned())),
        };
        match taken {
            Err(error) if error.code().is_some() => trouble = Some(error),
            other => other?,
        }
    }
}

/// Hears what whoever receives has.
pub(crate) fn receive_basis<R: Read, W: Write>(wire: &mut Wire<R, W>) -> Result<Known, FilesError> {
    let mut known = Known::default();
    loop {
        match wire.expect()? {
            Message::Basis(pieces) => known.add(&pieces)?,
            Message::BasisEnd => return Ok(known),
            Message::Failed { code, words } => return Err(FilesError::refused(Code::read(code), shown(words))),
            _ => return Err(FilesError::Protocol("something else among pieces".to_owned())),
        }
    }
}

/// Entries that are told of together.
#[derive(Default)]
struct Gathered {
    entries: Vec<Entry>,
    bytes: usize,
}

impl Gathered {
    fn add<R: Read, W: Write>(&mut self, wire: &mut Wire<R, W>, entry: Entry) -> Result<(), FilesError> {
        self.bytes += entry.path.len() + entry.target.as_ref().map_or(0, String::len) + 64;
        self.entries.push(entry);
        if self.entries.len() >= MOST_AT_ONCE || self.bytes >= MOST_BYTES { self.tell(wire) } else { Ok(()) }
    }

    fn tell<R: Read, W: Write>(&mut self, wire: &mut Wire<R, W>) -> Result<(), FilesError> {
        if self.entries.is_empty() {
            return Ok(());
        }
        self.bytes = 0;
        wire.send(&Message::Entries(std::mem::take(&mut self.entries)))
    }
}
