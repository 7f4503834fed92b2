//! The first process of the room: builds the file tree, gives up every privilege, locks the room, starts
//! the program, and stays to reap whatever is orphaned until the program ends.

use std::io::{self, Read};
use std::os::fd::RawFd;
use std::process::Command;

use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Pid, getpid, getppid};
use rustix::process::{WaitOptions, wait};

use super::plan::Plan;
use super::steps::{Failed, Steps, because};
use super::{ASK_ALL, calls, fence, limits, outer, privileges, tree, wire};
use crate::layers::Layer;
use crate::profile::{HOME, Profile};

/// Where programs are looked for, if the environment does not say.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs one plan to its end; what it returns is the exit code of this process, which nobody looks at.
pub(super) fn run(descriptors: Vec<RawFd>) -> i32 {
    let [plan, report] = descriptors[..] else { return 1 };
    let Ok(mut steps) = take_over(plan, report) else { return 1 };
    let ended = enter(&mut steps).and_then(|()| if steps.plan.probe { Ok(()) } else { run_program(&mut steps) });
    if let Err(failed) = &ended {
        steps.tell_failure(failed);
    }
    i32::from(ended.is_err())
}

fn take_over(plan: RawFd, report: RawFd) -> io::Result<Steps> {
    wire::close_others(&[plan, report])?;
    let mut bytes = vec![];
    wire::open(plan, false)?.read_to_end(&mut bytes)?;
    // Nobody reads it after this, and secrets may be among the variables.
    wire::adopt(plan, true)?.set_len(0)?;
    Ok(Steps { plan: Plan::from_bytes(&bytes), report: wire::adopt(report, true)? })
}

fn enter(steps: &mut Steps) -> Result<(), Failed> {
    umask(Mode::S_IWGRP | Mode::S_IWOTH);
    nix::unistd::setsid().map_err(Failed::at("session"))?;
    if steps.plan.profile.terminal {
        rustix::process::ioctl_tiocsctty(io::stdin()).map_err(Failed::at("terminal"))?;
    }
    steps.layer(Layer::MountNamespace, tree::build)?;
    steps.layer(Layer::PrivateProc, tree::mount_proc)?;
    steps.layer(Layer::MountNamespace, |_| tree::seal())?;
    steps.layer(Layer::ResourceLimits, limits::set)?;
    steps.layer(Layer::User, privileges::give_up)?;
    die_with_the_launcher(steps)?;
    std::env::set_current_dir(directory(&steps.plan)).map_err(Failed::at("working directory"))?;
    steps.layer(Layer::NoNewPrivileges, |_| {
        prctl::set_no_new_privs().map(|()| String::new()).map_err(because("prctl"))
    })?;
    steps.layer(Layer::Landlock, fence::raise)?;
    steps.layer(Layer::Seccomp, calls::refuse)
}

fn directory(plan: &Plan) -> &std::path::Path {
    if plan.probe { std::path::Path::new("/") } else { &plan.profile.directory }
}

/// It is to be asked for after the change of user, which forgets it. If the launcher was gone before,
/// nobody reads what is told, and the start ends by that.
fn die_with_the_launcher(steps: &mut Steps) -> Result<(), Failed> {
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(Failed::at("launcher"))?;
    // What runs inside has the same user: it may not look into this process.
    prctl::set_dumpable(false).map_err(Failed::at("memory"))?;
    steps.tell("locked", "").map_err(Failed::at("launcher"))
}

fn run_program(steps: &mut Steps) -> Result<(), Failed> {
    let signals = SignalFd::with_flags(&SigSet::all(), SfdFlags::SFD_CLOEXEC).map_err(Failed::at("signals"))?;
    let pid = start_program(&steps.plan.profile)?;
    steps.plan.profile.environment = vec![];
    outer::nothing().and_then(|nothing| outer::hold_no_stream(&nothing)).map_err(Failed::at("streams"))?;
    steps.tell("started", "").map_err(Failed::at("report"))?;
    let (name, number) = wait_for(pid, &signals).map_err(Failed::at("wait"))?;
    steps.tell(name, &number.to_string()).map_err(Failed::at("report"))
}

fn start_program(profile: &Profile) -> Result<Pid, Failed> {
    let mut program = Command::new(&profile.program);
    program.args(&profile.arguments).env_clear();
    program.env("HOME", HOME).env("TMPDIR", "/tmp").env("PATH", PATH);
    program.envs(profile.environment.iter().map(|(name, value)| (name, value)));
    // The launcher passes no signal on before it hears that the program is there.
    SigSet::empty().thread_set_mask().map_err(Failed::at("signals"))?;
    let child = program.spawn().map_err(Failed::at("program"));
    SigSet::all().thread_block().map_err(Failed::at("signals"))?;
    i32::try_from(child?.id()).map(Pid::from_raw).map_err(Failed::at("program"))
}

/// Reaps until the program has ended.
fn wait_for(program: Pid, signals: &SignalFd) -> io::Result<(&'static str, i32)> {
    loop {
        while let Some((pid, status)) = wait(WaitOptions::NOHANG)? {
            if pid.as_raw_nonzero().get() != program.as_raw() {
                continue;
            }
            let signalled = status.terminating_signal().map(|signal| ("signalled", signal));
            return Ok(signalled.unwrap_or(("exited", status.exit_status().unwrap_or_default())));
        }
        pass_on(program, signals)?;
    }
}

/// Signals from outside are for the program, but the one that asks all; nobody inside can send any that count. Only
/// this process is told when the terminal is hung up, as the first of its session.
fn pass_on(program: Pid, signals: &SignalFd) -> io::Result<()> {
    const BY_KILL: i32 = 0;
    const BY_KERNEL: i32 = 0x80;
    let Some(signal) = signals.read_signal()? else { return Ok(()) };
    let by_launcher = signal.ssi_code == BY_KILL && i64::from(signal.ssi_pid) == i64::from(getppid().as_raw());
    let by_terminal = signal.ssi_code == BY_KERNEL;
    let signal = i32::try_from(signal.ssi_signo).ok().and_then(|number| Signal::try_from(number).ok());
    match signal {
        None | Some(Signal::SIGCHLD) => Ok(()),
        Some(ASK_ALL) if by_launcher => Ok(kill(all_others(), Signal::SIGTERM)?),
        Some(signal) if by_launcher => Ok(kill(program, signal)?),
        Some(signal @ (Signal::SIGHUP | Signal::SIGCONT)) if by_terminal => Ok(kill(program, signal)?),
        Some(_) => Ok(()),
    }
}

/// Whoever else is in the room: all that this process sees, where it is the first of a namespace of its own. Elsewhere
/// that would be others' too, and it is those in its process group; this process passes over what it sends itself.
fn all_others() -> Pid {
    const ALL: Pid = Pid::from_raw(-1);
    const OWN_GROUP: Pid = Pid::from_raw(0);
    if getpid() == Pid::from_raw(1) { ALL } else { OWN_GROUP }
}
