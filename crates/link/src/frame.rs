//! What lies on the wire: frames of an eight-byte head and at most 16 KiB.
//!
//! ```text
//! 0     kind
//! 1     flags            1: the message goes on in the next frame of this stream
//! 2..4  length           of what follows the head, big-endian
//! 4..8  stream           0 for the link itself; odd ones were opened by who dialled
//! ```
//!
//! Kinds from 128 on may be skipped by who does not know them; all others must be known.

use bytes::{BufMut, Bytes, BytesMut};

/// How long a head is.
pub const HEAD: usize = 8;
/// How much a frame carries at most: so small that what is urgent never waits long behind it.
pub const LONGEST: usize = 16 * 1024;
/// What is longer is cut here: a frame with its head fills one record of the TLS around it.
pub const FILLS_A_FRAME: usize = LONGEST - HEAD;
const MORE: u8 = 1;
/// From here on kinds may be skipped.
const SKIPPABLE: u8 = 128;
/// Reasons are for people, and short.
const LONGEST_REASON: usize = 256;

/// What overtakes what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// What keeps the connection and the machine under control.
    Control,
    /// What a person waits for: keystrokes and their echo, commands.
    Interactive,
    /// What is large: files, logs.
    Bulk,
}

impl Priority {
    /// From the most urgent to the least.
    pub const ALL: [Self; 3] = [Self::Control, Self::Interactive, Self::Bulk];

    fn read(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied()
    }
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A stream begins, with a first message that says what it is for.
    Open {
        /// The stream.
        stream: u32,
        /// How urgent all of it is.
        priority: Priority,
        /// The first message.
        opening: Bytes,
    },
    /// A message or a part of one.
    Data {
        /// The stream.
        stream: u32,
        /// Whether the message goes on in the next one.
        more: bool,
        /// The bytes.
        bytes: Bytes,
    },
    /// So many bytes more may be sent.
    Credit {
        /// The stream.
        stream: u32,
        /// How many.
        bytes: u32,
    },
    /// Nothing more comes from this side.
    End {
        /// The stream.
        stream: u32,
    },
    /// The stream is over at once, both ways.
    Reset {
        /// The stream.
        stream: u32,
        /// Why, for programs.
        code: u32,
        /// Why, for people.
        reason: String,
    },
    /// Answer this.
    Ping {
        /// To be sent back.
        token: u64,
    },
    /// The answer.
    Pong {
        /// What was asked.
        token: u64,
    },
    /// The link will be closed: nothing new, please.
    GoAway {
        /// After how long one may come again.
        retry_after_ms: u32,
        /// Why, for people.
        reason: String,
    },
    /// Something newer that may be skipped.
    Unknown,
}

/// What makes a frame unreadable. The link ends then: nothing after it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Longer than any frame.
    #[error("a frame of {0} bytes is too long")]
    TooLong(usize),
    /// Of a kind that must be known and is not.
    #[error("frames of kind {0} are not known")]
    UnknownKind(u8),
    /// Its content does not fit its kind.
    #[error("a frame of kind {0} is malformed")]
    Malformed(u8),
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    kind: u8,
    flags: u8,
    length: u16,
    stream: u32,
}

