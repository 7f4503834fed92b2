//! Writes down what a command says, part by part.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Result};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::PathBuf;

use super::kept::Kept;
use super::names::{self, Part};
use crate::commands::intake::CHANNELS;

/// The output of one command, growing.
#[derive(Debug)]
pub(crate) struct OutputWriter {
    pub(super) dir: PathBuf,
    part_length: u64,
    channels: [Growing; CHANNELS],
    is_synced: bool,
}

/// One channel of it.
#[derive(Debug, Default)]
struct Growing {
    length: u64,
    /// Whether all of it is in the first part: it began before there were others.
    is_all_in_one: bool,
    /// The part that grows.
    file: Option<(u64, File)>,
}

impl Growing {
    fn newest(&self, part_length: u64) -> u64 {
        if self.is_all_in_one { 0 } else { self.length / part_length }
    }
}

impl OutputWriter {
    /// For a command that has said nothing yet.
    pub(super) fn fresh(dir: PathBuf, part_length: u64) -> Self {
        Self { dir, part_length, channels: Default::default(), is_synced: true }
    }

    /// Looks what there is already.
    pub(super) fn look(mut self) -> Result<Self> {
        let there = names::parts(&self.dir)?;
        for (channel, growing) in self.channels.iter_mut().enumerate() {
            let mut end = false;
            for part in there.keys().copied().filter(|part| part.channel == channel) {
                if end || part.number != growing.newest(self.part_length) {
                    // A crash of the machine left less of what comes before: this is asked for again.
                    end = true;
                    for path in [part.path(&self.dir), names::packed(&part.path(&self.dir))] {
                        remove(&path)?;
                    }
                    continue;
                }
                let length = Kept::open(&part.path(&self.dir))?.length()?;
                growing.is_all_in_one = part.number == 0 && length > self.part_length;
                growing.length += length;
                end = length != self.part_length;
            }
        }
        // Whether what lies there was brought to the disk, nobody knows any more.
        self.is_synced = self.lengths() == [0; CHANNELS];
        Ok(self)
    }

    /// How much is here.
    pub(crate) fn lengths(&self) -> [u64; CHANNELS] {
        [self.channels[0].length, self.channels[1].length]
    }

    /// Whether there are parts that grow no more.
    pub(super) fn has_full_parts(&self) -> bool {
        self.channels.iter().any(|growing| growing.newest(self.part_length) > 0)
    }

    pub(super) const fn is_synced(&self) -> bool {
        self.is_synced
    }

    /// Adds what comes next; says whether a part has become full.
    pub(super) fn append(&mut self, channel: usize, mut bytes: &[u8]) -> Result<bool> {
        let before = self.channels[channel].newest(self.part_length);
        while !bytes.is_empty() {
            let number = self.channels[channel].newest(self.part_length);
            let (at, length) = (self.channels[channel].length - number * self.part_length, bytes.len());
            let is_all = self.channels[channel].is_all_in_one;
            let room = if is_all { length } else { usize::try_from(self.part_length - at).unwrap_or(usize::MAX) };
            let (now, later) = bytes.split_at(room.min(length));
            self.file(Part { channel, number })?.write_all_at(now, at)?;
            self.is_synced = false;
            self.channels[channel].length += now.len() as u64;
            bytes = later;
        }
        Ok(self.channels[channel].newest(self.part_length) > before)
    }

    fn file(&mut self, part: Part) -> Result<&File> {
        let growing = &mut self.channels[part.channel];
        if growing.file.as_ref().is_none_or(|(number, _)| *number != part.number) {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
            let path = part.path(&self.dir);
            // What is packed has ended, whoever still says something.
            if names::packed(&path).try_exists()? {
                return Err(ErrorKind::AlreadyExists.into());
            }
            let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
            growing.file = Some((part.number, file));
        }
        growing.file.as_ref().map(|(_, file)| file).ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// Brings all of it to the disk.
    pub(super) fn sync(&mut self) -> Result<()> {
        for (part, _) in names::parts(&self.dir)?.into_iter().filter(|(_, lies)| lies.plain) {
            match File::open(part.path(&self.dir)) {
                // Packed meanwhile, and on the disk therefore.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                file => file?.sync_data()?,
            }
        }
        // The names too: of the files, and of their directory.
        File::open(&self.dir)?.sync_all()?;
        if let Some(parent) = self.dir.parent() {
            File::open(parent)?.sync_all()?;
        }
        self.is_synced = true;
        Ok(())
    }
}

fn remove(path: &std::path::Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
