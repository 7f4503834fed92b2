//! A process that only has to be started: in its sandbox, or outside of it where the policy says so.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use diwan_policy::{Network, Plan};
use diwan_protocol::environment::SecretText;
use diwan_protocol::run::{Outcome, Usage};
use diwan_sandbox::{GIVEN, Limits, Prepared, Profile, Sandbox, hold};
use rustix::process::{Pid, Signal, kill_process_group};

use super::attend::{Attended, Bounds};
use super::pty::Pty;
use super::said::{Keeps, Said};
use super::stop::Deed;
use super::{Executor, Finished, Streams, files, in_words, users};
use crate::commands::{Channel, Entry, Given, Parts, Size};
use crate::mask::Masks;

/// What fits into each of the private directories of a command; it lies in memory.
const SCRATCH: u64 = 512 * 1024 * 1024;

/// A process that only has to be started.
#[derive(Debug)]
pub(crate) struct Ready {
    command: Command,
    /// Its sandbox, if it is in one.
    prepared: Option<Prepared>,
    /// What makes another one, for gathering what it leaves.
    sandbox: Option<Sandbox>,
    /// Its terminal, if it runs in one.
    pty: Option<Pty>,
    /// Whether its input and output are for whoever takes them up.
    is_pipe: bool,
    /// What must not be seen of what it says.
    masks: Option<Masks>,
    wall_time: Duration,
    output: u64,
    memory: u64,
}

impl Executor {
    /// Makes everything ready that a plan needs, with the variables that it is given.
    ///
    /// # Errors
    /// Why it cannot be started.
    pub(crate) fn prepare(&self, plan: &Plan, streams: Streams, given: Given) -> Result<Ready, String> {
        if !given.all.is_empty() && !plan.profile.confined {
            return Err("only what runs in the sandbox is given variables".to_owned());
        }
        let masks = Masks::new(given.secrets.iter().map(SecretText::expose));
        let profile = |plan: &Plan| profile(plan).map(|profile| with_variables(profile, &given));
        let prepared = match (plan.profile.confined, streams) {
            (true, Streams::Pipes { .. } | Streams::Pipe) => {
                Some(self.confine(plan, &without_hands(plan, profile(plan)?))?)
            }
            (true, Streams::Terminal(_)) => Some(self.confine(plan, &in_terminal(profile(plan)?))?),
            (false, _) if plan.script.is_some() => return Err("a script only ever runs in the sandbox".to_owned()),
            (false, Streams::Terminal(_)) => Some(hold(&at_home(plan)?).map_err(|error| in_words(&error))?),
            (false, Streams::Pipes { .. } | Streams::Pipe) => None,
        };
        let mut command = match &prepared {
            Some(prepared) => prepared.command(),
            None => unconfined(plan)?,
        };
        let pty = match streams {
            Streams::Terminal(size) => Some(open_terminal(plan, size, &mut command)?),
            Streams::Pipes { has_input } => {
                command.stdin(if has_input { Stdio::piped() } else { Stdio::null() });
                command.stdout(Stdio::piped()).stderr(Stdio::piped());
                None
            }
            Streams::Pipe => {
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
                None
            }
        };
        Ok(Ready {
            is_pipe: streams == Streams::Pipe,
            masks,
            command,
            sandbox: self.sandbox.as_ref().ok().filter(|_| prepared.is_some()).cloned(),
            prepared,
            pty,
            wall_time: Duration::from_millis(plan.wall_time_ms),
            output: plan.output_limit_bytes,
            memory: plan.profile.limits.memory_bytes,
        })
    }

    fn confine(&self, plan: &Plan, profile: &Profile) -> Result<Prepared, String> {
        let sandbox = self.sandbox.as_ref().map_err(|why| format!("there is no sandbox on this machine: {why}"))?;
        if let Some(missing) = sandbox.layers().missing().filter(|_| plan.profile.required) {
            return Err(format!("the policy requires the whole sandbox, and this machine lacks {missing}"));
        }
        sandbox.prepare(profile).map_err(|error| in_words(&error))
    }
}

/// Nobody types into it: what is not git itself has nothing to write into a repository's own directory, where a file
/// that was not there a moment ago may have git run programs.
fn without_hands(plan: &Plan, mut profile: Profile) -> Profile {
    let is_git = plan.program.file_name().is_some_and(|name| name == "git");
    if plan.profile.protect_git && !is_git {
        profile.protected.retain(|path| !path.starts_with(".git"));
        profile.protected.push(".git".into());
    }
    profile
}

/// What the policy says of a variable counts more than what came with the command.
fn with_variables(mut profile: Profile, given: &Given) -> Profile {
    let own = std::mem::take(&mut profile.environment);
    let is_own = |name: &str| own.iter().any(|(known, _)| known == name);
    let given = given.all.iter().filter(|(name, _)| !is_own(name));
    profile.environment = given.map(|(name, value)| (name.into(), value.expose().into())).collect();
    profile.environment.extend(own);
    profile
}

