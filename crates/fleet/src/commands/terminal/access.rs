//! Who may do what with a terminal. Whoever may open terminals may look at every one and end it; into one, only the
//! person who opened it types.

use axum::http::StatusCode;
use diwan_kernel::{Ctx, Permission, Problem};

use crate::commands::table::Command;

/// Whether somebody may look at what a command shows, or end it.
///
/// # Errors
/// 403 when it is a terminal and they may not open any.
pub(crate) fn may_see(ctx: &Ctx, command: &Command) -> Result<(), Problem> {
    if command.operation.is_terminal() { ctx.require(Permission::TerminalsOpen) } else { Ok(()) }
}

/// Whether somebody may type into a command, send signals to it and say how large it is.
///
/// # Errors
/// 403 when it is a terminal of somebody else.
pub(crate) fn may_type(ctx: &Ctx, command: &Command) -> Result<(), Problem> {
    may_see(ctx, command)?;
    if !command.operation.is_terminal() || is_own(ctx, command) { Ok(()) } else { Err(not_yours()) }
}

/// Whether it is somebody's own.
pub(crate) fn is_own(ctx: &Ctx, command: &Command) -> bool {
    let person = ctx.actor.user_id().map(|id| id.to_string());
    person.is_some() && command.actor.user_id == person
}

fn not_yours() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "not_your_terminal",
        "It is somebody else's terminal",
        "Only the person who opened a terminal types into it.",
        "Look on, or open one of your own.",
    )
}

/// Whoever only looks on changes nothing.
pub(crate) fn only_looking() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "read_only_view",
        "This connection only looks on",
        "It was opened with view=true.",
        "Connect without it to type.",
    )
}

/// What a terminal shows is seen by looking on.
pub(crate) fn not_kept() -> Problem {
    Problem::conflict(
        "terminal_output",
        "A terminal's output is not kept",
        "What a terminal shows is seen by attaching to it; afterwards, in its recording if there is one.",
        "Attach to it, or open the next one with record.",
    )
}
