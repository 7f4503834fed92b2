//! What this machine is.

use diwan_protocol::facts::{Facts, Layer};

use super::{graphics, text};

/// What this machine is. Names that it gives itself are cut to what a person can read.
pub(crate) fn facts(layers: Vec<Layer>) -> Facts {
    let system = rustix::system::uname();
    let cpu = text("/proc/cpuinfo");
    let memory = text("/proc/meminfo");
    Facts {
        hostname: readable(&system.nodename().to_string_lossy()),
        system: std::env::consts::OS.to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        release: readable(&release(&text("/etc/os-release"))),
        kernel: readable(&system.release().to_string_lossy()),
        processors: std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(u32::MAX)),
        processor: readable(value(&cpu, "model name").or_else(|| value(&cpu, "Model")).unwrap_or_default()),
        memory_bytes: kilobytes(&memory, "MemTotal"),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        layers,
        graphics: graphics::names(),
    }
}

/// What stands behind a name and a colon.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim_end() == name))?;
    line.split_once(':').map(|(_, value)| value.trim())
}

/// So many kilobytes, as `/proc/meminfo` has them, in bytes.
pub(super) fn kilobytes(text: &str, name: &str) -> u64 {
    let number = value(text, name).and_then(|value| value.split(' ').next()?.parse::<u64>().ok());
    number.unwrap_or(0).saturating_mul(1024)
}

fn release(os_release: &str) -> String {
    let line = os_release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    line.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
}

/// Without what a terminal would obey, and no longer than a line.
pub(super) fn readable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_kernel_are_read() {
        let memory = "MemTotal:       24683752 kB\nMemFree:        1 kB\n";
        assert_eq!(kilobytes(memory, "MemTotal"), 24_683_752 * 1024);
        assert_eq!(kilobytes(memory, "Mem"), 0);
        assert_eq!(value("model name\t: A processor\n", "model name"), Some("A processor"));
        assert_eq!(release("ID=x\nPRETTY_NAME=\"Debian 12\"\n"), "Debian 12");
        assert_eq!(readable("a\u{1b}[31mb"), "a[31mb");
    }

    #[test]
    fn this_machine_is_something() {
        let facts = facts(vec![]);
        assert!(
            facts.processors > 0 && facts.memory_bytes > 0 && !facts.hostname.is_empty() && !facts.kernel.is_empty()
        );
    }
}
