//! A packed file: what was in a plain one, in frames that are compressed each by itself, so that any part of it is
//! read by unpacking the frames that it lies in and no others.
//!
//! ```text
//! frame…   each as Deflate (RFC 1951), or as it was where that is not shorter
//! index    for each frame: its length here with the highest bit set where it is as it was, and its CRC-32
//! tail     "DIWANPK1", length of the plain file, plain length of a frame, count of frames, CRC-32 of index and tail
//! ```
//!
//! Numbers are big endian. The CRC of a frame is that of its bytes here: what was torn or flipped is found before it is
//! unpacked. Nothing in it is believed without it.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::kept::open_quietly;

const MAGIC: [u8; 8] = *b"DIWANPK1";
const TAIL: usize = 28;
const ENTRY: usize = 8;
/// Of the length of a frame in the index: it is as it was.
const AS_IT_WAS: u32 = 1 << 31;
/// No frame is longer.
const LARGEST_FRAME: usize = 1 << 20;

/// What lies here is not what was written.
fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("a packed file is damaged: {what}"))
}

/// Packs frames, one after the other.
#[derive(Debug)]
pub(super) struct Packer {
    pack: Compress,
    unpack: Decompress,
    packed: Vec<u8>,
    again: Vec<u8>,
    frame: usize,
    length: u64,
    index: Vec<u8>,
}

impl Packer {
    /// For frames of this many bytes.
    pub(super) fn new(frame: usize) -> Self {
        let frame = frame.clamp(1, LARGEST_FRAME);
        // A higher level is two to ten times as slow for a seventh less.
        let (pack, unpack) = (Compress::new(Compression::fast(), false), Decompress::new(false));
        let (packed, again) = (Vec::with_capacity(frame), Vec::with_capacity(frame));
        Self { pack, unpack, packed, again, frame, length: 0, index: vec![] }
    }

    /// How long a frame is.
    pub(super) const fn frame(&self) -> usize {
        self.frame
    }

    /// Packs the next frame: what is to be written for it. Only the last one may be shorter than the others.
    pub(super) fn pack<'a>(&'a mut self, plain: &'a [u8]) -> Result<&'a [u8]> {
        self.packed.clear();
        self.pack.reset();
        let done = self.pack.compress_vec(plain, &mut self.packed, FlushCompress::Finish).map_err(Error::other)?;
        let is_shorter = done == Status::StreamEnd && self.packed.len() < plain.len();
        if is_shorter {
            // What is written replaces what was said: it has to come back.
            self.again.clear();
            inflate(&mut self.unpack, &self.packed, plain.len(), &mut self.again)?;
            if self.again != plain {
                return Err(Error::other("what was packed does not come back"));
            }
        }
        let frame = if is_shorter { &self.packed[..] } else { plain };
        let flag = if is_shorter { 0 } else { AS_IT_WAS };
        // A frame is far shorter than what a number holds.
        self.index.extend((frame.len() as u32 | flag).to_be_bytes());
        self.index.extend(crc32fast::hash(frame).to_be_bytes());
        self.length += plain.len() as u64;
        Ok(frame)
    }

    /// What comes behind the last frame.
    pub(super) fn end(&mut self) -> Vec<u8> {
        let count = (self.index.len() / ENTRY) as u32;
        let mut end = std::mem::take(&mut self.index);
        end.extend(MAGIC);
        end.extend(self.length.to_be_bytes());
        end.extend((self.frame as u32).to_be_bytes());
        end.extend(count.to_be_bytes());
        let crc = crc32fast::hash(&end);
        end.extend(crc.to_be_bytes());
        end
    }
}

/// Puts what a frame was behind what is there already.
fn inflate(unpack: &mut Decompress, frame: &[u8], length: usize, onto: &mut Vec<u8>) -> Result<()> {
    unpack.reset(false);
    onto.reserve_exact(length);
    let before = onto.len();
    // It grows no further than there is room, whatever the frame says.
    let done = unpack.decompress_vec(frame, onto, FlushDecompress::Finish);
    let is_whole = matches!(done, Ok(Status::StreamEnd)) && unpack.total_in() == frame.len() as u64;
    if is_whole && onto.len() - before == length {
        return Ok(());
    }
    onto.truncate(before);
    Err(damaged("a frame does not unpack"))
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    at: u64,
    length: u32,
    crc: u32,
}

/// A packed file that is open.
#[derive(Debug)]
pub(super) struct Packed {
    file: File,
    length: u64,
    frame: usize,
    frames: Vec<Frame>,
    /// The frame that was unpacked last, where only a part of it was wanted.
    last: Mutex<Option<(usize, Vec<u8>)>>,
}

