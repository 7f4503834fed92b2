//! The journal of a bridge as it lies on the disk: which commands began and ended, and which of them are forgotten.

use std::collections::BTreeSet;
use std::path::Path;

use super::disk::Image;

/// A length and a check stand before each record.
const HEAD: usize = 8;
/// The letters of an id of a command.
const ID: usize = 30;

/// What a journal knows.
#[derive(Debug, Default)]
pub(super) struct Journal {
    pub(super) began: BTreeSet<String>,
    pub(super) ended: BTreeSet<String>,
    pub(super) forgotten: BTreeSet<String>,
    /// Where its sound records end.
    pub(super) sound: usize,
}

impl Journal {
    /// The commands that have begun and not ended.
    pub(super) fn open(&self) -> impl Iterator<Item = &String> {
        self.began.iter().filter(|command| !self.ended.contains(*command) && !self.forgotten.contains(*command))
    }
}

/// What the journal in an image of a bridge knows.
pub(super) fn of(bridge: &Image) -> Journal {
    read(bridge.get(Path::new("journal")).and_then(Option::as_ref).expect("a journal"))
}

/// Reads the sound records at its beginning. A record is a list of its kind and what it says; the first text in it is
/// the command.
pub(super) fn read(bytes: &[u8]) -> Journal {
    let mut journal = Journal::default();
    while let Some(body) = record(&bytes[journal.sound..]) {
        journal.sound += HEAD + body.len();
        let command = body.windows(4).position(|four| four == b"cmd_").and_then(|at| body.get(at..at + ID));
        let command = command.map(|command| String::from_utf8_lossy(command).into_owned());
        match (body[1], command) {
            (0, Some(command)) => drop(journal.began.insert(command)),
            (1, Some(command)) => drop(journal.ended.insert(command)),
            (2 | 4, Some(command)) => drop(journal.forgotten.insert(command)),
            _ => {}
        }
    }
    journal
}

fn record(bytes: &[u8]) -> Option<&[u8]> {
    let (head, rest) = bytes.split_at_checked(HEAD)?;
    let (length, check) = head.split_at(4);
    let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
    let body = rest.get(..length).filter(|body| body.len() > 2)?;
    (crc(body) == u32::from_le_bytes(check.try_into().ok()?)).then_some(body)
}

/// CRC-32, as everywhere.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}
