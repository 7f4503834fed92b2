//! The pipe of a command: its input and output as they are, between the machine and one client. Nothing of it is
//! kept here, and whoever does not read makes the other end wait.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::{Ctx, Problem};
use diwan_link::{Priority, Stream};
use diwan_protocol::{Opening, encode};

use super::id::CommandId;
use super::live::LiveCommand;
use super::state::{CommandOutcome, CommandState};
use super::table::{Command, CommandActor};
use super::words::PolicyDecision;
use crate::fleet::Fleet;

/// A machine begins within this time.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many bytes may be under way.
const WINDOW: u32 = 4 * 1024 * 1024;
/// More pipes at once this server does not carry.
const MOST: usize = 256;

/// Which pipes are taken up.
#[derive(Debug, Default)]
pub(crate) struct Pipes(Mutex<BTreeSet<CommandId>>);

/// One that is, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Taken {
    pipes: Arc<Pipes>,
    command: CommandId,
}

impl Pipes {
    fn take(self: &Arc<Self>, command: CommandId) -> Result<Taken, Problem> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= MOST {
            let detail = format!("This server carries files for {MOST} commands already.");
            return Err(Problem::too_many("too_many_pipes", detail, Duration::from_secs(10)));
        }
        if !taken.insert(command) {
            return Err(no_pipe("Somebody has taken it up already."));
        }
        Ok(Taken { pipes: Arc::clone(self), command })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.pipes.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.command);
    }
}

impl Fleet {
    /// Takes up the pipe of a command, once it has begun.
    ///
    /// # Errors
    /// Why there is none: in the words of the machine's policy, if it says no.
    pub(crate) async fn take_pipe(
        &self,
        ctx: &Ctx,
        command: &Command,
        live: &LiveCommand,
    ) -> Result<(Taken, Stream), Problem> {
        if CommandActor::from_ctx(ctx).id != command.actor.id {
            return Err(Problem::not_found("command"));
        }
        if !command.operation.has_pipe() {
            return Err(no_pipe("It is not about files."));
        }
        if !command.state.is_open() {
            return Err(not_begun(command));
        }
        let mut progress = live.progress.subscribe();
        let begun = progress.wait_for(|now| now.over.is_some() || now.started_at.is_some());
        let over = match tokio::time::timeout(PATIENCE, begun).await {
            Ok(Ok(now)) => now.over.clone(),
            Ok(Err(_)) | Err(_) => return Err(interrupted("The machine did not begin in time.")),
        };
        if let Some(over) = over {
            return Err(not_begun(&over));
        }
        let taken = self.commands().pipes().take(command.id)?;
        let connected = self.connections().find(command.machine).ok_or_else(|| super::api::offline(command))?;
        let opening = encode(&Opening::Pipe(command.id.to_string())).into();
        let stream = connected.link.open(Priority::Bulk, opening);
        let mut stream = stream.map_err(|ended| interrupted(&ended.to_string()))?;
        stream.widen(WINDOW);
        Ok((taken, stream))
    }
}

/// Why a command that is over has no pipe.
fn not_begun(over: &Command) -> Problem {
    let denied = over.verdict.as_ref().filter(|verdict| verdict.decision == PolicyDecision::Deny);
    let is_absent = denied.is_some_and(|verdict| verdict.reasons.iter().any(|reason| reason.code == "absent"));
    let words = denied.map(|verdict| verdict.reasons.iter().map(|reason| reason.words.as_str()).collect::<Vec<_>>());
    match (words, over.state, &over.problem) {
        (Some(words), ..) if is_absent => absent(&words.join("; ")),
        (Some(words), ..) => refused(&words.join("; ")),
        (None, CommandState::NeedsApproval, _) => approval_needed(),
        (None, _, Some(problem)) if problem.code == "machine_offline" => super::api::offline(over),
        (None, _, Some(problem)) => interrupted(&problem.detail),
        (None, ..) => match (over.told.outcome, &over.told.detail) {
            (Some(CommandOutcome::NotStarted), Some(why)) => refused(why),
            (_, Some(why)) => interrupted(why),
            _ => no_pipe("The command is over."),
        },
    }
}

fn refused(words: &str) -> Problem {
    let words = if words.is_empty() { "The machine refuses it." } else { words };
    Problem::new(
        StatusCode::FORBIDDEN,
        "command_refused",
        "The machine does not allow it",
        super::words::plain(words, 500),
        "The machine's owner decides in its policy what may be done there.",
    )
}

/// The policy looks first whether it is there.
fn absent(words: &str) -> Problem {
    let (title, next) = ("It is not there", "Look at the directory again.");
    Problem::new(StatusCode::NOT_FOUND, "file_absent", title, super::words::plain(words, 500), next)
}

fn approval_needed() -> Problem {
    Problem::conflict(
        "approval_needed",
        "Somebody else has to say yes",
        "The machine's policy asks for a second person before this is done.",
        "Files cannot be moved with an approval yet: ask the machine's owner to allow it in the policy.",
    )
}

fn no_pipe(why: &str) -> Problem {
    Problem::conflict("no_pipe", "The command has no pipe to take up", why, "Run the command again.")
}

/// The way to the machine ended in the middle.
pub(crate) fn interrupted(why: &str) -> Problem {
    Problem::new(
        StatusCode::BAD_GATEWAY,
        "files_interrupted",
        "The way to the machine was interrupted",
        super::words::plain(why, 500),
        "Try again: what has arrived already is not sent a second time.",
    )
}