fn in_terminal(profile: Profile) -> Profile {
    Profile { terminal: true, ..profile }
}

/// A terminal outside of the sandbox is its user's own, with their home and name.
fn at_home(plan: &Plan) -> Result<Profile, String> {
    let mut bare = Profile::new(called(plan), directory(plan));
    bare.arguments = plan.argv.iter().skip(1).map(Into::into).collect();
    bare.user = users::for_plan(plan.run_as.as_deref(), plan.root.as_ref().map(|root| root.path.as_path()))?;
    let own = users::variables(bare.user.map(|user| user.uid));
    let all = own.into_iter().chain([("SHELL".to_owned(), bare.program.to_string_lossy().into_owned())]);
    bare.environment = all.chain(plan.env.iter().cloned()).map(|(name, value)| (name.into(), value.into())).collect();
    Ok(in_terminal(bare))
}

/// Gives a command a terminal for all its streams.
fn open_terminal(plan: &Plan, size: Size, command: &mut Command) -> Result<Pty, String> {
    let user = users::for_plan(plan.run_as.as_deref(), plan.root.as_ref().map(|root| root.path.as_path()))?;
    let failed = |error: std::io::Error| format!("this machine has no terminal left: {error}");
    let pty = Pty::open(size, user.map(|user| user.uid)).map_err(|errno| failed(errno.into()))?;
    command.stdin(pty.theirs().map_err(failed)?).stdout(pty.theirs().map_err(failed)?);
    command.stderr(pty.theirs().map_err(failed)?);
    Ok(pty)
}

fn directory(plan: &Plan) -> PathBuf {
    match &plan.root {
        None => PathBuf::from("/"),
        Some(root) if plan.dir.is_empty() => root.path.clone(),
        Some(root) => root.path.join(&plan.dir),
    }
}

/// What the program is called as, when that is still the file that was judged: some programs are one file
/// under many names, and do what their name says.
fn called(plan: &Plan) -> PathBuf {
    let called = plan.argv.first().map(PathBuf::from).filter(|called| called.is_absolute());
    let is_it = |called: &PathBuf| std::fs::canonicalize(called).is_ok_and(|real| real == plan.program);
    called.filter(is_it).unwrap_or_else(|| plan.program.clone())
}

pub(super) fn profile(plan: &Plan) -> Result<Profile, String> {
    let mut profile = Profile::new(called(plan), directory(plan));
    profile.arguments = plan.argv.iter().skip(1).map(Into::into).collect();
    profile.environment = plan.env.iter().map(|(name, value)| (name.into(), value.into())).collect();
    if let (Some(source), Some(name)) = (&plan.script, plan.argv.get(1)) {
        profile.given.push((name.clone(), source.clone()));
        if let Some(file) = profile.arguments.first_mut() {
            *file = Path::new(GIVEN).join(name).into();
        }
    }
    profile.ours = files::is_own(plan);
    profile.readable = plan.profile.readable.clone();
    if let Some(root) = &plan.root {
        let roots = if plan.profile.writable { &mut profile.writable } else { &mut profile.readable };
        roots.push(root.path.clone());
    }
    if !plan.profile.protect_git {
        profile.protected.retain(|path| !path.starts_with(".git"));
    }
    profile.network = match plan.profile.network {
        Network::None => diwan_sandbox::Network::None,
        Network::Host => diwan_sandbox::Network::Host,
    };
    profile.limits = limits(plan);
    profile.user = users::for_plan(plan.run_as.as_deref(), plan.root.as_ref().map(|root| root.path.as_path()))?;
    Ok(profile)
}

fn limits(plan: &Plan) -> Limits {
    let limits = &plan.profile.limits;
    // No process can use more processor time than all of them have until the end.
    let cpu_seconds = (plan.wall_time_ms / 1000 + 1) * u64::from(limits.cpu_percent) / 100 + 1;
    Limits {
        cpu_seconds: Some(cpu_seconds),
        memory_bytes: Some(limits.memory_bytes),
        processes: Some(limits.processes.into()),
        open_files: Some(limits.open_files.into()),
        file_bytes: Some(limits.file_bytes),
        scratch_bytes: SCRATCH.min(limits.memory_bytes),
    }
}

/// What the policy lets out of the sandbox: services, for which the bridge's own user is what counts, and keys of
/// users, for which that user does.
fn unconfined(plan: &Plan) -> Result<Command, String> {
    let mut command = Command::new(&plan.program);
    command.args(plan.argv.iter().skip(1)).env_clear().envs(plan.env.iter().cloned());
    command.current_dir(directory(plan)).process_group(0);
    if let Some(called) = plan.argv.first() {
        command.arg0(called);
    }
    if let Some(name) = plan.run_as.as_ref().filter(|_| rustix::process::geteuid().is_root()) {
        let account = users::account(name).ok_or_else(|| format!("there is no user {name} on this machine"))?;
        command.uid(account.user.uid).gid(account.user.gid);
    }
    Ok(command)
}

