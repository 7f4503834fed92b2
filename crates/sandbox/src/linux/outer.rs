//! The launcher: leaves the namespaces of the machine, starts the inner process, and stays as its bridge
//! to the outside: signals go in, the end comes out, and if the bridge dies, everything inside dies.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use rustix::fs::FileType;

use super::plan::Plan;
use super::steps::{Failed, Steps};
use super::{INNER, NAME, groups, limits, namespaces, wire};
use crate::layers::Layer;
use crate::outcome::Ended;
use crate::profile::User;

/// Runs one plan to its end; what it returns is the exit code of this process.
pub(super) fn run(descriptors: Vec<RawFd>) -> i32 {
    let [plan, report, lifeline] = descriptors[..] else { return 1 };
    let Ok((mut steps, lifeline)) = take_over(plan, report, lifeline) else { return 1 };
    match start(&mut steps, plan, &lifeline) {
        Ok(end) => mirror(end),
        Err(failed) => {
            steps.tell_failure(&failed);
            1
        }
    }
}

fn take_over(plan: RawFd, report: RawFd, lifeline: RawFd) -> io::Result<(Steps, File)> {
    wire::close_others(&[plan, report, lifeline])?;
    let mut bytes = vec![];
    // The number stays open: the inner process reads the plan as well.
    wire::open(plan, false)?.read_to_end(&mut bytes)?;
    let mut plan = Plan::from_bytes(&bytes);
    // It is the inner process that hands them over, and there may be secrets among them.
    plan.profile.environment = vec![];
    let report = wire::adopt(report, true)?;
    Ok((Steps { plan, report }, wire::adopt(lifeline, false)?))
}

fn start(steps: &mut Steps, plan: RawFd, lifeline: &File) -> Result<Ended, Failed> {
    SigSet::all().thread_block().map_err(Failed::at("signals"))?;
    let signals = SignalFd::with_flags(&SigSet::all(), SfdFlags::SFD_CLOEXEC).map_err(Failed::at("signals"))?;
    prctl::set_child_subreaper(true).map_err(Failed::at("orphans"))?;
    steps.layer(Layer::GroupMemory, |plan| groups::join(plan.memory_door.as_ref()))?;
    steps.layer(Layer::GroupProcesses, |plan| groups::join(plan.processes_door.as_ref()))?;
    give_streams(steps.plan.profile.user);
    namespaces::leave(steps)?;
    let (pid, from_inner) = start_inner(plan).map_err(Failed::at("inner process"))?;
    let told = watch(pid, lifeline, from_inner, &signals).map_err(Failed::at("watch"))?;
    let end = waitpid(pid, None).map_err(Failed::at("wait"))?;
    end_orphans();
    let told_outwards = steps.report.write_all(&told).and_then(|()| limits::tell_usage(steps));
    told_outwards.map_err(Failed::at("report"))?;
    Ok(Ended::told(&wire::fields(&told)).unwrap_or(Ended::of(end)))
}

/// A program may open its streams anew by their names, as `/dev/stderr`, if the pipes are its user's. Where they are
/// not to be given away, it still has them open.
fn give_streams(user: Option<User>) {
    let Some(user) = user else { return };
    let (uid, gid) = (rustix::fs::Uid::from_raw(user.uid), rustix::fs::Gid::from_raw(user.gid));
    for stream in [io::stdin().as_fd(), io::stdout().as_fd(), io::stderr().as_fd()] {
        let is_pipe =
            rustix::fs::fstat(stream).is_ok_and(|file| FileType::from_raw_mode(file.st_mode) == FileType::Fifo);
        if is_pipe {
            let _ = rustix::fs::fchown(stream, Some(uid), Some(gid));
        }
    }
}

