//! Attempts to use more than is allowed. What is enough is planted by the test, above the limits.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use super::planted;
use crate::Done;

const MIB: usize = 1 << 20;

pub(super) fn fork_bomb() -> Done<String> {
    let wanted: usize = planted("PROCESSES")?.parse()?;
    let mut children = vec![];
    let failed = loop {
        if children.len() == wanted {
            break None;
        }
        match Command::new("/bin/cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn() {
            Ok(child) => children.push(child),
            Err(error) => break Some(error),
        }
    };
    let count = children.len();
    for mut child in children {
        child.kill()?;
        child.wait()?;
    }
    failed.map_or(Ok(format!("{count} processes")), |error| Err(format!("{count} processes, then {error}").into()))
}

/// In a process of its own: what is denied here is denied by being killed.
pub(super) fn eat_memory() -> Done<String> {
    let output = Command::new(std::env::current_exe()?).args(["eat", &planted("MEMORY")?]).output()?;
    if output.status.success() { Ok("eaten".to_owned()) } else { Err(output.status.to_string().into()) }
}

fn fill(path: &str, bytes: usize) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    (0..bytes / MIB).try_for_each(|_| file.write_all(&vec![1; MIB]))
}

pub(super) fn long_file() -> Done<String> {
    let (path, bytes) = (format!("{}/long", planted("ROOT")?), planted("FILE")?.parse()?);
    // Whoever writes too far is told by a signal first; it is in a process of its own therefore.
    let filled = fill(&path, bytes);
    std::fs::remove_file(&path)?;
    filled?;
    Ok("written".to_owned())
}

pub(super) fn fill_scratch() -> Done<String> {
    let pieces = planted("SCRATCH")?.parse::<usize>()? / (8 * MIB);
    let paths: Vec<_> = (0..pieces).map(|number| format!("/tmp/probe-{number}")).collect();
    let filled = paths.iter().try_for_each(|path| fill(path, 8 * MIB));
    paths.iter().for_each(|path| drop(std::fs::remove_file(path)));
    filled?;
    Ok("filled".to_owned())
}