impl Packed {
    /// Opens one.
    ///
    /// # Errors
    /// When it is not there or cannot be read; [`ErrorKind::InvalidData`] when it is damaged.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = open_quietly(path)?;
        let size = file.metadata()?.len();
        let Some(index_and_tail) = read_end(&file, size)? else { return Err(damaged("its end is not whole")) };
        let (index, tail) = index_and_tail.split_at(index_and_tail.len() - TAIL);
        let (length, frame) = (long(&tail[8..]), short(&tail[16..]) as usize);
        let mut at = 0;
        let frames: Vec<Frame> = index
            .chunks_exact(ENTRY)
            .map(|entry| {
                let frame = Frame { at, length: short(entry), crc: short(&entry[4..]) };
                at += u64::from(frame.length & !AS_IT_WAS);
                frame
            })
            .collect();
        let is_sane = (1..=LARGEST_FRAME).contains(&frame)
            && length.div_ceil(frame as u64) == frames.len() as u64
            && frames.iter().all(|one| (one.length & !AS_IT_WAS) as usize <= frame)
            && at + index_and_tail.len() as u64 == size;
        if !is_sane {
            return Err(damaged("its index contradicts itself"));
        }
        Ok(Self { file, length, frame, frames, last: Mutex::default() })
    }

    /// How long the plain file was.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// Reads a part and puts it behind what is there; less than that where the file ends.
    ///
    /// # Errors
    /// When it cannot be read; [`ErrorKind::InvalidData`] when a frame of it is damaged. Nothing of that frame is there
    /// then.
    pub(super) fn read(&self, at: u64, most: usize, onto: &mut Vec<u8>) -> Result<()> {
        let end = at.saturating_add(most as u64).min(self.length);
        let mut at = at;
        while at < end {
            // Fewer frames than fit into memory.
            let (number, within) = ((at / self.frame as u64) as usize, (at % self.frame as u64) as usize);
            let whole = self.plain_length(number);
            let count = usize::try_from(end - at).unwrap_or(usize::MAX).min(whole - within);
            if count == whole {
                self.unpack(number, onto)?;
            } else {
                self.read_within(number, within..within + count, onto)?;
            }
            at += count as u64;
        }
        Ok(())
    }

    fn read_within(&self, number: usize, part: std::ops::Range<usize>, onto: &mut Vec<u8>) -> Result<()> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = match last.take() {
            Some((known, bytes)) if known == number => {
                onto.extend_from_slice(&bytes[part]);
                *last = Some((known, bytes));
                return Ok(());
            }
            other => other.map(|(_, bytes)| bytes).unwrap_or_default(),
        };
        bytes.clear();
        self.unpack(number, &mut bytes)?;
        onto.extend_from_slice(&bytes[part]);
        *last = Some((number, bytes));
        Ok(())
    }

    fn plain_length(&self, number: usize) -> usize {
        // The last one is as long as what is left.
        (self.length - number as u64 * self.frame as u64).min(self.frame as u64) as usize
    }

    fn unpack(&self, number: usize, onto: &mut Vec<u8>) -> Result<()> {
        let Frame { at, length, crc } = self.frames[number];
        let (is_as_it_was, whole) = (length & AS_IT_WAS != 0, self.plain_length(number));
        let mut bytes = vec![0; (length & !AS_IT_WAS) as usize];
        match self.file.read_exact_at(&mut bytes, at) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(damaged("it is cut off")),
            read => read?,
        }
        if crc32fast::hash(&bytes) != crc {
            return Err(damaged("a frame is not what was written"));
        }
        if !is_as_it_was {
            return inflate(&mut Decompress::new(false), &bytes, whole, onto);
        }
        if bytes.len() != whole {
            return Err(damaged("a frame has another length"));
        }
        onto.extend_from_slice(&bytes);
        Ok(())
    }
}

/// The index and the tail, if they are what was written.
fn read_end(file: &File, size: u64) -> Result<Option<Vec<u8>>> {
    let mut tail = [0; TAIL];
    let Some(at) = size.checked_sub(TAIL as u64) else { return Ok(None) };
    file.read_exact_at(&mut tail, at)?;
    if tail[..8] != MAGIC {
        return Ok(None);
    }
    let Some(from) = at.checked_sub(u64::from(short(&tail[20..])) * ENTRY as u64) else { return Ok(None) };
    let Ok(length) = usize::try_from(size - from) else { return Ok(None) };
    let mut end = vec![0; length];
    file.read_exact_at(&mut end, from)?;
    let (said, crc) = end.split_at(length - 4);
    Ok((crc32fast::hash(said) == short(crc)).then_some(end))
}