fn start_inner(plan: RawFd) -> io::Result<(Pid, File)> {
    let (from_inner, report) = nix::unistd::pipe()?;
    wire::inherit(&from_inner, false)?;
    let mut inner = Command::new("/proc/self/exe");
    inner.arg0(NAME).arg(INNER).arg(format!("{plan},{}", report.as_raw_fd())).env_clear();
    // The inner process exchanges the file tree under this one: nothing is opened after it has started.
    let nothing = nothing()?;
    let pid = inner.spawn()?.id();
    hold_no_stream(&nothing)?;
    Ok((Pid::from_raw(i32::try_from(pid).map_err(io::Error::other)?), File::from(from_inner)))
}

/// Lets go of the streams of the program: whoever is at their other ends must see when *it* closes them.
pub(super) fn hold_no_stream(nothing: &File) -> io::Result<()> {
    nix::unistd::dup2_stdin(nothing)?;
    nix::unistd::dup2_stdout(nothing)?;
    nix::unistd::dup2_stderr(nothing)?;
    Ok(())
}

/// What is held instead of a stream.
pub(super) fn nothing() -> io::Result<File> {
    File::options().read(true).write(true).open("/dev/null")
}

/// Stays until the inner process is gone, and returns what it told.
fn watch(pid: Pid, lifeline: &File, mut from_inner: File, signals: &SignalFd) -> io::Result<Vec<u8>> {
    let (mut told, mut part, mut bridge_lives) = (vec![], [0; 4096], true);
    loop {
        // Signals wait until there is a program that they can reach.
        let started = wire::fields(&told).iter().any(|field| field.name == "started");
        let mut watched = vec![PollFd::new(from_inner.as_fd(), PollFlags::POLLIN)];
        watched.extend(bridge_lives.then(|| PollFd::new(lifeline.as_fd(), PollFlags::POLLIN)));
        watched.extend(started.then(|| PollFd::new(signals.as_fd(), PollFlags::POLLIN)));
        poll(&mut watched, PollTimeout::NONE)?;
        let rings = |index: usize| watched.get(index).and_then(PollFd::any).unwrap_or_default();
        let (inner, bridge, signal) = (rings(0), bridge_lives && rings(1), rings(1 + usize::from(bridge_lives)));
        if bridge {
            bridge_lives = false;
            kill(pid, Signal::SIGKILL)?;
        } else if signal && started {
            pass_on(pid, signals)?;
        }
        if inner {
            match from_inner.read(&mut part)? {
                0 => return Ok(told),
                length => told.extend_from_slice(&part[..length]),
            }
        }
    }
}

fn pass_on(pid: Pid, signals: &SignalFd) -> io::Result<()> {
    let Some(signal) = signals.read_signal()? else { return Ok(()) };
    let signal = i32::try_from(signal.ssi_signo).ok().and_then(|number| Signal::try_from(number).ok());
    match signal {
        Some(signal) if signal != Signal::SIGCHLD => Ok(kill(pid, signal)?),
        _ => Ok(()),
    }
}

/// Where there is no process namespace, what the program left behind is handed to this process.
fn end_orphans() {
    loop {
        let children = std::fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
        let pids: Vec<_> = children.split_whitespace().filter_map(|pid| pid.parse().ok()).map(Pid::from_raw).collect();
        // One that is gone already needs no killing; one that became another user cannot be killed from here.
        let killed: Vec<_> = pids.into_iter().filter(|pid| kill(*pid, Signal::SIGKILL).is_ok()).collect();
        if killed.is_empty() {
            return;
        }
        for pid in killed {
            let _ = waitpid(pid, None);
        }
    }
}

/// Ends as the program ended, so that whoever waits for this process sees the same.
fn mirror(end: Ended) -> i32 {
    match end {
        Ended::Exited(code) => code,
        Ended::Signalled(number) => {
            let _ = limits::no_core().and_then(|()| SigSet::all().thread_unblock().map_err(|e| e.to_string()));
            let _ = Signal::try_from(number).map(raise);
            128 + number
        }
    }
}
