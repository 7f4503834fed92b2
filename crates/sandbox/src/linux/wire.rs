//! How a plan and a report are written down: names and values, each ended by a zero byte.
//!
//! None of what is told can hold a zero byte: arguments, variables and paths cannot, numbers do not.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::path::PathBuf;

/// One thing that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: Vec<u8>,
}

impl Field {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.value).into_owned()
    }

    pub(super) fn number(&self) -> Option<u64> {
        self.text().parse().ok()
    }
}

/// Puts one field behind the others.
pub(super) fn put(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    bytes.extend_from_slice(name.as_bytes());
    bytes.push(0);
    // What an error message says is not ours.
    bytes.extend(value.iter().filter(|byte| **byte != 0));
    bytes.push(0);
}

/// The fields in a text; an unfinished one at the end is none.
pub(super) fn fields(bytes: &[u8]) -> Vec<Field> {
    let mut parts: Vec<&[u8]> = bytes.split(|byte| *byte == 0).collect();
    parts.pop();
    let field = |pair: &[&[u8]]| match pair {
        [name, value] => Some(Field { name: String::from_utf8_lossy(name).into_owned(), value: value.to_vec() }),
        _ => None,
    };
    parts.chunks(2).filter_map(field).collect()
}

/// What was inherited under a number, opened anew: for this process alone.
pub(super) fn open(number: RawFd, write: bool) -> io::Result<File> {
    let path = PathBuf::from(format!("/proc/self/fd/{number}"));
    File::options().read(!write).write(write).open(path)
}

/// The same, and nobody inherits it from here.
pub(super) fn adopt(number: RawFd, write: bool) -> io::Result<File> {
    let file = open(number, write)?;
    nix::unistd::close(number)?;
    Ok(file)
}

/// Says whether a descriptor outlives the start of another program.
pub(super) fn inherit(descriptor: &OwnedFd, inherited: bool) -> io::Result<()> {
    let flags = if inherited { rustix::io::FdFlags::empty() } else { rustix::io::FdFlags::CLOEXEC };
    Ok(rustix::io::fcntl_setfd(descriptor.as_fd(), flags)?)
}

/// Closes what was inherited and is not in the list.
pub(super) fn close_others(kept: &[RawFd]) -> io::Result<()> {
    let names = std::fs::read_dir("/proc/self/fd")?.map(|entry| entry.map(|entry| entry.file_name()));
    let names = names.collect::<io::Result<Vec<_>>>()?;
    let numbers = names.iter().filter_map(|name| name.to_str()?.parse::<RawFd>().ok());
    for number in numbers.filter(|number| *number > 2 && !kept.contains(number)) {
        // The listing itself was one of them and is closed already.
        let _ = nix::unistd::close(number);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_found_again() {
        let mut bytes = vec![];
        put(&mut bytes, "argument", b"");
        put(&mut bytes, "argument", b"\xff=\n");
        let found = fields(&bytes);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], Field { name: "argument".into(), value: vec![] });
        assert_eq!(found[1].value, b"\xff=\n");
    }

    #[test]
    fn what_was_cut_off_is_none() {
        let mut bytes = vec![];
        put(&mut bytes, "exited", b"12");
        bytes.extend_from_slice(b"signal\x009");
        assert_eq!(fields(&bytes).len(), 1);
    }
}
