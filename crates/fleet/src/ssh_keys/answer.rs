//! What a machine answered to a step, as people are told.

use crate::commands::{Command, CommandId, CommandOutcome, CommandProblem, CommandState, PolicyDecision, plain};

/// What is told when the machine's policy says no.
const DENIED: &str = "ssh_key_denied";

/// What is told when something is wrong with where the keys lie, or the line is not there.
pub(super) const PLACE: &str = "ssh_key_place";

/// It.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is done.
    Done,
    /// The machine went away: it is asked again when it is back.
    Away,
    /// The machine's policy wants somebody else to say yes to this command.
    Asks(CommandId),
    /// It was not done, and somebody has to do something about it.
    Trouble(CommandProblem),
}

impl Answer {
    /// Whether the machine's policy said no, so that nothing was done.
    pub(super) fn is_denial(&self) -> bool {
        matches!(self, Self::Trouble(problem) if problem.code == DENIED)
    }
}

/// What a command that is over comes to; `words` is what it said about itself.
pub(super) fn of(command: &Command, words: &str) -> Answer {
    let trouble = |code: &str, detail: &str| Answer::Trouble(CommandProblem::new(code, plain(detail, 500)));
    match (command.state, command.told.outcome) {
        (CommandState::Ended, Some(CommandOutcome::Exited)) => match command.told.exit_code {
            Some(0) => Answer::Done,
            Some(20) => trouble(PLACE, words),
            Some(21) => trouble("ssh_server_absent", words),
            Some(22) => trouble("ssh_key_not_taken", words),
            Some(23) => trouble("ssh_login_failed", words),
            Some(24) => trouble("ssh_client_absent", words),
            _ => trouble("ssh_key_failed", words),
        },
        (CommandState::NeedsApproval, _) => Answer::Asks(command.id),
        (CommandState::Refused, _) if is_offline(command) => Answer::Away,
        (CommandState::Expired | CommandState::Unknown, _) => Answer::Away,
        _ => refused(command, trouble),
    }
}

fn is_offline(command: &Command) -> bool {
    command.problem.as_ref().is_some_and(|problem| problem.code == "machine_offline")
}

fn refused(command: &Command, trouble: impl Fn(&str, &str) -> Answer) -> Answer {
    let denied = command.verdict.as_ref().filter(|verdict| verdict.decision == PolicyDecision::Deny);
    if let Some(verdict) = denied {
        let why: Vec<&str> = verdict.reasons.iter().map(|reason| reason.words.as_str()).collect();
        return trouble(DENIED, &why.join("; "));
    }
    let detail = command.problem.as_ref().map(|problem| problem.detail.as_str()).or(command.told.detail.as_deref());
    trouble("ssh_key_failed", detail.unwrap_or("The machine did not say why."))
}
