//! `diwan run`: has machines do something, and shows what they say while they do it.
//!
//! Start at `one.rs` for one machine and at `many.rs` for several; `follow.rs` is what both do with each command,
//! `ending.rs` says with which exit code it ends.

mod check;
pub(super) mod duration;
mod ending;
mod follow;
mod input;
mod interrupt;
mod many;
mod one;
mod operation;
mod prefixed;
mod report;
mod script;
mod target;
mod variables;
mod writer;

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::door::Door;
use super::failure::{Done, Failure};
use super::screen::safe;
use ending::code::{OFFLINE, OWN_FAULT};
use target::Targets;

pub(super) use ending::{code, ending_of, result_of};
pub(super) use follow::{Hears, follow, may_pass};
pub(super) use interrupt::Interrupts;
pub(super) use operation::{Place, Work};
pub(super) use report::Collected;
pub(super) use variables::Variables;
pub(super) use writer::{Gone, Writer};

const AFTER_HELP: &str = "\
Examples:
  diwan run -m web-1 -- git log --oneline
  diwan run -m web-1 --dir shop --git pull
  diwan run --on env=prod,gpu -- nvidia-smi
  diwan run -m web-1 --check -- cat notes.txt
  diwan run -m web-1 -- cat - < words.txt
  diwan run -m web-1 --clone https://github.com/example/shop.git
  diwan run -m web-1 --dir shop --script report.py -- --year 2026
  diwan run -m web-1 --dir new/shop --new node
  diwan run --on env=prod --service-status nginx
  diwan run -m web-1 --env CI=1 --secret TOKEN=git/github -- sh release.sh

Only what the owner of a machine allows in its policy is done there; it runs in
a sandbox, below one of the roots that the policy names. What follows -- is a
program and its arguments, never a line for a shell.

With one machine (-m) output arrives byte for byte, and a pipe on standard input
is passed on. With several (-m twice, or --on) each line has the machine's name
before it, and a table of results follows on standard error. Ctrl-C stops the
command: it is asked to end, and killed after 5 seconds. A second Ctrl-C does
not wait for that.

Exit codes, with one machine: that of the command; 128+n if signal n ended it;
  120  the machine is not connected, or did not come in time
  121  nobody knows what became of it: the machine died in the middle
  122  it said more, or took more memory, than it may
  124  it took longer than it may
  125  Diwan could not do it: not signed in, no such machine, cannot be begun
  126  the machine's policy refuses it, or wants somebody else to say yes
  130  you stopped it
With several machines: 0 if all ended with 0, 1 if not, 125 if nothing was begun.";

/// Have one machine or several do something
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Run {
    #[command(flatten)]
    targets: Targets,
    #[command(flatten)]
    work: operation::Work,
    #[command(flatten)]
    place: operation::Place,
    #[command(flatten)]
    variables: Variables,
    /// End the program after this time, like 30s or 5m, if the policy allows so long
    #[arg(long, value_name = "TIME", value_parser = duration::read_timeout)]
    timeout: Option<Duration>,
    /// Wait so long for machines that are not connected, like 60s
    #[arg(long, value_name = "TIME", value_parser = duration::read)]
    wait_for: Option<Duration>,
    /// It may be done again when nobody knows whether it was done
    #[arg(long)]
    retry_safe: bool,
    /// Ask what the policy says, and do nothing
    #[arg(long, conflicts_with_all = ["detach", "input", "timeout", "wait_for", "retry_safe", "env", "secret"])]
    check: bool,
    /// Do not wait for the end: print the ids of the commands
    #[arg(short, long, conflicts_with = "input")]
    detach: bool,
    /// Pass standard input on although it is a terminal
    #[arg(short, long)]
    input: bool,
    /// Pass no standard input on although it is a pipe
    #[arg(short, long, conflicts_with = "input")]
    no_input: bool,
}

impl Run {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self.try_run(door).await {
            Err(failure) => Err(with_own_code(door, failure).await),
            done => done,
        }
    }

    async fn try_run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let operation = self.work.operation(&self.place)?;
        let targets = self.targets.or_the_only_one(&client).await?;
        if self.check {
            return check::run(door, &client, &targets, &operation).await;
        }
        let body = self.body(operation)?;
        match (targets.single(), self.detach) {
            (_, true) => many::detach(door, &client, &targets, body).await,
            (Some(machine), false) => one::run(door, &client, machine, body, self.gives_input()).await,
            (None, false) if self.input => Err(Failure::usage(
                "standard input goes to one machine only",
                "Leave -i away, or name one machine with -m.",
            )),
            (None, false) => many::run(door, &client, &targets, body).await,
        }
    }

    /// Whether the command is given what stands on standard input, and whether somebody said so.
    fn gives_input(&self) -> input::Wanted {
        match (self.input, self.no_input || !self.work.is_program()) {
            (true, _) => input::Wanted::Yes,
            (false, true) => input::Wanted::No,
            (false, false) => input::Wanted::IfPiped,
        }
    }

    fn body(&self, operation: Value) -> Result<Value, Failure> {
        let mut body = json!({"operation": operation, "retry_safe": self.retry_safe});
        self.variables.put_into(&mut body)?;
        if let Some(wait) = self.wait_for {
            body["wait_s"] = json!(wait.as_secs().max(1));
        }
        if let Some(timeout) = self.timeout {
            if !self.work.is_timed() {
                let next = "How long the others may take stands in the machine's policy.";
                return Err(Failure::usage("--timeout is for a program after -- or a script", next));
            }
            body["timeout_ms"] = json!(timeout.as_millis());
        }
        if self.input && !self.work.is_program() {
            return Err(Failure::usage("-i is for a program after -- only", "Leave it away."));
        }
        Ok(body)
    }
}

/// A failure whose code cannot be taken for that of a command.
pub(super) async fn with_own_code(door: &Door<'_>, failure: Failure) -> Failure {
    match failure.is_called("machine_offline") {
        true => failure.with_code(OFFLINE),
        false if failure.is_general() => door.explain(failure).await.with_code(OWN_FAULT),
        false => failure,
    }
}

/// Says something beside the output.
pub(super) fn note(text: &str) {
    eprintln!("{}", safe(&format!("diwan: {text}")));
}
