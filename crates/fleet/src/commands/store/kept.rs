//! A file of output that is kept: as it was said, or packed.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Result};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::names;
use super::packed::Packed;

/// It, open.
#[derive(Debug)]
pub(super) enum Kept {
    /// As it was said.
    Plain(File),
    Packed(Box<Packed>),
}

impl Kept {
    /// Opens what lies at this place. As long as the plain file is there, it counts: it goes only when all of it is
    /// packed and brought to the disk. Whoever has it open goes on with it.
    ///
    /// # Errors
    /// When there is nothing, or it cannot be read.
    pub(super) fn open(path: &Path) -> Result<Self> {
        match open_quietly(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Packed::open(&names::packed(path)).map(|packed| Self::Packed(Box::new(packed)))
            }
            plain => plain.map(Self::Plain),
        }
    }

    /// How long what was said is.
    ///
    /// # Errors
    /// When the disk fails.
    pub(super) fn length(&self) -> Result<u64> {
        match self {
            Self::Plain(file) => Ok(file.metadata()?.len()),
            Self::Packed(packed) => Ok(packed.length()),
        }
    }

    /// Reads a part and puts it behind what is there; less than that where the file ends.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read(&self, at: u64, most: usize, onto: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Plain(file) => read_plain(file, at, most, onto),
            Self::Packed(packed) => packed.read(at, most, onto),
        }
    }
}

fn read_plain(file: &File, mut at: u64, most: usize, onto: &mut Vec<u8>) -> Result<()> {
    let end = onto.len() + most;
    onto.reserve_exact(most);
    while onto.len() < end {
        match rustix::io::pread(file, rustix::buffer::spare_capacity(onto), at) {
            Ok(0) => break,
            Ok(count) => at += count as u64,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    onto.truncate(end);
    Ok(())
}

/// That it was read is not written down where that can be helped: it would be with every piece.
pub(super) fn open_quietly(path: &Path) -> Result<File> {
    let flags = rustix::fs::OFlags::NOATIME.bits().cast_signed();
    match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => File::open(path),
        opened => opened,
    }
}
