//! Attempts on other processes.

use std::fs::{File, read, read_dir, read_link};
use std::io::IoSliceMut;
use std::process::{Child, Command, Stdio};

use nix::libc::{SYS_sched_setscheduler, SYS_setpriority};
use nix::sys::ptrace::{self as trace, Options};
use nix::sys::signal::kill;
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;

use super::planted;
use crate::Done;
use crate::raw::{call, reached};

pub(super) fn environ_of_process_1() -> Done<String> {
    Ok(format!("{} bytes", read("/proc/1/environ")?.len()))
}

pub(super) fn environ_of_bridge() -> Done<String> {
    Ok(format!("{} bytes", read(format!("/proc/{}/environ", planted("BRIDGE")?))?.len()))
}

pub(super) fn memory_of_bridge() -> Done<String> {
    File::open(format!("/proc/{}/mem", planted("BRIDGE")?))?;
    Ok("opened".to_owned())
}

pub(super) fn root_of_bridge() -> Done<String> {
    Ok(format!("{} entries", read_dir(format!("/proc/{}/root/", planted("BRIDGE")?))?.count()))
}

/// The file that the launcher runs from lies outside of the room.
pub(super) fn program_file_of_process_1() -> Done<String> {
    let path = read_link("/proc/1/exe")?;
    File::options().write(true).open("/proc/1/exe")?;
    Ok(path.display().to_string())
}

/// By what it was started with, since numbers may be the same inside.
pub(super) fn list_others() -> Done<String> {
    let bridge = planted("BRIDGE_MARK")?;
    for entry in read_dir("/proc")?.flatten() {
        let words = read(entry.path().join("cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&words).contains(&bridge) {
            return Ok(entry.path().display().to_string());
        }
    }
    Err("not in the list".into())
}

pub(super) fn kill_other() -> Done<String> {
    kill(Pid::from_raw(planted("BRIDGE")?.parse()?), None)?;
    Ok("a signal would reach it".to_owned())
}

fn child() -> Done<(Child, Pid)> {
    let child = Command::new(std::env::current_exe()?).args(["wait", "child"]).stdin(Stdio::piped()).spawn()?;
    let pid = Pid::from_raw(i32::try_from(child.id())?);
    Ok((child, pid))
}

pub(super) fn ptrace() -> Done<String> {
    let (mut child, pid) = child()?;
    let seized = trace::seize(pid, Options::empty());
    child.kill()?;
    seized?;
    Ok("seized".to_owned())
}

pub(super) fn read_memory_by_call() -> Done<String> {
    let (mut child, pid) = child()?;
    let mut byte = [0];
    // The kernel looks at the address last: a bad one means that everything else was allowed.
    let there = [RemoteIoVec { base: 4096, len: 1 }];
    let got = process_vm_readv(pid, &mut [IoSliceMut::new(&mut byte)], &there);
    child.kill()?;
    match got {
        Ok(_) | Err(nix::Error::EFAULT) => Ok("allowed".to_owned()),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn better_priority() -> Done<String> {
    reached(call(SYS_setpriority, "0, 0, -10")?, &[])
}

pub(super) fn realtime_priority() -> Done<String> {
    const FIFO: i32 = 1;
    let script = format!("my $b = pack('i', 10); my $r = syscall({SYS_sched_setscheduler}, 0, {FIFO}, $b);");
    reached(crate::raw::script(&script)?, &[])
}

/// Everything that is open beyond the three streams, except the listing itself.
pub(super) fn inherited_descriptors() -> Done<String> {
    let mut open = vec![];
    for entry in read_dir("/proc/self/fd")? {
        let path = entry?.path();
        let to = read_link(&path).unwrap_or_default();
        let number: i32 = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().parse()?;
        if number > 2 && !to.to_string_lossy().ends_with("/fd") {
            open.push(format!("{number}={}", to.display()));
        }
    }
    if open.is_empty() { Err("none".into()) } else { Ok(open.join(" ")) }
}
