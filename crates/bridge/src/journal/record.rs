//! What is written into the journal, and how: a length, a check over what follows, and that.

use diwan_protocol::run::{Ended, Verdict};
use diwan_protocol::{decode, encode};
use minicbor::{Decode, Encode};

/// The length and the check before each record.
const HEAD: usize = 8;
/// No record is longer: the longest command is 128 KiB, and a verdict shows what is run once more.
const LONGEST: usize = 512 * 1024;

/// Something that must not be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Record {
    /// A command begins after this is on the disk.
    #[n(0)]
    Started(#[n(0)] Started),
    /// It ended.
    #[n(1)]
    Ended {
        /// Which.
        #[n(0)]
        command: String,
        /// How.
        #[n(1)]
        ended: Ended,
    },
    /// The control plane has all of it.
    #[n(2)]
    Forgotten {
        /// Which.
        #[n(0)]
        command: String,
    },
    /// The numbers of commands are used up to here.
    #[n(3)]
    Seen(#[n(0)] u64),
    /// A command that is forgotten, whose bytes could still come again.
    #[n(4)]
    Spent {
        /// Which.
        #[n(0)]
        command: String,
        /// Until when, in milliseconds since 1970.
        #[n(1)]
        until_ms: i64,
    },
}

/// A command that begins.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Started {
    /// Its id.
    #[n(0)]
    pub(crate) command: String,
    /// Its number.
    #[n(1)]
    pub(crate) sequence: u64,
    /// Until when its bytes could come again, in milliseconds since 1970.
    #[n(2)]
    pub(crate) expires_ms: i64,
    /// When it begins, in milliseconds since 1970.
    #[n(3)]
    pub(crate) at_ms: i64,
    /// Why it may.
    #[n(4)]
    pub(crate) verdict: Verdict,
}

/// Appends the bytes of a record.
pub(crate) fn write(record: &Record, to: &mut Vec<u8>) {
    let body = encode(record);
    to.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    to.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
    to.extend_from_slice(&body);
}

/// The first record in these bytes, unless a later version wrote it, and how long it is; `None` when there is
/// no whole and sound one.
pub(crate) fn read(bytes: &[u8]) -> Option<(Option<Record>, usize)> {
    let (head, rest) = bytes.split_at_checked(HEAD)?;
    let (length, check) = head.split_at(4);
    let length = usize::try_from(u32::from_le_bytes(length.try_into().ok()?)).ok().filter(|l| *l <= LONGEST)?;
    let body = rest.get(..length)?;
    if crc32fast::hash(body) != u32::from_le_bytes(check.try_into().ok()?) {
        return None;
    }
    Some((decode(body).ok()?, HEAD + length))
}
