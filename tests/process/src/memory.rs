//! The memory of a running program, as a debugger or a core dump shows it.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::fs::FileExt;

/// How often it is tried to read all of it while the program goes on.
const PASSES: usize = 50;

/// The doors to a child's memory. They are opened right after its start: a parent may look into its child
/// without any privilege until the child forbids it, and what is open stays open.
pub(crate) struct Memory {
    bytes: File,
    maps: File,
}

/// One readable stretch of it.
pub(crate) struct Stretch {
    pub(crate) what: String,
    pub(crate) bytes: Vec<u8>,
}

impl Memory {
    pub(crate) fn of(pid: u32) -> io::Result<Self> {
        let open = |what: &str| File::open(format!("/proc/{pid}/{what}"));
        Ok(Self { bytes: open("mem")?, maps: open("maps")? })
    }

    /// Everything that the program can have written: heap, stacks, data, all that is mapped without a file.
    pub(crate) fn stretches(&self) -> io::Result<Vec<Stretch>> {
        for _ in 0..PASSES {
            if let Some(stretches) = self.pass()? {
                return Ok(stretches);
            }
        }
        Err(io::Error::other("the program maps and unmaps memory all the time"))
    }

    /// `None` when something was unmapped meanwhile: then it has to be read again.
    fn pass(&self) -> io::Result<Option<Vec<Stretch>>> {
        let mut stretches = vec![];
        let map = self.map()?;
        for (begin, end, what) in map.lines().filter_map(written) {
            let mut bytes = vec![0; usize::try_from(end - begin).unwrap_or_default()];
            if let Err(error) = self.bytes.read_exact_at(&mut bytes, begin) {
                return if self.map()? == map { Err(error) } else { Ok(None) };
            }
            stretches.push(Stretch { what, bytes });
        }
        Ok(Some(stretches))
    }

    fn map(&self) -> io::Result<String> {
        let (mut maps, mut text) = (&self.maps, String::new());
        maps.rewind()?;
        maps.read_to_string(&mut text)?;
        Ok(text)
    }
}

/// From where to where a line of the map goes, if the program can have written there.
fn written(line: &str) -> Option<(u64, u64, String)> {
    let mut words = line.split_whitespace();
    let (range, access, _, _, inode) = (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
    let what = words.next().unwrap_or_default();
    // What the kernel shows every program of its own.
    if !access.starts_with('r') || what.starts_with("[v") {
        return None;
    }
    // Files that are shared are looked at as files.
    let is_own = access.ends_with('p') && (access.contains('w') || inode == "0");
    let (begin, end) = range.split_once('-')?;
    let parse = |text| u64::from_str_radix(text, 16).ok();
    is_own.then_some((parse(begin)?, parse(end)?, what.to_owned()))
}
