//! The newest output of a terminal: a file of fixed length that is written round and round, and before it a little
//! memory, so that nobody who looks on waits for the disk, and hardly anybody who types: it is written to in large
//! steps. Places count on from the beginning all the same.

use std::collections::VecDeque;
use std::io::{ErrorKind, Result};
use std::sync::{Mutex, MutexGuard, PoisonError};

use diwan_kernel::world::DiskFile;

/// What is kept at least, once there was so much.
pub(crate) const KEPT: u64 = 1024 * 1024;
/// The length of the file: what is being overwritten is never among what is kept.
pub(crate) const ROOM: u64 = 2 * KEPT;
/// What lies in memory at least. Nothing longer is pushed at once, and nothing shorter written down: a disk that is
/// busy with something else may let one wait for longer than a keystroke should.
const RECENT: usize = 32 * 1024;

/// The newest output of a terminal. One writes, many read.
#[derive(Debug)]
pub(crate) struct Ring {
    file: Box<dyn DiskFile>,
    recent: Mutex<Recent>,
}

#[derive(Debug, Default)]
struct Recent {
    bytes: VecDeque<u8>,
    /// How much there was in all.
    length: u64,
    /// The disk failed before this place: what lies there is not what was said.
    lost: u64,
}

impl Recent {
    fn start(&self) -> u64 {
        self.length - self.bytes.len() as u64
    }

    /// The first place that can still be read.
    fn oldest(&self) -> u64 {
        self.length.saturating_sub(KEPT).max(self.lost.min(self.start()))
    }

    fn copy(&self, at: u64, most: usize) -> Vec<u8> {
        let skipped = usize::try_from(at.saturating_sub(self.start())).unwrap_or(usize::MAX);
        self.bytes.iter().skip(skipped).take(most).copied().collect()
    }
}