impl Head {
    /// Reads a head.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub fn read(bytes: [u8; HEAD]) -> Result<Self, FrameError> {
        let [kind, flags, length_high, length_low, a, b, c, d] = bytes;
        let length = u16::from_be_bytes([length_high, length_low]);
        if usize::from(length) > LONGEST {
            return Err(FrameError::TooLong(length.into()));
        }
        Ok(Self { kind, flags, length, stream: u32::from_be_bytes([a, b, c, d]) })
    }

    /// How many bytes follow.
    pub fn length(&self) -> usize {
        self.length.into()
    }

    /// Reads what follows.
    ///
    /// # Errors
    /// [`FrameError`] when it does not fit the kind.
    pub fn frame(self, body: Bytes) -> Result<Frame, FrameError> {
        let malformed = FrameError::Malformed(self.kind);
        let Self { stream, .. } = self;
        let is_of_a_stream = (kind::OPEN..=kind::RESET).contains(&self.kind);
        if body.len() != self.length() || (self.kind < SKIPPABLE && is_of_a_stream != (stream != 0)) {
            return Err(malformed);
        }
        let frame = match self.kind {
            kind::OPEN => {
                let (first, opening) = (*body.first().ok_or(malformed)?, body.slice(1..));
                Frame::Open { stream, priority: Priority::read(first).ok_or(malformed)?, opening }
            }
            kind::DATA => Frame::Data { stream, more: self.flags & MORE != 0, bytes: body },
            kind::CREDIT => Frame::Credit { stream, bytes: u32::from_be_bytes(exactly(&body).ok_or(malformed)?) },
            kind::END => {
                exactly::<0>(&body).ok_or(malformed)?;
                Frame::End { stream }
            }
            kind::RESET => {
                let (code, reason) = number_and_reason(&body).ok_or(malformed)?;
                Frame::Reset { stream, code, reason }
            }
            kind::PING => Frame::Ping { token: u64::from_be_bytes(exactly(&body).ok_or(malformed)?) },
            kind::PONG => Frame::Pong { token: u64::from_be_bytes(exactly(&body).ok_or(malformed)?) },
            kind::GO_AWAY => {
                let (retry_after_ms, reason) = number_and_reason(&body).ok_or(malformed)?;
                Frame::GoAway { retry_after_ms, reason }
            }
            SKIPPABLE.. => Frame::Unknown,
            other => return Err(FrameError::UnknownKind(other)),
        };
        Ok(frame)
    }
}

mod kind {
    pub(super) const OPEN: u8 = 1;
    pub(super) const DATA: u8 = 2;
    pub(super) const CREDIT: u8 = 3;
    pub(super) const END: u8 = 4;
    pub(super) const RESET: u8 = 5;
    pub(super) const PING: u8 = 6;
    pub(super) const PONG: u8 = 7;
    pub(super) const GO_AWAY: u8 = 8;
}

impl Frame {
    /// Writes the frame. What is longer than a frame may be is cut: who sends takes care that it is not.
    pub fn write(&self, to: &mut BytesMut) {
        match self {
            Self::Open { stream, priority, opening } => {
                let opening = &opening[..opening.len().min(LONGEST - 1)];
                head(to, kind::OPEN, 0, opening.len() + 1, *stream);
                to.put_u8(*priority as u8);
                to.put_slice(opening);
            }
            Self::Data { stream, more, bytes } => {
                let bytes = &bytes[..bytes.len().min(LONGEST)];
                head(to, kind::DATA, if *more { MORE } else { 0 }, bytes.len(), *stream);
                to.put_slice(bytes);
            }
            Self::Credit { stream, bytes } => {
                head(to, kind::CREDIT, 0, 4, *stream);
                to.put_u32(*bytes);
            }
            Self::End { stream } => head(to, kind::END, 0, 0, *stream),
            Self::Reset { stream, code, reason } => put_reason(to, kind::RESET, *stream, *code, reason),
            Self::Ping { token } => {
                head(to, kind::PING, 0, 8, 0);
                to.put_u64(*token);
            }
            Self::Pong { token } => {
                head(to, kind::PONG, 0, 8, 0);
                to.put_u64(*token);
            }
            Self::GoAway { retry_after_ms, reason } => put_reason(to, kind::GO_AWAY, 0, *retry_after_ms, reason),
            Self::Unknown => head(to, SKIPPABLE, 0, 0, 0),
        }
    }
}

fn head(to: &mut BytesMut, kind: u8, flags: u8, length: usize, stream: u32) {
    to.put_u8(kind);
    to.put_u8(flags);
    to.put_u16(u16::try_from(length).unwrap_or(u16::MAX));
    to.put_u32(stream);
}

