//! Files that a command leaves: when it has ended, this same program again gathers them inside the sandbox, and what it
//! tells is copied.
//!
//! They can be read from afar then. So it is done as anything with files is: only where the owner's policy lets whoever
//! wanted the command read files there (`files.get`), with the profile and the user of that rule.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use diwan_files::gather::{Bounds, Gathered, Reader, gather};
use diwan_files::{FilesError, Globs, Tree};
use diwan_kernel::World;
use diwan_policy::{Decision, FilesPlan, Plan};
use diwan_protocol::artifacts::{Artifacts, LONGEST_PATH};
use diwan_protocol::command::{Files, Git, Place};
use diwan_protocol::{Command, Operation};
use diwan_sandbox::Sandbox;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::files::own_plan;
use super::ready::profile;
use crate::artifacts::{Keeping, Limits};
use crate::commands::{Entry, Parts};

/// What it is called: nobody types this as a command.
const ROLE: &str = "--files-gatherer";
/// It takes no longer.
const LONGEST: Duration = Duration::from_secs(600);
/// How soon it is heard that it has to stop.
const HEARS: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Files that are wanted of a command.
#[derive(Debug)]
pub(crate) struct Wanted {
    globs: Vec<String>,
    /// The directory that it runs in.
    place: Place,
    /// Who wants it.
    actor: String,
}

/// Why not all was gathered.
enum Cut {
    /// It has to stop.
    Cancelled,
    /// It takes too long.
    TooLong,
    /// Something else, in words.
    Failed(String),
}

impl Wanted {
    /// What is wanted of this command, if anything is.
    pub(crate) fn of(command: &Command) -> Option<Self> {
        let place = match &command.operation {
            Operation::Exec(exec) => &exec.place,
            Operation::Script(script) => &script.place,
            Operation::Build(place) | Operation::Test(place) => place,
            Operation::Git(Git::Clone { into: place, .. }) => place,
            Operation::Git(Git::Pull { place } | Git::Push { place } | Git::Status { place }) => place,
            _ => return None,
        };
        let globs = command.artifacts.clone()?;
        Some(Self { globs, place: place.clone(), actor: command.actor.id.clone() })
    }

    /// Keeps what a command has left that is over; gives what is told of that.
    pub(crate) fn keep(
        &self,
        sandbox: Option<&Sandbox>,
        parts: &Parts,
        entry: &Entry,
        was_cancelled: bool,
    ) -> Artifacts {
        let mut keeping = parts.artifacts.begin(&entry.id);
        let done = match was_cancelled {
            true => Err(Cut::Cancelled),
            false => self.take(sandbox, parts, entry, &mut keeping),
        };
        if let Err(cut) = done {
            let why = match cut {
                Cut::Cancelled => "the command was stopped".to_owned(),
                Cut::TooLong => format!("gathering took longer than {} s", LONGEST.as_secs()),
                Cut::Failed(why) => why,
            };
            keeping.give_up(&why);
            keeping.leave_out("", &why);
        }
        let told = keeping.finish();
        tracing::info!(command = entry.id, files = told.files.len(), left_out = told.left_out.len(), "files are kept");
        told
    }

    fn take(
        &self,
        sandbox: Option<&Sandbox>,
        parts: &Parts,
        entry: &Entry,
        keeping: &mut Keeping<'_>,
    ) -> Result<(), Cut> {
        let plan = self.plan(parts).map_err(Cut::Failed)?;
        let sandbox = sandbox.ok_or_else(|| Cut::Failed("there is no sandbox to gather them in".to_owned()))?;
        if let Some(missing) = sandbox.layers().missing().filter(|_| plan.profile.required) {
            return Err(Cut::Failed(format!(
                "the policy requires the whole sandbox, and this machine lacks {missing}"
            )));
        }
        let mut room = profile(&plan).map_err(Cut::Failed)?;
        room.ours = true;
        let failed = |error: &dyn std::fmt::Display| Cut::Failed(format!("they could not be gathered: {error}"));
        let prepared = sandbox.prepare(&room).map_err(|error| failed(&error))?;
        let mut command = prepared.command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| failed(&error))?;
        prepared.started();
        let said = match child.stdout.take() {
            Some(output) => {
                let until = parts.world.monotonic() + LONGEST;
                let mut input =
                    Patient { output: File::from(OwnedFd::from(output)), world: &parts.world, entry, until };
                copy(&mut input, keeping).map_err(|error| input.cut(&error))
            }
            None => Err(Cut::Failed("they could not be gathered".to_owned())),
        };
        prepared.kill_all();
        let ended = child.wait().map_err(|error| failed(&error))?;
        match (said, prepared.finish(ended)) {
            // Why nothing was said at all, the room knows better.
            (Err(Cut::Failed(_)), Err(error)) => Err(failed(&error)),
            (said, _) => said,
        }
    }

    /// What gathers, if the policy lets files be read there.
    fn plan(&self, parts: &Parts) -> Result<Plan, String> {
        let wanted = Operation::Files(Files::Get(self.place.clone()));
        let judged = parts.policy.now().judge(&wanted, &self.actor, parts.policy.here());
        let judged = judged.ok_or("this machine has no policy, so nothing may be read")?;
        let reasons: Vec<&str> = judged.reasons.iter().map(|reason| reason.text.as_str()).collect();
        match (judged.decision, &judged.files) {
            (Decision::Allow, Some(files)) => self
                .plan_of(files, parts.artifacts.limits())
                .ok_or_else(|| "this bridge is not there any more".to_owned()),
            (Decision::Ask, _) => {
                Err("the policy of this machine lets files be read there (files.get) only with somebody's yes"
                    .to_owned())
            }
            _ => Err(format!(
                "the policy of this machine does not let files be read there (files.get): {}",
                reasons.join("; ")
            )),
        }
    }

    fn plan_of(&self, files: &FilesPlan, limits: Limits) -> Option<Plan> {
        let (most, bytes) = (limits.files.to_string(), limits.bytes_per_command.to_string());
        let longest = files.longest_bytes.to_string();
        let (root, path) = (files.root.path.to_str()?, files.path.trim_end_matches('/'));
        let mut words = vec![ROLE, root, path, &most, &bytes, &longest];
        words.extend(self.globs.iter().map(String::as_str));
        own_plan(files, &words)
    }
}

