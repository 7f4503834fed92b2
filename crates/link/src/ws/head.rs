//! What stands before the bytes of a WebSocket's frame, and the mask over them (RFC 6455, section 5).

use std::io::{Error, ErrorKind, Result};

/// No head is longer.
pub(super) const LONGEST_HEAD: usize = 14;
/// The content of a ping, a pong or a close is no longer.
pub(super) const LONGEST_CONTROL: usize = 125;
const LAST: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bytes of the stream: how they are cut into messages means nothing.
    Bytes,
    Close,
    Ping,
    Pong,
}

/// A mask: who dials puts it over everything, so that no proxy on the way takes bytes for what they are not.
pub(super) type Mask = [u8; 4];

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    /// How many bytes follow.
    pub(super) length: u64,
    pub(super) mask: Option<Mask>,
}

impl Head {
    /// Reads the head that these bytes begin with, and says how long it is. `None` while not all of it is there.
    ///
    /// # Errors
    /// When no such frame may come here.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let kind = kind(*first)?;
        let (length, size) = match second & !MASKED {
            126 => (rest.first_chunk().map(|bytes| u16::from_be_bytes(*bytes).into()), 4),
            127 => (rest.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)), 10),
            short => (Some(short.into()), 2),
        };
        let Some(length) = length else { return Ok(None) };
        let is_control = kind != Kind::Bytes;
        if is_control && (length > LONGEST_CONTROL as u64 || first & LAST == 0) {
            return Err(wrong("a frame of control that is too long or not whole"));
        }
        if second & MASKED == 0 {
            return Ok(Some((Self { kind, length, mask: None }, size)));
        }
        let mask = bytes.get(size..).and_then(|rest| rest.first_chunk()).copied();
        Ok(mask.map(|mask| (Self { kind, length, mask: Some(mask) }, size + mask.len())))
    }

    /// Appends it as it lies on the wire.
    pub(super) fn write(&self, to: &mut Vec<u8>) {
        let code = match self.kind {
            Kind::Bytes => 2,
            Kind::Close => 8,
            Kind::Ping => 9,
            Kind::Pong => 10,
        };
        let masked = if self.mask.is_some() { MASKED } else { 0 };
        to.push(LAST | code);
        match (u8::try_from(self.length), u16::try_from(self.length)) {
            (Ok(short @ ..126), _) => to.push(masked | short),
            (_, Ok(middle)) => {
                to.push(masked | 126);
                to.extend(middle.to_be_bytes());
            }
            _ => {
                to.push(masked | 127);
                to.extend(self.length.to_be_bytes());
            }
        }
        to.extend(self.mask.iter().flatten());
    }
}

fn kind(first: u8) -> Result<Kind> {
    if first & RESERVED != 0 {
        return Err(wrong("an extension that nobody agreed on"));
    }
    match first & 0x0f {
        0 | 2 => Ok(Kind::Bytes),
        1 => Err(wrong("text instead of bytes")),
        8 => Ok(Kind::Close),
        9 => Ok(Kind::Ping),
        10 => Ok(Kind::Pong),
        _ => Err(wrong("a frame of an unknown kind")),
    }
}

pub(super) fn wrong(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

/// Puts a mask over bytes that begin so far into a frame, or takes it off: that is the same.
pub(super) fn apply(mask: Mask, from: u64, bytes: &mut [u8]) {
    let [a, b, c, d] = std::array::from_fn(|at| mask[(from as usize + at) % 4]);
    let eight = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (whole, rest) = bytes.as_chunks_mut::<8>();
    for chunk in whole {
        *chunk = (u64::from_ne_bytes(*chunk) ^ eight).to_ne_bytes();
    }
    rest.iter_mut().zip([a, b, c, d, a, b, c]).for_each(|(byte, mask)| *byte ^= mask);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 6455, section 5.7.
    #[test]
    fn the_examples_of_the_standard_are_read() {
        let hello = Head { kind: Kind::Ping, length: 5, mask: None };
        assert_eq!(Head::read(b"\x89\x05Hello").unwrap(), Some((hello, 2)));
        let masked = Head { kind: Kind::Pong, length: 5, mask: Some([0x37, 0xfa, 0x21, 0x3d]) };
        assert_eq!(Head::read(b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58").unwrap(), Some((masked, 6)));
        let mut text = *b"\x7f\x9f\x4d\x51\x58";
        apply([0x37, 0xfa, 0x21, 0x3d], 0, &mut text);
        assert_eq!(&text, b"Hello");
        let middle = Head { kind: Kind::Bytes, length: 256, mask: None };
        assert_eq!(Head::read(b"\x82\x7e\x01\x00").unwrap(), Some((middle, 4)));
        let long = Head { kind: Kind::Bytes, length: 65536, mask: None };
        assert_eq!(Head::read(b"\x82\x7f\0\0\0\0\0\x01\0\0").unwrap(), Some((long, 10)));
    }

    #[test]
    fn what_may_not_come_is_refused() {
        for bad in [b"\x81\x05", b"\xc2\x05", b"\x83\x00", b"\x8b\x00", b"\x09\x05", b"\x89\x7e", b"\x88\x7f"] {
            let bytes = [&bad[..], &[1; 8]].concat();
            assert!(Head::read(&bytes).is_err(), "{bad:x?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_never_half(
            kind in prop_oneof![Just(Kind::Bytes), Just(Kind::Close), Just(Kind::Ping), Just(Kind::Pong)],
            length in prop_oneof![0u64..126, 126u64..65536, 65536..=u64::MAX],
            mask in any::<Option<Mask>>(),
        ) {
            let length = if kind == Kind::Bytes { length } else { length % 126 };
            let (head, mut bytes) = (Head { kind, length, mask }, vec![]);
            head.write(&mut bytes);
            prop_assert!(bytes.len() <= LONGEST_HEAD);
            for end in 0..bytes.len() {
                prop_assert_eq!(Head::read(&bytes[..end]).unwrap(), None);
            }
            prop_assert_eq!(Head::read(&bytes).unwrap(), Some((head, bytes.len())));
        }

        #[test]
        fn a_mask_can_be_taken_off_in_parts(bytes in any::<Vec<u8>>(), mask in any::<Mask>(), cut in any::<usize>()) {
            let mut masked = bytes.clone();
            apply(mask, 0, &mut masked);
            prop_assert!(masked.iter().zip(&bytes).enumerate().all(|(at, (m, b))| m ^ b == mask[at % 4]));
            let cut = cut % (bytes.len() + 1);
            let (first, second) = masked.split_at_mut(cut);
            apply(mask, 0, first);
            apply(mask, cut as u64, second);
            prop_assert_eq!(masked, bytes);
        }
    }
}
