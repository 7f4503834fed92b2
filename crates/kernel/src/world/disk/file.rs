//! A file of the machine's own file system that is read and written in parts.

use std::fs::{File, OpenOptions};
use std::io::Result;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::{DiskFile, OWNER_ONLY, Opens};

pub(super) fn open(path: &Path, manner: Opens) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).mode(OWNER_ONLY).custom_flags(raw(OFlags::NOFOLLOW));
    match manner {
        Opens::Reading => return open_quietly(path),
        Opens::Kept => options.write(true).create(true).truncate(false),
        Opens::Emptied => options.write(true).create(true).truncate(true),
        Opens::New => options.write(true).create_new(true),
    };
    options.open(path)
}

/// That it was read is not written down where that can be helped: who reads would wait for the disk each time.
fn open_quietly(path: &Path) -> Result<File> {
    let open = |more| OpenOptions::new().read(true).custom_flags(raw(OFlags::NOFOLLOW | more)).open(path);
    open(OFlags::NOATIME).or_else(|_| open(OFlags::empty()))
}

fn raw(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

impl DiskFile for File {
    fn read_at(&self, at: u64, most: usize, to: &mut Vec<u8>) -> Result<usize> {
        let before = to.len();
        to.reserve(most);
        let count = loop {
            match rustix::io::pread(self, rustix::buffer::spare_capacity(to), at) {
                Err(Errno::INTR) => {}
                other => break other?,
            }
        };
        to.truncate(before + count.min(most));
        Ok(count.min(most))
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<()> {
        self.write_all_at(bytes, at)
    }

    fn set_len(&self, length: u64) -> Result<()> {
        Self::set_len(self, length)
    }

    fn sync_data(&self) -> Result<()> {
        Self::sync_data(self)
    }

    fn sync_all(&self) -> Result<()> {
        Self::sync_all(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Disk, RealDisk};

    #[test]
    fn a_file_is_read_and_written_in_parts() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("parts");
        assert!(RealDisk.open(&path, Opens::Reading).is_err_and(|error| error.is_missing()));
        let file = RealDisk.open(&path, Opens::Kept)?;
        file.write_at(2, b"cdef")?;
        file.sync_data()?;
        let mut read = b"<".to_vec();
        assert_eq!(RealDisk.open(&path, Opens::Kept)?.read_at(1, 3, &mut read)?, 3);
        assert_eq!(read, b"<\0cd");
        assert_eq!(file.read_at(6, 9, &mut read)?, 0);
        assert!(RealDisk.open(&path, Opens::New).is_err());
        file.set_len(3)?;
        assert_eq!(RealDisk.length(&path)?, 3);
        let other = dir.path().join("other");
        RealDisk.rename(&path, &other)?;
        RealDisk.sync_dir(dir.path())?;
        RealDisk.open(&other, Opens::Emptied)?.sync_all()?;
        assert_eq!((RealDisk.length(&other)?, RealDisk.length(&path).is_err()), (0, true));
        Ok(())
    }

    #[test]
    fn a_link_in_the_place_of_a_file_is_not_followed() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let (of_another, link) = (dir.path().join("of another"), dir.path().join("link"));
        std::fs::write(&of_another, "whole")?;
        std::os::unix::fs::symlink(&of_another, &link)?;
        for manner in [Opens::Reading, Opens::Kept, Opens::Emptied, Opens::New] {
            assert!(RealDisk.open(&link, manner).is_err(), "{manner:?}");
        }
        assert_eq!(std::fs::read(&of_another)?, b"whole");
        Ok(())
    }
}