/// Copies what is told. Nothing of it is believed: whoever keeps it checks every word.
fn copy(input: &mut impl Read, keeping: &mut Keeping<'_>) -> Result<(), FilesError> {
    let mut reader = Reader::default();
    loop {
        match reader.next(input)? {
            Gathered::File { path, size, modified_ms } => keeping.file(path, size, modified_ms),
            Gathered::Bytes(bytes) => keeping.bytes(bytes),
            Gathered::Whole => keeping.whole(),
            Gathered::GivenUp(why) => keeping.give_up(why),
            Gathered::LeftOut { path, why } => keeping.leave_out(path, why),
            Gathered::End(more) => {
                keeping.leave_more_out(more);
                return Ok(());
            }
        }
    }
}

/// What the gatherer says, for as long as it may go on.
struct Patient<'a> {
    output: File,
    world: &'a World,
    entry: &'a Entry,
    until: Duration,
}

impl Patient<'_> {
    fn is_over(&self) -> bool {
        self.entry.asks.is_cancelled() || self.world.monotonic() >= self.until
    }

    fn cut(&self, error: &FilesError) -> Cut {
        match error {
            _ if self.entry.asks.is_cancelled() => Cut::Cancelled,
            _ if self.world.monotonic() >= self.until => Cut::TooLong,
            error => Cut::Failed(format!("they could not be gathered: {error}")),
        }
    }
}

impl Read for Patient<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if self.is_over() {
                return Err(std::io::ErrorKind::TimedOut.into());
            }
            let mut watched = [PollFd::new(&self.output, PollFlags::IN)];
            match poll(&mut watched, Some(&HEARS)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return self.output.read(to),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Becomes the gatherer if this program was started as it, and never returns then.
#[expect(clippy::disallowed_methods, reason = "another program ends here, with nothing of the daemon to shut down")]
pub(crate) fn serve_if_asked() {
    let arguments: Vec<String> = std::env::args_os().filter_map(|argument| argument.into_string().ok()).collect();
    let [_, role, root, path, files, bytes, longest, globs @ ..] = arguments.as_slice() else { return };
    if role != ROLE {
        return;
    }
    let served = serve(Path::new(root), path, [files, bytes, longest], globs);
    std::process::exit(i32::from(served.is_err()));
}

fn serve(root: &Path, path: &str, numbers: [&String; 3], globs: &[String]) -> Result<(), String> {
    let number = |text: &String| text.parse::<u64>().map_err(|error| error.to_string());
    let [files, bytes, longest] = numbers;
    let files = usize::try_from(number(files)?).map_err(|error| error.to_string())?;
    let bounds = Bounds { files, bytes: number(bytes)?, longest: number(longest)?, path: LONGEST_PATH };
    let globs = Globs::read(globs.iter().map(String::as_str)).map_err(|(_, why)| why.to_owned())?;
    let tree = Tree::open(root).map_err(|error| error.to_string())?;
    let output = rustix::io::dup(std::io::stdout()).map_err(|error| error.to_string())?;
    let mut output = BufWriter::with_capacity(256 * 1024, File::from(output));
    let done = gather(&tree, path, &globs, bounds, &mut output).and_then(|()| output.flush());
    done.map_err(|error| error.to_string())
}
