//! What the files of a command are called. Of each channel there are parts of one length, `1`, `1.1`, `1.2` and so on,
//! and the last one grows; each is packed into a file beside it once it grows no more, and then gone.
//!
//! Commands that ran before there were parts have all of a channel in the first one, however long that is.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};

use crate::commands::intake::CHANNELS;

const PACKED: &str = "packed";
const PACKING: &str = "packing";

/// A part of what a command said on a channel (0 or 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    pub(super) channel: usize,
    pub(super) number: u64,
}

impl Part {
    /// Where it lies as it was said.
    pub(super) fn path(self, dir: &Path) -> PathBuf {
        let channel = self.channel + 1;
        dir.join(if self.number == 0 { format!("{channel}") } else { format!("{channel}.{}", self.number) })
    }

    fn parse(name: &str) -> Option<Self> {
        let (channel, number) = match name.split_once('.') {
            Some((channel, number)) => (channel, number.parse().ok().filter(|number| *number > 0)?),
            None => (name, 0),
        };
        let channel = channel.parse::<usize>().ok()?.checked_sub(1).filter(|channel| *channel < CHANNELS)?;
        Some(Self { channel, number })
    }
}

/// Where a file lies once it is packed.
pub(super) fn packed(plain: &Path) -> PathBuf {
    beside(plain, PACKED)
}

/// Where it lies until it is packed whole.
pub(super) fn packing(plain: &Path) -> PathBuf {
    beside(plain, PACKING)
}

fn beside(plain: &Path, what: &str) -> PathBuf {
    let mut name = plain.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(what);
    plain.with_file_name(name)
}

/// How a part lies there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lies {
    pub(super) plain: bool,
    pub(super) packed: bool,
}

/// The parts in a directory, in their order; none where there is no directory.
pub(super) fn parts(dir: &Path) -> Result<BTreeMap<Part, Lies>> {
    let mut parts = BTreeMap::<Part, Lies>::new();
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(parts),
        entries => entries?,
    };
    for entry in entries {
        let name = entry?.file_name();
        let Some(name) = name.to_str() else { continue };
        match name.strip_suffix(PACKED).and_then(|name| name.strip_suffix('.')) {
            Some(plain) => Part::parse(plain).into_iter().for_each(|part| parts.entry(part).or_default().packed = true),
            None => Part::parse(name).into_iter().for_each(|part| parts.entry(part).or_default().plain = true),
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_parts_belong_together() {
        let dir = Path::new("/outputs/cmd");
        for (channel, number, name) in [(0, 0, "1"), (1, 0, "2"), (0, 1, "1.1"), (1, 512, "2.512")] {
            let part = Part { channel, number };
            assert_eq!(part.path(dir), dir.join(name));
            assert_eq!(Part::parse(name), Some(part));
            assert_eq!(packed(&part.path(dir)), dir.join(format!("{name}.packed")));
        }
        for other in ["", "0", "3", "1.0", "1.x", "1.1.1", "1.packed", "1.packing", "recording.cast"] {
            assert_eq!(Part::parse(other), None, "{other}");
        }
    }

    #[test]
    fn what_lies_in_a_directory_is_told_apart() -> Result<()> {
        let dir = tempfile::tempdir()?;
        assert!(parts(&dir.path().join("none"))?.is_empty());
        for name in ["1.packed", "1.1", "1.1.packed", "1.1.packing", "2", "recording.cast", "recording.cast.packed"] {
            std::fs::write(dir.path().join(name), "")?;
        }
        let found: Vec<_> = parts(dir.path())?.into_iter().collect();
        let lies = |channel, number, plain, packed| (Part { channel, number }, Lies { plain, packed });
        assert_eq!(found, [lies(0, 0, false, true), lies(0, 1, true, true), lies(1, 0, true, false)]);
        Ok(())
    }
}
