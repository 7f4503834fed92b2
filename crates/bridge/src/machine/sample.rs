//! How this machine is doing at one moment, and since the moment before.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use diwan_kernel::World;
use diwan_protocol::facts::{Disk, Sample};

use super::facts::kilobytes;
use super::graphics;
use super::processes::Processes;
use super::text;

/// More file systems than these nobody looks at.
const MOST_DISKS: usize = 16;

/// Takes samples, and remembers what the one before counted.
#[derive(Debug)]
pub(crate) struct Sampler {
    world: World,
    before: Option<Counters>,
    processes: Processes,
}

/// What the kernel counts up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Counters {
    at: Duration,
    /// Busy and whole time: of all processors, then of each.
    processors: Vec<(u64, u64)>,
    received: u64,
    sent: u64,
}

impl Sampler {
    pub(crate) fn new(world: &World) -> Self {
        Self { world: world.clone(), before: None, processes: Processes::default() }
    }
}

impl super::Sampler for Sampler {
    /// Reads a few hundred small files.
    fn take(&mut self, commands: usize) -> Sample {
        let at = self.world.monotonic();
        let (received, sent) = network(&text("/proc/net/dev"));
        let now = Counters { at, processors: processors(&text("/proc/stat")), received, sent };
        let before = self.before.replace(now.clone()).unwrap_or_else(|| now.clone());
        let memory = text("/proc/meminfo");
        let (all, free) = (kilobytes(&memory, "MemTotal"), kilobytes(&memory, "MemAvailable"));
        let (swap, swap_free) = (kilobytes(&memory, "SwapTotal"), kilobytes(&memory, "SwapFree"));
        let since = now.at.saturating_sub(before.at);
        let mut shares = shares(&before.processors, &now.processors).into_iter();
        let uptime = text("/proc/uptime");
        Sample {
            at_ms: self.world.now().as_millis(),
            uptime_s: uptime.split('.').next().and_then(|s| s.parse().ok()).unwrap_or(0),
            processor: shares.next().unwrap_or(0),
            processors: shares.collect(),
            load: load(&text("/proc/loadavg")),
            memory_used_bytes: all.saturating_sub(free),
            memory_bytes: all,
            swap_used_bytes: swap.saturating_sub(swap_free),
            swap_bytes: swap,
            disks: disks(&text("/proc/self/mounts")),
            received_bytes_s: per_second(now.received.saturating_sub(before.received), since),
            sent_bytes_s: per_second(now.sent.saturating_sub(before.sent), since),
            processes: self.processes.top(since),
            graphics: graphics::now(),
            commands: u32::try_from(commands).unwrap_or(u32::MAX),
        }
    }
}

fn per_second(count: u64, since: Duration) -> u64 {
    let per_second = (u128::from(count) * 1000).checked_div(since.as_millis()).unwrap_or(0);
    u64::try_from(per_second).unwrap_or(u64::MAX)
}

/// Busy and whole time of all processors together, then of each.
fn processors(stat: &str) -> Vec<(u64, u64)> {
    let times = |line: &str| {
        let numbers: Vec<u64> = line.split_whitespace().skip(1).take(8).filter_map(|n| n.parse().ok()).collect();
        let whole: u64 = numbers.iter().sum();
        let idle: u64 = numbers.iter().skip(3).take(2).sum();
        (whole - idle, whole)
    };
    stat.lines().take_while(|line| line.starts_with("cpu")).map(times).collect()
}

fn shares(before: &[(u64, u64)], now: &[(u64, u64)]) -> Vec<u32> {
    let share = |(before, now): (&(u64, u64), &(u64, u64))| {
        let (busy, whole) = (now.0.saturating_sub(before.0), now.1.saturating_sub(before.1));
        (busy.min(whole) * 10_000).checked_div(whole).and_then(|share| u32::try_from(share).ok()).unwrap_or(0)
    };
    before.iter().zip(now).map(share).collect()
}

fn load(loadavg: &str) -> Vec<u32> {
    let hundredths = |n: &str| n.replace('.', "").parse().unwrap_or(0);
    loadavg.split(' ').take(3).map(hundredths).collect()
}

/// What came and what went, over everything but the machine's talk with itself.
fn network(dev: &str) -> (u64, u64) {
    let counters = dev.lines().skip(2).filter_map(|line| {
        let (name, rest) = line.split_once(':')?;
        let numbers: Vec<u64> = rest.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        (name.trim() != "lo").then_some((*numbers.first()?, *numbers.get(8)?))
    });
    counters.fold((0, 0), |(received, sent), (more_in, more_out)| (received + more_in, sent + more_out))
}

/// File systems on devices, each device once. Those of others over the network are left out: asking one that
/// does not answer would take for ever. In a container single files are places of a device too, which say nothing.
fn disks(mounts: &str) -> Vec<Disk> {
    let mut devices = HashSet::new();
    let of_devices = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let (device, path) = (fields.next()?, fields.next()?.replace("\\040", " "));
        let is_one = device.starts_with("/dev/") && Path::new(&path).is_dir() && devices.insert(device.to_owned());
        is_one.then_some(path)
    });
    of_devices.filter_map(|path| disk(&path)).take(MOST_DISKS).collect()
}

fn disk(path: &str) -> Option<Disk> {
    let seen = rustix::fs::statvfs(path).ok()?;
    let bytes = seen.f_blocks.saturating_mul(seen.f_frsize);
    let free = seen.f_bfree.saturating_mul(seen.f_frsize);
    let path = super::facts::readable(path);
    (bytes > 0).then_some(Disk { path, used_bytes: bytes.saturating_sub(free), bytes })
}

#[cfg(test)]
mod tests {
    use super::super::Sampler as _;
    use super::*;

    #[test]
    fn what_the_kernel_counts_is_read() {
        let stat = "cpu  10 0 10 70 10 0 0 0 5 5\ncpu0 10 0 10 70 10 0 0 0 0 0\nintr 5\n";
        assert_eq!(processors(stat), [(20, 100), (20, 100)]);
        assert_eq!(shares(&[(20, 100), (0, 0)], &[(70, 200), (0, 0)]), [5000, 0]);
        assert_eq!(load("0.52 1.00 12.34 1/200 99\n"), [52, 100, 1234]);
        let dev = "h\nh\n    lo: 1 0 0 0 0 0 0 0 1 0\n  eth0: 500 1 0 0 0 0 0 0 70 1\n";
        assert_eq!(network(dev), (500, 70));
        assert_eq!((per_second(500, Duration::from_millis(250)), per_second(1, Duration::ZERO)), (2000, 0));
    }

    #[test]
    fn a_disk_is_named_by_a_directory() {
        let mounts = "/dev/vda /etc/hostname ext4 rw 0 0\n/dev/vda / ext4 rw 0 0\n/dev/vda /usr ext4 rw 0 0\n\
                      tmpfs /tmp tmpfs rw 0 0\n";
        let paths: Vec<String> = disks(mounts).into_iter().map(|disk| disk.path).collect();
        assert_eq!(paths, ["/"]);
    }

    #[test]
    fn this_machine_can_be_sampled() {
        let mut sampler = Sampler::new(&World::real());
        sampler.take(0);
        let sample = sampler.take(3);
        assert!(sample.memory_bytes > 0 && sample.memory_used_bytes > 0 && sample.uptime_s > 0);
        assert_eq!((sample.load.len(), sample.commands), (3, 3));
        assert!(sample.processor <= 10_000 && !sample.processes.is_empty() && sample.processes.len() <= 8);
    }
}
