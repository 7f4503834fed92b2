//! The client: asks an agent, and believes nothing that it says without looking at it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Write};

use crate::agent::{receive, receive_basis};
use crate::error::{Code, FilesError};
use crate::ignore::Ignore;
use crate::message::{Entry, Kind, LONGEST_PIECE, Message, Meta, Over, VERSION};
use crate::name::{check_name, check_path, shown, stays_inside};
use crate::pieces::Whole;
use crate::receive::{Known, Receiving, Wanted};
use crate::send::{self, Part};
use crate::tree::Tree;
use crate::walk::{Skipped, Walked};
use crate::wire::Wire;

/// A directory with more below it is not taken in one go.
pub const MOST_ENTRIES: usize = 1_000_000;
/// So many answers may be outstanding: all of them fit into the smallest pipe on the way.
pub(crate) const MOST_AHEAD: usize = 64;

/// How a file shall arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// What may be replaced.
    pub over: Over,
    /// Who may do what with it; as it was, or as usual, without one.
    pub mode: Option<u32>,
    /// When it was written last: seconds and nanoseconds.
    pub modified: Option<(i64, u32)>,
    /// Whether what is there already is looked at first, so that less has to travel.
    pub with_basis: bool,
}

impl Arrival {
    /// As the file is that is sent.
    #[must_use]
    pub fn like(meta: &Meta, over: Over) -> Self {
        let modified = Some((meta.seconds, meta.nanoseconds));
        let with_basis = !matches!(over, Over::Nothing);
        Self { over, mode: Some(meta.mode), modified, with_basis }
    }
}

/// Talks to an agent.
#[derive(Debug)]
pub struct Client<R, W> {
    wire: Wire<R, W>,
    ahead: VecDeque<String>,
}

/// What became of something that was asked for ahead.
pub type Settled = (String, Result<Option<Meta>, FilesError>);

impl<R: Read, W: Write> Client<R, W> {
    /// Begins a conversation.
    ///
    /// # Errors
    /// When the other end is no agent, or speaks what is not understood here.
    pub fn begin(input: R, output: W) -> Result<Self, FilesError> {
        let mut wire = Wire::new(input, output);
        match wire.expect()? {
            Message::Hello { oldest, .. } if oldest <= VERSION => Ok(Self { wire, ahead: VecDeque::new() }),
            Message::Hello { .. } => Err(FilesError::Protocol("it is newer than this program: update it".to_owned())),
            _ => Err(FilesError::Protocol("it does not say hello".to_owned())),
        }
    }

    /// How many bytes travelled, both ways.
    pub fn moved(&self) -> u64 {
        self.wire.moved()
    }