impl Ready {
    /// The sandbox that it runs in, for what comes after it.
    pub(crate) fn sandbox(&self) -> Option<Sandbox> {
        self.sandbox.clone()
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self, parts: &Parts, entry: &Entry) -> Finished {
        let began = parts.world.monotonic();
        let keeps = match self.keeps(parts, entry) {
            Ok(keeps) => keeps,
            Err(why) => return Finished::not_started(why),
        };
        let mut child = match self.command.spawn() {
            Ok(child) => child,
            Err(error) => return Finished::not_started(format!("it could not be started: {error}")),
        };
        if let Some(prepared) = &self.prepared {
            prepared.started();
        }
        let process = child.id();
        let do_to_all = |deed: Deed| match (&self.prepared, deed) {
            (Some(prepared), Deed::Ask) => prepared.ask_all(process),
            (Some(prepared), Deed::Kill) => prepared.kill_all(),
            (None, Deed::Ask) => tell_group(process, Signal::TERM),
            (None, Deed::Kill) => tell_group(process, Signal::KILL),
        };
        if self.is_pipe {
            entry.pipe.offer(&mut child, parts.world.monotonic());
        }
        let bounds = Bounds { wall_time: self.wall_time, output: self.output };
        let keeps = Said::new(keeps, self.masks.take());
        let attended = Attended::new(&parts.world, entry, (&mut child, self.pty.take()), keeps, &bounds, &do_to_all);
        let (stopped, lengths) = match attended {
            Ok(attended) => attended.until_the_end(),
            Err(error) => {
                do_to_all(Deed::Kill);
                let _ = child.kill();
                (
                    Some(Outcome::OverLimit(format!("this machine has nothing left to attend to it with: {error}"))),
                    [0, 0],
                )
            }
        };
        if stopped.is_some() {
            // What it has started may still be there outside of a sandbox.
            do_to_all(Deed::Kill);
        }
        let wall_us = || u64::try_from(parts.world.monotonic().saturating_sub(began).as_micros()).unwrap_or(u64::MAX);
        let mut finished = self.finish(&mut child, stopped, lengths);
        finished.usage.wall_us = wall_us();
        finished
    }

    /// Where what it says is kept.
    fn keeps<'a>(&self, parts: &'a Parts, entry: &Entry) -> Result<Keeps<'a>, String> {
        if self.pty.is_none() {
            return Ok(Keeps::All(Channel::BOTH.map(|channel| parts.spool.writer(&entry.id, channel))));
        }
        let ring = Arc::new(parts.spool.ring(&entry.id).map_err(|error| error.to_string())?);
        entry.is_terminal(Arc::clone(&ring));
        Ok(Keeps::Newest(ring))
    }

    fn finish(&self, child: &mut Child, stopped: Option<Outcome>, lengths: [u64; 2]) -> Finished {
        let status = match child.wait() {
            Ok(status) => status,
            Err(error) => return Finished::not_started(format!("it cannot be waited for: {error}")),
        };
        let (own, usage) = match self.prepared.as_ref().map(|prepared| prepared.finish(status)) {
            None => (of_status(status), Usage::default()),
            Some(Ok(outcome)) => (self.of_sandbox(&outcome), of_usage(&outcome.usage)),
            // Nothing has run, but if it was stopped before it did, that is what is told.
            Some(Err(error)) => (Outcome::NotStarted(in_words(&error)), Usage::default()),
        };
        Finished { outcome: stopped.unwrap_or(own), lengths, usage }
    }

    fn of_sandbox(&self, outcome: &diwan_sandbox::Outcome) -> Outcome {
        if outcome.usage.memory_kills.is_some_and(|kills| kills > 0) {
            return Outcome::OverLimit(format!("it needed more than {} MiB of memory", self.memory >> 20));
        }
        match outcome.ended {
            diwan_sandbox::Ended::Exited(code) => Outcome::Exited(code),
            diwan_sandbox::Ended::Signalled(number) => Outcome::Signalled(number),
        }
    }
}

impl Finished {
    fn not_started(why: String) -> Self {
        Self { outcome: Outcome::NotStarted(why), lengths: [0, 0], usage: Usage::default() }
    }
}

/// Outside of a sandbox a process leads a group of its own.
fn tell_group(process: u32, signal: Signal) {
    let group = i32::try_from(process).ok().and_then(Pid::from_raw);
    // One that is over already hears nothing.
    let _ = group.map(|group| kill_process_group(group, signal));
}

fn of_status(status: ExitStatus) -> Outcome {
    match (status.code(), status.signal()) {
        (Some(code), _) => Outcome::Exited(code),
        (None, Some(signal)) => Outcome::Signalled(signal),
        (None, None) => Outcome::Unknown,
    }
}

fn of_usage(usage: &diwan_sandbox::Usage) -> Usage {
    let us = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    Usage { user_us: us(usage.cpu_user), system_us: us(usage.cpu_system), memory_bytes: usage.memory_bytes, wall_us: 0 }
}
