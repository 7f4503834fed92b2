//! Which processes take most: by name only, since arguments may hold secrets.

use std::collections::HashMap;
use std::io::Read;
use std::time::Duration;

use diwan_protocol::facts::Process;

use super::facts::readable;

/// So many are told.
const TOLD: usize = 8;
/// More than these are not looked at.
const MOST: usize = 10_000;

/// Remembers what each process had taken before.
#[derive(Debug, Default)]
pub(super) struct Processes {
    before: HashMap<u32, u64>,
}

struct Seen {
    pid: u32,
    name: String,
    ticks: u64,
    pages: u64,
}

impl Processes {
    /// Those that took most processor time since the last time, and most memory among equals.
    pub(super) fn top(&mut self, since: Duration) -> Vec<Process> {
        let all = all();
        let now: HashMap<u32, u64> = all.iter().map(|seen| (seen.pid, seen.ticks)).collect();
        let page = rustix::param::page_size() as u64;
        let ticks_in_all = since.as_millis() as u64 * rustix::param::clock_ticks_per_second() / 1000;
        let mut told: Vec<Process> = all
            .into_iter()
            .map(|seen| {
                let before = self.before.get(&seen.pid).copied().unwrap_or(seen.ticks);
                let share = (seen.ticks.saturating_sub(before) * 10_000).checked_div(ticks_in_all).unwrap_or(0);
                let processor = u32::try_from(share).unwrap_or(u32::MAX);
                Process { pid: seen.pid, name: seen.name, processor, memory_bytes: seen.pages.saturating_mul(page) }
            })
            .collect();
        self.before = now;
        told.sort_by_key(|process| std::cmp::Reverse((process.processor, process.memory_bytes)));
        told.truncate(TOLD);
        told
    }
}

fn all() -> Vec<Seen> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return vec![] };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut buffer = String::new();
    pids.take(MOST).filter_map(|pid| look(pid, &mut buffer)).collect()
}

/// A process that ended in the meantime is none.
fn look(pid: u32, buffer: &mut String) -> Option<Seen> {
    buffer.clear();
    std::fs::File::open(format!("/proc/{pid}/stat")).ok()?.read_to_string(buffer).ok()?;
    read(pid, buffer)
}

/// The name stands in brackets, and may have brackets in it.
fn read(pid: u32, stat: &str) -> Option<Seen> {
    let (head, rest) = stat.rsplit_once(") ")?;
    let name = readable(head.split_once('(')?.1);
    let fields: Vec<&str> = rest.split(' ').collect();
    let number = |at: usize| fields.get(at)?.trim().parse::<u64>().ok();
    Some(Seen { pid, name, ticks: number(11)? + number(12)?, pages: number(21)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_be_anything() {
        let stat =
            "7 (a) b (\u{1b}[0m) S 1 7 7 0 -1 4194560 1 2 3 4 50 6 7 8 20 0 1 0 99 1000 321 18446744073709551615\n";
        let seen = read(7, stat).unwrap();
        assert_eq!((seen.name.as_str(), seen.ticks, seen.pages), ("a) b ([0m", 56, 321));
        assert!(read(7, "7 (x").is_none());
    }
}