    /// One page of a directory, in the order of names, and whether there is more.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn list(&mut self, path: &str, after: Option<&str>, limit: u32) -> Result<(Vec<Entry>, bool), FilesError> {
        self.wire.send(&Message::List { path, after, limit })?;
        let mut all: Vec<Entry> = vec![];
        loop {
            match self.wire.expect()? {
                Message::Entries(entries) => all.extend(entries),
                Message::EntriesEnd { more } => return Ok((all, more)),
                other => return Err(failed(&other)),
            }
            if all.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
                return Err(FilesError::Protocol("more entries than were asked for".to_owned()));
            }
            let last = all.iter().map(|entry| Some(entry.path.as_str()));
            let is_sorted = std::iter::once(after).chain(last).is_sorted_by(|a, b| a.is_none() || a < b);
            if !is_sorted || all.iter().any(|entry| check_name(&entry.path).is_err()) {
                return Err(FilesError::Protocol("names that are none, or in no order".to_owned()));
            }
        }
    }

    /// Everything below a directory.
    ///
    /// # Errors
    /// [`FilesError`], also what `show` says.
    pub fn walk(
        &mut self,
        path: &str,
        ignore: &Ignore,
        show: &mut dyn FnMut(Walked) -> Result<(), FilesError>,
    ) -> Result<(), FilesError> {
        self.wire.send(&Message::Walk { path, ignore: ignore.lines().to_vec() })?;
        let mut count = 0;
        loop {
            match self.wire.expect()? {
                Message::Entries(entries) => {
                    count += entries.len();
                    entries.into_iter().try_for_each(|entry| show(Walked::Entry(believable(entry)?)))?;
                }
                Message::Skipped { path, why } => {
                    count += 1;
                    show(Walked::Skipped(Skipped { path: shown(path), why: shown(why) }))?;
                }
                Message::EntriesEnd { .. } => return Ok(()),
                other => return Err(failed(&other)),
            }
            if count > MOST_ENTRIES {
                return Err(FilesError::Protocol(format!("more than {MOST_ENTRIES} files below one directory")));
            }
        }
    }

    /// What is there.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn stat(&mut self, path: &str) -> Result<Option<Meta>, FilesError> {
        self.wire.send(&Message::Stat(path))?;
        self.done()
    }

    /// Reads a file, or a part of one, into `sink`; `begin` hears first what it is. That all of it is as it was
    /// sent is known at the end only.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn read(
        &mut self,
        path: &str,
        (from, length): (u64, Option<u64>),
        begin: &mut dyn FnMut(Meta),
        sink: &mut dyn Write,
    ) -> Result<Meta, FilesError> {
        self.wire.send(&Message::Get { path, with_basis: false, from, length })?;
        let meta = self.begins()?;
        begin(meta);
        let mut whole = Whole::default();
        loop {
            match self.wire.expect()? {
                Message::Data(bytes) if (1..=LONGEST_PIECE).contains(&bytes.len()) => {
                    whole.add(bytes);
                    sink.write_all(bytes).map_err(FilesError::Pipe)?;
                }
                Message::Whole { size, hash } if size == whole.size && hash == whole.hash() => return Ok(meta),
                Message::Whole { .. } => {
                    return Err(FilesError::refused(Code::Corrupt, "what arrived is not what was sent"));
                }
                Message::GivenUp(words) => return Err(send::given_up(words)),
                other => return Err(failed(&other)),
            }
        }
    }

    fn begins(&mut self) -> Result<Meta, FilesError> {
        match self.wire.expect()? {
            Message::Begins(meta) if meta.kind == Kind::File => Ok(meta),
            other => Err(failed(&other)),
        }
    }

    /// Fetches a file to a path below a tree of this machine.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn get(
        &mut self,
        path: &str,
        (tree, here): (&Tree, &str),
        over: &Over,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Meta, FilesError> {
        let mut receiving = Receiving::begin(tree, here, over, true, u64::MAX)?;
        self.wire.send(&Message::Get { path, with_basis: true, from: 0, length: None })?;
        let wire = &mut self.wire;
        receiving.basis(&mut |pieces| wire.send(&Message::Basis(pieces)))?;
        self.wire.send(&Message::BasisEnd)?;
        self.take(receiving, over, progress)
    }

    /// Asks for a file that will be taken by [`Self::take_asked`], in the same order.
    pub(crate) fn ask(&mut self, path: &str) -> Result<(), FilesError> {
        self.wire.send(&Message::Get { path, with_basis: false, from: 0, length: None })
    }

    /// Takes a file that was asked for.
    pub(crate) fn take_asked(
        &mut self,
        (tree, here): (&Tree, &str),
        over: &Over,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Meta, FilesError> {
        match Receiving::begin(tree, here, over, true, u64::MAX) {
            Ok(receiving) => self.take(receiving, over, progress),
            Err(error) => {
                // It comes nevertheless.
                match self.read_away() {
                    Ok(()) | Err(FilesError::Refused { .. }) => Err(error),
                    Err(worse) => Err(worse),
                }
            }
        }
    }

    fn read_away(&mut self) -> Result<(), FilesError> {
        self.begins()?;
        loop {
            match self.wire.expect()? {
                Message::Data(_) => {}
                Message::Whole { .. } | Message::GivenUp(_) => return Ok(()),
                other => return Err(failed(&other)),
            }
        }
    }

    fn take(&mut self, receiving: Receiving, over: &Over, progress: &mut dyn FnMut(u64)) -> Result<Meta, FilesError> {
        let meta = self.begins()?;
        let modified = Some((meta.seconds, meta.nanoseconds));
        let wanted = Wanted { over: over.clone(), mode: Some(meta.mode), modified };
        receive(&mut self.wire, receiving, &wanted, progress)
    }

    /// Sends an open file.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn put(
        &mut self,
        (name, open, meta): (&str, File, Meta),
        path: &str,
        arrival: &Arrival,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Option<Meta>, FilesError> {
        let known = self.announce(path, arrival)?;
        send::file(&mut self.wire, (name, open, meta), Part::default(), &known, progress)?;
        self.done()
    }

    /// Sends whatever can be read, to its end. When reading fails nothing is put into the file's place.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn put_stream(
        &mut self,
        input: &mut impl Read,
        path: &str,
        arrival: &Arrival,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Option<Meta>, FilesError> {
        let known = self.announce(path, arrival)?;
        match send::stream(&mut self.wire, "what is sent", input, &known, progress) {
            Ok(whole) => self.wire.send(&Message::Whole { size: whole.size, hash: whole.hash() })?,
            Err(FilesError::Refused { words, .. }) => self.wire.send(&Message::GivenUp(&words))?,
            Err(error) => return Err(error),
        }
        self.done()
    }

    /// Says that a file comes; gives what is there of it.
    fn announce(&mut self, path: &str, arrival: &Arrival) -> Result<Known, FilesError> {
        let Arrival { over, mode, modified, with_basis } = arrival.clone();
        self.wire.send(&Message::Put { path, over, mode, modified, with_basis, parents: true })?;
        if with_basis { receive_basis(&mut self.wire) } else { Ok(Known::default()) }
    }

    /// Sends a small file without waiting for what becomes of it.
    pub(crate) fn put_ahead(
        &mut self,
        file: (&str, File, Meta),
        path: &str,
        over: Over,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), FilesError> {
        let arrival = Arrival { with_basis: false, ..Arrival::like(&file.2, over) };
        self.announce(path, &arrival)?;
        send::file(&mut self.wire, file, Part::default(), &Known::default(), progress)?;
        self.ahead.push_back(path.to_owned());
        Ok(())
    }

    /// Has a directory made without waiting for it.
    pub(crate) fn make_directory_ahead(&mut self, path: &str, mode: u32) -> Result<(), FilesError> {
        self.wire.send(&Message::MakeDirectory { path, mode: Some(mode), parents: true })?;
        self.ahead.push_back(path.to_owned());
        Ok(())
    }

    /// Hears what became of what was sent ahead, until no more than so many are outstanding.
    pub(crate) fn settle(&mut self, most: usize) -> Result<Vec<Settled>, FilesError> {
        let mut all = vec![];
        while self.ahead.len() > most {
            let Some(path) = self.ahead.pop_front() else { break };
            let done = match self.done() {
                Err(error) if error.code().is_none() => return Err(error),
                done => done,
            };
            all.push((path, done));
        }
        Ok(all)
    }

    /// The length and the hash of a file.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn hash(&mut self, path: &str) -> Result<(u64, [u8; 32]), FilesError> {
        self.wire.send(&Message::Hash(path))?;
        match self.wire.expect()? {
            Message::Whole { size, hash } => Ok((size, *hash)),
            other => Err(failed(&other)),
        }
    }

    /// Makes a directory, and those above it; one that is there is fine.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn make_directory(&mut self, path: &str, mode: Option<u32>) -> Result<Option<Meta>, FilesError> {
        self.wire.send(&Message::MakeDirectory { path, mode, parents: true })?;
        self.done()
    }

    /// Makes a link that stays inside.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn make_link(&mut self, path: &str, target: &str, over: &Over) -> Result<Option<Meta>, FilesError> {
        self.wire.send(&Message::MakeLink { path, target, over: over.clone() })?;
        self.done()
    }

    /// Removes what is still as it was seen; a directory only when it is empty.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn remove(&mut self, path: &str, seen: &Meta) -> Result<(), FilesError> {
        self.wire.send(&Message::Remove { path, seen: *seen })?;
        self.done().map(drop)
    }

    /// Calls something otherwise that is still as it was seen. Nothing is replaced.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn rename(&mut self, from: &str, to: &str, seen: &Meta) -> Result<(), FilesError> {
        self.wire.send(&Message::Rename { from, to, seen: *seen })?;
        self.done().map(drop)
    }

    /// Says who may do what with something, and when it was written last.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn set_meta(&mut self, path: &str, seen: &Meta, meta: &Meta) -> Result<Option<Meta>, FilesError> {
        self.wire.send(&Message::SetMeta { path, seen: *seen, meta: *meta })?;
        self.done()
    }

    fn done(&mut self) -> Result<Option<Meta>, FilesError> {
        match self.wire.expect()? {
            Message::Done(meta) => Ok(meta),
            other => Err(failed(&other)),
        }
    }
}

/// An answer that is none that was hoped for.
fn failed(message: &Message<'_>) -> FilesError {
    match message {
        Message::Failed { code, words } => FilesError::refused(Code::read(code), shown(words)),
        _ => FilesError::Protocol("an answer that does not fit the question".to_owned()),
    }
}

/// An entry whose names are names and whose link stays inside; anything else no agent says.
fn believable(entry: Entry) -> Result<Entry, FilesError> {
    let is_link = entry.meta.kind == Kind::Link;
    let is_sound = match (&entry.target, is_link) {
        (Some(target), true) => stays_inside(&entry.path, target),
        (None, false) => entry.meta.kind != Kind::Other,
        _ => false,
    };
    if entry.path.is_empty() || check_path(&entry.path).is_err() || !is_sound {
        return Err(FilesError::Protocol(format!("a name that leads elsewhere: {}", shown(&entry.path))));
    }
    Ok(entry)
}
