//! Somebody says yes to a command of somebody else, where the machine's policy asks for that.

use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::{Ctx, Entry, Problem};

use super::id::{ApprovalId, CommandId};
use super::operation::Manner;
use super::run::{Begun, Target, Wish, with_secrets};
use super::state::CommandState;
use super::table::{self, Command, CommandActor, CommandApproval, Signed};
use super::terminal::access;
use crate::fleet::Fleet;

/// What was wanted longer ago than this has to be wanted again.
const FRESH: Duration = Duration::from_secs(60 * 60);

impl Fleet {
    /// Sends a command again, with the yes of whoever calls.
    ///
    /// # Errors
    /// 403 for whoever wanted it, 404, 409 when no yes is needed, was given, or comes too late.
    pub(crate) async fn approve_command(&self, ctx: &Ctx, id: CommandId) -> Result<Begun, Problem> {
        let command = self.get_command(id).await?;
        access::may_see(ctx, &command)?;
        let by = CommandActor::from_ctx(ctx);
        if command.actor.user_id.is_none() || command.actor.user_id == by.user_id {
            let denied = Entry::denied("command.approve", "own_command").on("command", id);
            self.db().begin(ctx).await?.commit(denied).await?;
            return Err(own_command());
        }
        self.require_open_question(ctx, &command)?;
        let approval = CommandApproval { id: ApprovalId::new(self.world()), by, at: ctx.now(), of: id };
        let manner = Manner { has_input: command.has_input, timeout_ms: command.timeout_ms };
        let wish = Wish {
            batch: command.batch,
            actor: command.actor.clone(),
            wire: command.operation.read(manner)?,
            operation: command.operation.clone(),
            manner,
            retry_safe: command.retry_safe,
            retry_of: None,
            approval: Some(approval.clone()),
            wait: None,
            variables: command.variables.clone(),
            artifacts: vec![],
            limits: command.sent.as_ref().and_then(Signed::read).and_then(|sent| sent.limits),
        };
        if self.connections().find(command.machine).is_none() {
            return Err(super::api::machine_offline(&command.machine_name));
        }
        let target = Target { id: command.machine, name: command.machine_name.clone() };
        let entry = Entry::done("command.approve").on("command", id).with("machine", target.id.to_string());
        let entry = entry.with("approval", approval.id.to_string()).with("wanted_by", command.actor.id.clone());
        let entry = with_secrets(entry.with("operation", command.operation.summary()), &command.variables);
        let begun = self.carry_out(ctx, &wish, &[target], entry).await?;
        begun.into_iter().next().ok_or_else(|| Problem::internal("no command was made"))
    }

    fn require_open_question(&self, ctx: &Ctx, command: &Command) -> Result<(), Problem> {
        let is_asked = command.state == CommandState::NeedsApproval && command.approved_as.is_none();
        let is_fresh = command.ended_at.is_some_and(|at| ctx.now().since(at) <= FRESH);
        match (is_asked, is_fresh) {
            (true, true) => Ok(()),
            (true, false) => Err(too_late()),
            (false, _) => Err(nothing_to_approve()),
        }
    }
}

/// Marks what was approved, in the unit of work of the command that follows from it. False when somebody was faster.
pub(crate) async fn mark(
    tx: &mut diwan_kernel::Tx,
    command: &Command,
    since: Duration,
) -> Result<bool, diwan_kernel::DbError> {
    let Some(approval) = &command.approval else { return Ok(true) };
    table::approve(tx, approval.of, command.id, command.issued_at.minus(since)).await
}

/// How old a question may be.
pub(crate) const fn fresh() -> Duration {
    FRESH
}

fn own_command() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "own_command",
        "Somebody else has to say yes",
        "Nobody approves what they want themselves.",
        "Ask somebody else who may run commands and manage machines.",
    )
}

pub(crate) fn nothing_to_approve() -> Problem {
    Problem::conflict(
        "nothing_to_approve",
        "There is nothing to approve",
        "No yes is asked for, or somebody gave it already.",
        "Look at the command.",
    )
}

fn too_late() -> Problem {
    Problem::conflict(
        "approval_too_late",
        "It is too late to approve this",
        "The command was wanted more than an hour ago.",
        "Have it asked for again.",
    )
}
