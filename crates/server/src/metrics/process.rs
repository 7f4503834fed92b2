//! What the system knows about this process (Linux; elsewhere nothing).

use std::path::Path;

use diwan_kernel::world::Disk;

/// Ticks a second in `/proc`: the same on every Linux that matters.
const TICKS_PER_S: f64 = 100.0;

/// The process in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Facts {
    pub resident_bytes: u64,
    pub open_files: usize,
    pub cpu_seconds: f64,
    pub started_at_s: u64,
}

/// Reads them.
pub(crate) fn facts(disk: &dyn Disk) -> Option<Facts> {
    let text = |path: &str| String::from_utf8(disk.read(Path::new(path)).ok()?).ok();
    let status = text("/proc/self/status")?;
    let resident = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let resident_kib: u64 = resident.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let stat = text("/proc/self/stat")?;
    // The name may hold blanks and brackets: the numbers begin behind its last bracket.
    let numbers: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| numbers.get(at)?.parse::<u64>().ok();
    let (user, system, start) = (number(11)?, number(12)?, number(19)?);
    let boot = text("/proc/stat")?.lines().find_map(|l| l.strip_prefix("btime ")?.trim().parse::<u64>().ok())?;
    Some(Facts {
        resident_bytes: resident_kib * 1024,
        open_files: disk.list(Path::new("/proc/self/fd")).map(|f| f.len()).unwrap_or(0),
        cpu_seconds: (user + system) as f64 / TICKS_PER_S,
        started_at_s: boot + (start as f64 / TICKS_PER_S) as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_memory_and_files() {
        let facts = facts(&diwan_kernel::world::RealDisk).unwrap();
        assert!(
            facts.resident_bytes > 100_000 && facts.open_files > 2 && facts.started_at_s > 1_500_000_000,
            "{facts:?}"
        );
    }
}