fn put_reason(to: &mut BytesMut, kind: u8, stream: u32, number: u32, reason: &str) {
    let mut end = reason.len().min(LONGEST_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    head(to, kind, 0, 4 + end, stream);
    to.put_u32(number);
    to.put_slice(&reason.as_bytes()[..end]);
}

fn exactly<const N: usize>(body: &[u8]) -> Option<[u8; N]> {
    body.try_into().ok()
}

/// A reason is shown to people and written into logs: control characters are taken out.
fn number_and_reason(body: &[u8]) -> Option<(u32, String)> {
    let (number, reason) = body.split_at_checked(4)?;
    if reason.len() > LONGEST_REASON {
        return None;
    }
    let reason = std::str::from_utf8(reason).ok()?.chars().filter(|c| !c.is_control()).collect();
    Some((u32::from_be_bytes(exactly(number)?), reason))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Frozen = (&'static str, fn() -> Frame);

    /// These bytes are what every version must read: they are never changed, only added to.
    const FROZEN: &[Frozen] = &[
        ("0100000500000001 01 68656c6f", || Frame::Open {
            stream: 1,
            priority: Priority::Interactive,
            opening: Bytes::from_static(b"helo"),
        }),
        ("0200000300000002 616263", || Frame::Data { stream: 2, more: false, bytes: Bytes::from_static(b"abc") }),
        ("0201000100000002 61", || Frame::Data { stream: 2, more: true, bytes: Bytes::from_static(b"a") }),
        ("0200000000000003", || Frame::Data { stream: 3, more: false, bytes: Bytes::new() }),
        ("0300000400000004 00010000", || Frame::Credit { stream: 4, bytes: 65_536 }),
        ("0400000000000005", || Frame::End { stream: 5 }),
        ("0500000600000006 00000007 6e6f", || Frame::Reset { stream: 6, code: 7, reason: "no".into() }),
        ("0600000800000000 0102030405060708", || Frame::Ping { token: 0x0102_0304_0506_0708 }),
        ("0700000800000000 0102030405060708", || Frame::Pong { token: 0x0102_0304_0506_0708 }),
        ("0800000800000000 000003e8 6c617465", || Frame::GoAway { retry_after_ms: 1000, reason: "late".into() }),
    ];

    fn bytes_of(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
    }

    fn read(bytes: &[u8]) -> Result<Frame, FrameError> {
        Head::read(bytes[..HEAD].try_into().unwrap())?.frame(Bytes::copy_from_slice(&bytes[HEAD..]))
    }

    #[test]
    fn frozen_bytes_stay_what_they_are() {
        for (hex, frame) in FROZEN {
            let mut written = BytesMut::new();
            frame().write(&mut written);
            assert_eq!(written, bytes_of(hex), "{hex}");
            assert_eq!(read(&bytes_of(hex)), Ok(frame()), "{hex}");
        }
    }

    #[test]
    fn what_is_newer_may_be_skipped_and_what_is_wrong_is_refused() {
        assert_eq!(read(&bytes_of("8000000300000009 616263")), Ok(Frame::Unknown));
        for (hex, error) in [
            ("0900000000000000", FrameError::UnknownKind(9)),
            ("0000000000000000", FrameError::UnknownKind(0)),
            ("0200400100000001", FrameError::TooLong(16_385)),
            ("0100000000000001", FrameError::Malformed(1)),
            ("0100000100000001 03", FrameError::Malformed(1)),
            ("0200000100000000 61", FrameError::Malformed(2)),
            ("0300000300000001 000000", FrameError::Malformed(3)),
            ("0400000100000001 00", FrameError::Malformed(4)),
            ("0500000300000001 000000", FrameError::Malformed(5)),
            ("0500000500000001 00000000ff", FrameError::Malformed(5)),
            ("0600000800000001 0102030405060708", FrameError::Malformed(6)),
            ("0800000300000000 000000", FrameError::Malformed(8)),
        ] {
            assert_eq!(read(&bytes_of(hex)), Err(error), "{hex}");
        }
    }

    #[test]
    fn reasons_carry_no_control_characters_and_are_cut_between_letters() {
        let mut written = BytesMut::new();
        Frame::Reset { stream: 1, code: 0, reason: "ديوان\u{1b}[2J".repeat(40) }.write(&mut written);
        let Ok(Frame::Reset { reason, .. }) = read(&written) else { panic!("not read") };
        assert!(reason.len() <= LONGEST_REASON && reason.starts_with("ديوان[2J"), "{reason}");
    }

    proptest! {
        #[test]
        fn whatever_comes_in_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), HEAD..200)) {
            if let Ok(frame) = read(&bytes) && frame != Frame::Unknown {
                let mut again = BytesMut::new();
                frame.write(&mut again);
                prop_assert_eq!(read(&again), Ok(frame));
            }
        }
    }
}
