//! Sending a file: only what whoever receives does not have.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use crate::error::{Code, FilesError};
use crate::message::{Message, Meta};
use crate::name::shown;
use crate::pieces::{self, Cut, Whole};
use crate::receive::{Known, Trouble};
use crate::tree::{meta_of, same_content};
use crate::wire::Wire;

/// A part of a file.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Part {
    pub(crate) from: u64,
    pub(crate) length: Option<u64>,
}

/// Sends an open file in pieces, up to its end. A file that changed while it was read is given up.
pub(crate) fn file<R: Read, W: Write>(
    wire: &mut Wire<R, W>,
    (path, mut open, meta): (&str, File, Meta),
    part: Part,
    known: &Known,
    progress: &mut dyn FnMut(u64),
) -> Result<(), FilesError> {
    if part.from > 0 {
        open.seek(SeekFrom::Start(part.from)).map_err(|e| FilesError::of_system(path, &e))?;
    }
    let mut limited = (&open).take(part.length.unwrap_or(u64::MAX));
    let whole = match stream(wire, path, &mut limited, known, progress) {
        Err(FilesError::Refused { words, .. }) => return wire.send(&Message::GivenUp(&words)),
        other => other?,
    };
    let now = meta_of(&open).map_err(|e| FilesError::of_system(path, &e))?;
    if same_content(&now, &meta) {
        wire.send(&Message::Whole { size: whole.size, hash: whole.hash() })
    } else {
        wire.send(&Message::GivenUp(&format!("{}: it was changed while it was read", shown(path))))
    }
}

/// Sends bytes in pieces; gives what they were.
pub(crate) fn stream<R: Read, W: Write>(
    wire: &mut Wire<R, W>,
    path: &str,
    input: &mut impl Read,
    known: &Known,
    progress: &mut dyn FnMut(u64),
) -> Result<Whole, FilesError> {
    let mut whole = Whole::default();
    let (mut first, mut count) = (0, 0);
    let cut = if known.is_empty() { Cut::Evenly } else { Cut::ByContent };
    pieces::each::<Trouble>(input, cut, |bytes| {
        let hash = whole.add(bytes);
        progress(bytes.len() as u64);
        let found = known.find(&hash);
        if count > 0 && found != Some(first + count) {
            wire.send(&Message::Same { first, count }).map_err(Trouble::Files)?;
            count = 0;
        }
        match found {
            Some(at) if count == 0 => (first, count) = (at, 1),
            Some(_) => count += 1,
            None => wire.send(&Message::Data(bytes.into())).map_err(Trouble::Files)?,
        }
        Ok(())
    })
    .map_err(|trouble| trouble.at(path))?;
    if count > 0 {
        wire.send(&Message::Same { first, count })?;
    }
    Ok(whole)
}

/// The hash of a file, as it is told after it.
pub(crate) fn hash(path: &str, mut open: File) -> Result<Whole, FilesError> {
    let mut whole = Whole::default();
    pieces::each::<Trouble>(&mut open, Cut::Evenly, |bytes| {
        whole.add(bytes);
        Ok(())
    })
    .map_err(|trouble| trouble.at(path))?;
    Ok(whole)
}

/// What was given up.
pub(crate) fn given_up(words: &str) -> FilesError {
    FilesError::refused(Code::Changed, shown(words))
}