impl Ring {
    /// An empty one in this file.
    pub(crate) fn new(file: Box<dyn DiskFile>) -> Result<Self> {
        file.set_len(ROOM)?;
        Ok(Self { file, recent: Mutex::default() })
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much there was in all.
    pub(crate) fn length(&self) -> u64 {
        self.recent().length
    }

    /// Takes in what comes next, which can be read from now on, and calls `told`; now and then what is older is
    /// written down after that. A disk that fails makes the memory of the terminal short, and nothing else.
    pub(crate) fn push(&self, bytes: &[u8], mut told: impl FnMut(u64)) {
        for part in bytes.chunks(RECENT) {
            let (length, is_much) = {
                let mut recent = self.recent();
                recent.bytes.extend(part);
                recent.length += part.len() as u64;
                (recent.length, recent.bytes.len() >= 2 * RECENT)
            };
            told(length);
            if is_much {
                self.spill();
            }
        }
    }

    /// Moves what is older from memory into the file. Nobody else does meanwhile: one writes.
    fn spill(&self) {
        let (at, older) = {
            let recent = self.recent();
            (recent.start(), recent.copy(recent.start(), recent.bytes.len() - RECENT))
        };
        let written = self.write_down(at, &older);
        let mut recent = self.recent();
        recent.bytes.drain(..older.len());
        if let Err(error) = written {
            tracing::warn!("the output of a terminal cannot be kept: {error}");
            recent.lost = recent.start();
        }
    }

    fn write_down(&self, at: u64, part: &[u8]) -> Result<()> {
        let place = at % ROOM;
        let until_end = usize::try_from(ROOM - place).unwrap_or(usize::MAX).min(part.len());
        let (first, rest) = part.split_at(until_end);
        self.file.write_at(place, first)?;
        self.file.write_at(0, rest)
    }

    /// Reads what comes at this place, or at the first one after it that is still here, and says which that is.
    pub(crate) fn read(&self, at: u64, most: usize) -> Result<(u64, Vec<u8>)> {
        loop {
            let (at, count) = {
                let recent = self.recent();
                let at = at.max(recent.oldest()).min(recent.length);
                if at >= recent.start() {
                    return Ok((at, recent.copy(at, most)));
                }
                let there = usize::try_from((recent.start() - at).min(ROOM - at % ROOM)).unwrap_or(usize::MAX);
                (at, there.min(most))
            };
            let bytes = self.read_exactly(at % ROOM, count)?;
            let now = self.recent();
            // Whoever writes may have come round meanwhile.
            if at >= now.oldest() {
                return Ok((at, bytes));
            }
        }
    }

    fn read_exactly(&self, place: u64, count: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(count);
        while bytes.len() < count {
            if self.file.read_at(place + bytes.len() as u64, count - bytes.len(), &mut bytes)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ring() -> Ring {
        Ring::new(Box::new(tempfile::tempfile().unwrap())).unwrap()
    }

    fn all_from(ring: &Ring, mut at: u64) -> (u64, Vec<u8>) {
        let (first, mut all) = ring.read(at, 10_000).unwrap();
        at = first + all.len() as u64;
        while at < ring.length() {
            let (next, bytes) = ring.read(at, 48 * 1024).unwrap();
            assert!(next == at && !bytes.is_empty());
            all.extend(&bytes);
            at += bytes.len() as u64;
        }
        (first, all)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// However it is pushed: at least a mebibyte of the end is there, at its place, and never more than the room.
        #[test]
        fn the_end_is_kept_and_no_more(pieces in proptest::collection::vec(1usize..200_000, 1..60), from in 0u64..6_000_000) {
            let (ring, mut said) = (ring(), vec![]);
            for (number, length) in pieces.into_iter().enumerate() {
                let piece: Vec<u8> = (0..length).map(|n| (n * 31 + number) as u8).collect();
                let mut lengths = vec![];
                ring.push(&piece, |length| lengths.push(length));
                said.extend(piece);
                prop_assert_eq!(lengths.last(), Some(&(said.len() as u64)));
            }
            let (at, bytes) = all_from(&ring, from);
            let oldest = (said.len() as u64).saturating_sub(KEPT);
            prop_assert_eq!(at, from.max(oldest).min(said.len() as u64));
            prop_assert!(bytes == said[at as usize..]);
            prop_assert!(ring.read_exactly(ROOM - 1, 1).is_ok() && ring.read_exactly(ROOM, 1).is_err());
        }
    }

    #[test]
    fn a_disk_that_fails_leaves_what_is_in_memory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ring");
        std::fs::write(&path, vec![0; ROOM as usize]).unwrap();
        let file = Box::new(std::fs::File::open(&path).unwrap());
        let ring = Ring { file, recent: Mutex::default() };
        ring.push(&[7; 100_000], |_| {});
        let (at, bytes) = ring.read(0, 1_000_000).unwrap();
        assert_eq!((at, bytes.len()), (2 * RECENT as u64, 100_000 - 2 * RECENT));
        assert!(bytes.iter().all(|byte| *byte == 7));
    }

    #[test]
    fn whoever_reads_while_it_is_written_reads_what_was_said() {
        let ring = std::sync::Arc::new(ring());
        let byte_at = |place: u64| (place.wrapping_mul(2_654_435_761) >> 7) as u8;
        let writing = std::sync::Arc::clone(&ring);
        let writer = std::thread::spawn(move || {
            for round in 0..600_u64 {
                let piece: Vec<u8> = (round * 50_000..(round + 1) * 50_000).map(byte_at).collect();
                writing.push(&piece, |_| {});
            }
        });
        let mut at = 0;
        while at < 30_000_000 {
            let (next, bytes) = ring.read(at, 48 * 1024).unwrap();
            assert!(next >= at);
            assert!(bytes.iter().zip(next..).all(|(byte, place)| *byte == byte_at(place)), "at {next}");
            at = next + bytes.len() as u64;
        }
        writer.join().unwrap();
    }
}
