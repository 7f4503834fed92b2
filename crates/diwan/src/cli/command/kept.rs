//! The files that what was said is written to: one for the output, and one beside it for the errors.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use diwan_client::Channel;

use super::super::failure::Failure;
use super::super::screen::{safe, size};

/// New files, for their owner only. What is not whole does not stay there: it would be taken for all that was said.
pub(in crate::cli) struct Kept {
    files: Vec<One>,
    is_whole: bool,
}

struct One {
    channel: Channel,
    path: PathBuf,
    file: File,
    length: u64,
}

impl Kept {
    /// A file of this name for what is said on the first of these channels, and `NAME.err` for the errors beside it.
    /// None of them may be there yet.
    pub(in crate::cli) fn create(path: &Path, channels: &[Channel]) -> Result<Self, Failure> {
        let mut kept = Self { files: vec![], is_whole: false };
        for (place, channel) in channels.iter().enumerate() {
            let path = if place == 0 { path.to_owned() } else { beside(path) };
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            let file = file.map_err(|e| {
                let detail = format!("cannot write {}: {e}", path.display());
                Failure::usage(detail, "Name another file with --download.")
            })?;
            kept.files.push(One { channel: *channel, path, file, length: 0 });
        }
        Ok(kept)
    }

    /// Writes what was said on this channel.
    pub(in crate::cli) fn write(&mut self, channel: Channel, bytes: &[u8]) -> std::io::Result<()> {
        let Some(one) = self.files.iter_mut().find(|one| one.channel == channel) else { return Ok(()) };
        one.file.write_all(bytes)?;
        one.length += bytes.len() as u64;
        Ok(())
    }

    /// That was all of it; says where it is.
    pub(in crate::cli) fn finish(mut self) -> Result<(), Failure> {
        for one in &self.files {
            one.file.sync_all().map_err(|e| Failure::unwritable(&e))?;
        }
        self.is_whole = true;
        for (place, one) in self.files.iter().enumerate() {
            if place > 0 && one.length == 0 {
                // There were no errors. An empty file does no harm.
                let _ = std::fs::remove_file(&one.path);
                continue;
            }
            let what = if one.channel == Channel::Errors { " of errors" } else { "" };
            eprintln!("{}", safe(&format!("{}{what} were written to {}.", size(one.length), one.path.display())));
        }
        Ok(())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.is_whole {
            return;
        }
        for one in &self.files {
            // They are ours: there were none before.
            let _ = std::fs::remove_file(&one.path);
        }
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".err");
    name.into()
}
