//! Files cut into pieces by their content: where something is put in or taken out, only the pieces around it
//! become others.

use std::io::{ErrorKind, Read};

use fastcdc::v2020::FastCDC;
use minicbor::bytes::ByteArray;

use crate::message::{LONGEST_PIECE, Piece};

const SHORTEST: usize = 16 * 1024;
const USUAL: usize = 64 * 1024;
/// What is read at once.
const BUFFER: usize = 1024 * 1024;

/// How a file is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// At equal distances: for those who have nothing of it.
    Evenly,
    /// By its content.
    ByContent,
}

/// The hash of a file, made from those of its pieces.
#[derive(Debug, Default)]
pub(crate) struct Whole {
    hasher: blake3::Hasher,
    pub(crate) size: u64,
}

impl Whole {
    /// The next piece; gives its hash.
    pub(crate) fn add(&mut self, piece: &[u8]) -> [u8; 32] {
        let hash = *blake3::hash(piece).as_bytes();
        self.add_known(hash, piece.len());
        hash
    }

    /// The next piece, whose hash is known.
    pub(crate) fn add_known(&mut self, hash: [u8; 32], length: usize) {
        self.hasher.update(&hash);
        self.size += length as u64;
    }

    /// Of all that came so far.
    pub(crate) fn hash(&self) -> ByteArray<32> {
        (*self.hasher.finalize().as_bytes()).into()
    }
}

/// A piece of bytes, as it is told of.
pub(crate) fn piece(bytes: &[u8]) -> Piece {
    let hash = (*blake3::hash(bytes).as_bytes()).into();
    Piece { hash, length: u32::try_from(bytes.len()).unwrap_or(u32::MAX) }
}

/// Shows every piece in its order; says what reading, or whoever looks on, did not like.
pub(crate) fn each<E: From<std::io::Error>>(
    input: &mut impl Read,
    cut: Cut,
    mut show: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut buffer = vec![0; BUFFER];
    let (mut begin, mut end) = (0, 0);
    let mut over: Option<std::io::Result<()>> = None;
    loop {
        if over.is_none() && end - begin < LONGEST_PIECE {
            buffer.copy_within(begin..end, 0);
            (begin, end) = (0, end - begin);
            over = fill(input, &mut buffer, &mut end);
        }
        if begin == end {
            return over.unwrap_or(Ok(())).map_err(E::from);
        }
        let most = &buffer[begin..end.min(begin + LONGEST_PIECE)];
        let length = match cut {
            Cut::Evenly => most.len(),
            Cut::ByContent => {
                FastCDC::new(most, SHORTEST, USUAL, LONGEST_PIECE).next().map_or(most.len(), |c| c.length)
            }
        };
        show(&most[..length])?;
        begin += length;
    }
}

/// Fills the buffer up; says how reading came to its end, if it did. What was read before that counts.
fn fill(input: &mut impl Read, buffer: &mut [u8], end: &mut usize) -> Option<std::io::Result<()>> {
    while *end < buffer.len() {
        match input.read(&mut buffer[*end..]) {
            Ok(0) => return Some(Ok(())),
            Ok(length) => *end += length,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Some(Err(error)),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn noise(length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        blake3::Hasher::new().update(b"noise").finalize_xof().fill(&mut bytes);
        bytes
    }

    fn cut(bytes: &[u8], cut: Cut) -> Vec<Vec<u8>> {
        let mut pieces = vec![];
        each::<std::io::Error>(&mut &bytes[..], cut, |piece| {
            pieces.push(piece.to_vec());
            Ok(())
        })
        .unwrap();
        pieces
    }

    #[test]
    fn the_pieces_are_the_file() {
        for length in [0, 1, SHORTEST, BUFFER - 1, BUFFER, BUFFER + 1, 3 * BUFFER + 77] {
            let bytes = noise(length);
            for how in [Cut::Evenly, Cut::ByContent] {
                let pieces = cut(&bytes, how);
                assert_eq!(pieces.concat(), bytes, "{length} {how:?}");
                assert!(pieces.iter().all(|piece| (1..=LONGEST_PIECE).contains(&piece.len())));
            }
        }
    }

    #[test]
    fn what_is_put_in_changes_few_pieces() {
        let before = noise(4 * BUFFER);
        let mut after = before.clone();
        after.splice(1_500_000..1_500_000, *b"something new");
        let known: HashSet<_> = cut(&before, Cut::ByContent).into_iter().collect();
        let news = cut(&after, Cut::ByContent).into_iter().filter(|piece| !known.contains(piece)).count();
        assert!((1..=3).contains(&news), "{news} new pieces");
    }
}