fn short(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn long(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A file as it would be packed.
    fn pack(plain: &[u8], frame: usize) -> Vec<u8> {
        let mut packer = Packer::new(frame);
        let mut file = vec![];
        for part in plain.chunks(packer.frame()) {
            file.extend_from_slice(packer.pack(part).expect("it is packed"));
        }
        file.extend(packer.end());
        file
    }

    fn open(bytes: &[u8]) -> Result<(tempfile::TempDir, Packed)> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("1.packed");
        std::fs::write(&path, bytes)?;
        Packed::open(&path).map(|packed| (dir, packed))
    }

    fn read(packed: &Packed, at: u64, most: usize) -> Result<Vec<u8>> {
        let mut bytes = b"before".to_vec();
        packed.read(at, most, &mut bytes)?;
        Ok(bytes.split_off(6))
    }

    /// All of it, or why not.
    fn whole(bytes: &[u8]) -> Result<Vec<u8>> {
        let (_dir, packed) = open(bytes)?;
        read(&packed, 0, usize::try_from(packed.length()).unwrap_or(usize::MAX))
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let words = proptest::collection::vec(prop_oneof!["[a-c]{1,9} ", "step \n"], 0..200)
            .prop_map(|w| w.concat().into_bytes());
        prop_oneof![words, proptest::collection::vec(any::<u8>(), 0..900)]
    }

    #[test]
    fn what_repeats_itself_becomes_short_and_what_does_not_hardly_longer() {
        let same = vec![b'x'; 1 << 20];
        assert!(pack(&same, 1 << 18).len() < 8192);
        let mut number = 1u64;
        let odd: Vec<u8> = (0..1 << 20)
            .map(|_| {
                number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (number >> 56) as u8
            })
            .collect();
        assert!(pack(&odd, 1 << 18).len() < odd.len() + 100);
    }

    #[test]
    fn an_empty_file_is_packed_too() {
        assert_eq!(whole(&pack(b"", 7)).expect("it opens"), b"");
    }

    proptest! {
        #[test]
        fn every_part_of_every_text_comes_back(
            text in text(), frame in 1usize..300, parts in proptest::collection::vec((0u64..1000, 0usize..1000), 1..20),
        ) {
            let (_dir, packed) = open(&pack(&text, frame)).expect("it opens");
            prop_assert_eq!(packed.length(), text.len() as u64);
            for (at, most) in parts {
                let from = usize::try_from(at).expect("small").min(text.len());
                let to = (from + most).min(text.len());
                prop_assert_eq!(read(&packed, at, most).expect("it is read"), &text[from..to]);
            }
        }

        #[test]
        fn a_flipped_bit_is_found(text in text(), frame in 1usize..300, place in any::<prop::sample::Index>(), bit in 0u8..8) {
            let mut file = pack(&text, frame);
            let at = place.index(file.len());
            file[at] ^= 1 << bit;
            let read = whole(&file);
            prop_assert!(matches!(&read, Err(error) if error.kind() == ErrorKind::InvalidData), "{at} of {}: {read:?}", file.len());
        }

        #[test]
        fn a_flipped_bit_spoils_one_frame_only(frame in 1usize..40, text in proptest::collection::vec(any::<u8>(), 200), bit in 0u8..8) {
            let mut file = pack(&text, frame);
            // Of the first frame.
            file[0] ^= 1 << bit;
            let (_dir, packed) = open(&file).expect("it opens");
            prop_assert!(read(&packed, 0, frame).is_err());
            prop_assert_eq!(read(&packed, frame as u64, 500).expect("the others are whole"), &text[frame..]);
        }
    }

    #[test]
    fn a_file_that_is_cut_anywhere_is_never_read_as_if_it_were_whole() {
        let text: Vec<u8> = (0..40u8).flat_map(|n| format!("line {n} says something\n").into_bytes()).collect();
        let file = pack(&text, 100);
        for length in 0..file.len() {
            let read = whole(&file[..length]);
            assert!(matches!(&read, Err(error) if error.kind() == ErrorKind::InvalidData), "cut at {length}: {read:?}");
        }
        assert_eq!(whole(&file).expect("it opens"), text);
        assert!(whole(&[file.as_slice(), b"x"].concat()).is_err(), "nor is one with something behind it");
    }
}
