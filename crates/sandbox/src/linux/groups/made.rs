//! The groups of one command.

use std::fs::{read_to_string, remove_dir, write};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::outcome::Usage;
use crate::profile::Limits;

/// Groups that could not be removed yet, since somebody was still dying in them.
pub(super) type Left = Mutex<Vec<PathBuf>>;

/// The launcher and the inner process are in the group too.
const OURS: u64 = 2;

/// One directory of the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) unified: bool,
}

/// All of them; removed with this value.
#[derive(Debug)]
pub(in super::super) struct Group {
    pub(super) memory: Option<Part>,
    pub(super) processes: Option<Part>,
    left: Arc<Left>,
}

impl Part {
    fn door(&self) -> PathBuf {
        self.path.join("cgroup.procs")
    }

    fn number(&self, file: &str) -> Option<u64> {
        read_to_string(self.path.join(file)).ok()?.trim().parse().ok()
    }

    /// A number behind a word in a file of such lines.
    fn named_number(&self, file: &str, name: &str) -> Option<u64> {
        let text = read_to_string(self.path.join(file)).ok()?;
        text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }
}

impl Group {
    pub(super) fn new(left: Arc<Left>) -> Self {
        Self { memory: None, processes: None, left }
    }

    /// No groups at all.
    pub(in super::super) fn none() -> Self {
        Self::new(Arc::default())
    }

    pub(in super::super) fn memory_door(&self) -> Option<PathBuf> {
        self.memory.as_ref().map(Part::door)
    }

    pub(in super::super) fn processes_door(&self) -> Option<PathBuf> {
        self.processes.as_ref().map(Part::door)
    }

    pub(super) fn limit(&self, limits: &Limits) -> io::Result<()> {
        if let (Some(part), Some(bytes)) = (&self.memory, limits.memory_bytes) {
            let (file, swap, all) = if part.unified {
                ("memory.max", "memory.swap.max", 0)
            } else {
                ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", bytes)
            };
            write(part.path.join(file), bytes.to_string())?;
            // Where the kernel does not count swap there is no such file.
            let _ = write(part.path.join(swap), all.to_string());
        }
        if let (Some(part), Some(processes)) = (&self.processes, limits.processes) {
            write(part.path.join("pids.max"), (processes + OURS).to_string())?;
        }
        Ok(())
    }

    /// Ends everybody in it, where the kernel does that at one word.
    pub(in super::super) fn kill(&self) {
        for part in self.memory.iter().chain(&self.processes).filter(|part| part.unified) {
            // An older kernel has no such file; the launcher ends them then.
            let _ = write(part.path.join("cgroup.kill"), "1");
        }
    }

    /// The most memory that was in use, and how often the limit killed.
    pub(in super::super) fn usage(&self) -> Option<Usage> {
        let part = self.memory.as_ref()?;
        let (most, events) = if part.unified {
            ("memory.peak", "memory.events")
        } else {
            ("memory.max_usage_in_bytes", "memory.oom_control")
        };
        let memory_kills = part.named_number(events, "oom_kill ");
        Some(Usage { memory_bytes: part.number(most).unwrap_or_default(), memory_kills, ..Usage::default() })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let paths = self.memory.iter().chain(&self.processes).map(|part| part.path.clone());
        let left = paths.filter(|path| path.exists() && remove_dir(path).is_err());
        self.left.lock().unwrap_or_else(PoisonError::into_inner).extend(left.collect::<Vec<_>>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(unified: bool) -> (tempfile::TempDir, Group) {
        let directory = tempfile::tempdir().unwrap();
        let part = Part { path: directory.path().to_owned(), unified };
        let left = Arc::new(Mutex::new(vec![]));
        (directory, Group { memory: Some(part.clone()), processes: Some(part), left })
    }

    #[test]
    fn limits_are_written_as_each_generation_wants_them() {
        let limits = Limits { memory_bytes: Some(1 << 20), processes: Some(5), ..Limits::default() };
        for (unified, files) in [
            (true, [("memory.max", "1048576"), ("memory.swap.max", "0"), ("pids.max", "7")]),
            (
                false,
                [("memory.limit_in_bytes", "1048576"), ("memory.memsw.limit_in_bytes", "1048576"), ("pids.max", "7")],
            ),
        ] {
            let (directory, group) = group(unified);
            group.limit(&limits).unwrap();
            for (file, text) in files {
                assert_eq!(read_to_string(directory.path().join(file)).unwrap(), text, "{file}");
            }
        }
    }

    #[test]
    fn what_was_used_is_read_from_each_generation() {
        for (unified, most, events) in [
            (true, "memory.peak", ("memory.events", "low 0\noom 3\noom_kill 2\noom_group_kill 0\n")),
            (
                false,
                "memory.max_usage_in_bytes",
                ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"),
            ),
        ] {
            let (directory, group) = group(unified);
            write(directory.path().join(most), "4096\n").unwrap();
            write(directory.path().join(events.0), events.1).unwrap();
            let usage = group.usage().unwrap();
            assert_eq!((usage.memory_bytes, usage.memory_kills), (4096, Some(2)));
        }
    }
}
