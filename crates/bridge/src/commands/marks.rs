//! Marks beside an output, one for each piece that was written: how long it is, and a check over it. Nobody waits for
//! the disk while a command speaks, so after a power cut a file can be as long as it was and hold something else.

use std::io::Result;

use diwan_kernel::world::DiskFile;

/// How long a mark is.
pub(super) const MARK: u64 = 8;
/// So much of an output is looked at in one go.
const STEP: usize = 64 * 1024;
/// So many marks are.
const MARKS: usize = 1024;

/// Writes down that this piece comes next, behind so many others.
pub(super) fn put(marks: &dyn DiskFile, number: u64, piece: &[u8]) -> Result<()> {
    let length = u32::try_from(piece.len()).unwrap_or(u32::MAX);
    let mut mark = [0; MARK as usize];
    mark[..4].copy_from_slice(&length.to_le_bytes());
    mark[4..].copy_from_slice(&crc32fast::hash(piece).to_le_bytes());
    marks.write_at(number * MARK, &mark)
}

/// How much of an output is there as it was written.
pub(super) fn sound(output: &dyn DiskFile, marks: &dyn DiskFile) -> Result<u64> {
    let (mut sound, mut number) = (0, 0);
    loop {
        let some = read(marks, number * MARK, MARKS * MARK as usize)?;
        let (whole, _) = some.as_chunks::<{ MARK as usize }>();
        if whole.is_empty() {
            return Ok(sound);
        }
        for [a, b, c, d, check @ ..] in whole {
            let length = u32::from_le_bytes([*a, *b, *c, *d]);
            if checksum(output, sound, length)? != Some(u32::from_le_bytes(*check)) {
                return Ok(sound);
            }
            sound += u64::from(length);
        }
        number += whole.len() as u64;
    }
}

/// The check over so many bytes from a place on, if they are there.
fn checksum(file: &dyn DiskFile, mut at: u64, length: u32) -> Result<Option<u32>> {
    let mut hasher = crc32fast::Hasher::new();
    let mut left = length as usize;
    while left > 0 {
        let bytes = read(file, at, left.min(STEP))?;
        if bytes.is_empty() {
            return Ok(None);
        }
        hasher.update(&bytes);
        at += bytes.len() as u64;
        left -= bytes.len();
    }
    Ok(Some(hasher.finalize()))
}

/// So many bytes from a place on; fewer where the file ends.
fn read(file: &dyn DiskFile, at: u64, most: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![];
    while bytes.len() < most {
        if file.read_at(at + bytes.len() as u64, most - bytes.len(), &mut bytes)? == 0 {
            break;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use diwan_kernel::World;
    use diwan_kernel::world::Opens;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    /// What became of a file when the power was cut: how much of it is left, and a stretch of that with what is there.
    type Torn = (Index, Index, Index, Option<u8>);

    fn tear(mut file: Vec<u8>, (length, from, to, instead): Torn) -> Vec<u8> {
        file.truncate(length.index(file.len() + 1));
        let (from, to) = (from.index(file.len() + 1), to.index(file.len() + 1));
        if let (Some(stretch), Some(instead)) = (file.get_mut(from..to), instead) {
            stretch.fill(instead);
        }
        file
    }

    proptest! {
        #[test]
        fn nothing_is_sound_that_was_not_written(
            pieces in vec(vec(any::<u8>(), 0..200), 1..20),
            output_torn in any::<Torn>(),
            marks_torn in any::<Torn>(),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let open = |name: &str| World::real().disk().open(&dir.path().join(name), Opens::Kept).unwrap();
            let (output, marks) = (open("output"), open("marks"));
            for (number, piece) in pieces.iter().enumerate() {
                put(&*marks, number as u64, piece).unwrap();
            }
            let whole = pieces.concat();
            output.write_at(0, &whole).unwrap();
            prop_assert_eq!(sound(&*output, &*marks).unwrap(), whole.len() as u64);
            for (file, how) in [("output", output_torn), ("marks", marks_torn)] {
                let path = dir.path().join(file);
                let left = tear(std::fs::read(&path).unwrap(), how);
                std::fs::write(&path, left).unwrap();
            }
            let left = std::fs::read(dir.path().join("output")).unwrap();
            let sound = usize::try_from(sound(&*output, &*marks).unwrap()).unwrap();
            prop_assert!(sound <= left.len() && left[..sound] == whole[..sound]);
        }
    }
}
