//! Packs one file, a few frames at a time. What is packed lies under another name until all of it is on the disk; then
//! it takes its place, and only then the plain file goes. Whatever breaks off on the way leaves the plain file, from
//! which the next one begins anew.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Result, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::kept::Kept;
use super::names;
use super::packed::Packer;

/// So many frames are packed without looking up.
const AT_ONCE: usize = 16;

/// A file that is being packed.
#[derive(Debug)]
pub(super) struct Packing {
    plain: PathBuf,
    from: Kept,
    to: File,
    packer: Packer,
    at: u64,
    length: u64,
    bytes: Vec<u8>,
}

impl Packing {
    /// Begins to pack a file that grows no more.
    ///
    /// # Errors
    /// When the disk fails or is full.
    pub(super) fn begin(plain: &Path, frame: usize) -> Result<Self> {
        let from = Kept::Plain(super::kept::open_quietly(plain)?);
        let length = from.length()?;
        let options = || OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).clone();
        let to = options().open(names::packing(plain))?;
        Ok(Self { plain: plain.to_owned(), from, to, packer: Packer::new(frame), at: 0, length, bytes: vec![] })
    }

    /// Packs some more. True when all of it is packed and in its place.
    ///
    /// # Errors
    /// When the disk fails or is full. Nothing is left of it then but the plain file.
    pub(super) fn go_on(&mut self) -> Result<bool> {
        let done = self.pack_some();
        if done.is_err() {
            // What cannot be removed either is written over by the next one.
            let _ = std::fs::remove_file(names::packing(&self.plain));
        }
        done
    }

    fn pack_some(&mut self) -> Result<bool> {
        for _ in 0..AT_ONCE {
            if self.at == self.length {
                self.finish()?;
                return Ok(true);
            }
            let count = (self.length - self.at).min(self.packer.frame() as u64) as usize;
            self.bytes.clear();
            self.from.read(self.at, count, &mut self.bytes)?;
            if self.bytes.len() < count {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.to.write_all(self.packer.pack(&self.bytes)?)?;
            self.at += count as u64;
        }
        Ok(false)
    }

    fn finish(&mut self) -> Result<()> {
        self.to.write_all(&self.packer.end())?;
        self.to.sync_all()?;
        std::fs::rename(names::packing(&self.plain), names::packed(&self.plain))?;
        if let Some(dir) = self.plain.parent() {
            File::open(dir)?.sync_all()?;
        }
        match std::fs::remove_file(&self.plain) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
