//! The one recorded end of a command.

use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::{Ctx, DbError, Entry};

use super::artifacts;
use super::event::{About, CommandEnded, CommandPushed};
use super::id::{BatchId, CommandId};
use super::operation::Manner;
use super::run::{Target, Wish, with_secrets};
use super::state::CommandState;
use super::store::TOO_SHORT_TO_PACK;
use super::table::{self, Command};
use crate::connections::Connected;
use crate::fleet::Fleet;

/// A database that does not take an end is asked again, at longer and longer intervals.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A machine that is gone again before a command is repeated is waited for this long.
pub(super) const WAIT_TO_REPEAT: Duration = Duration::from_secs(600);

impl Fleet {
    /// Writes down how a command ended, however long that takes, tells those who look on, and lets the
    /// machine forget it.
    pub(crate) async fn write_end(&self, command: Command, connected: Option<&Arc<Connected>>) {
        let mut pause = FIRST_PAUSE;
        let is_first = loop {
            match self.try_write_end(&command).await {
                Ok(is_first) => break is_first,
                Err(error) => {
                    tracing::error!(command = %command.id, %error, "the end of a command cannot be written down")
                }
            }
            if !self.supervisor().pause(pause).await {
                return;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        // Whoever was faster wrote down what counts.
        let written = if is_first { Ok(Some(command)) } else { table::find(self.db(), command.id).await };
        let Ok(Some(command)) = written else { return };
        let command = Arc::new(command);
        self.commands().live().is_over(&command);
        if command.output_bytes + command.error_bytes > TOO_SHORT_TO_PACK {
            self.commands().store().is_ripe(command.id);
        }
        if command.left.is_some() && self.place_of_copies().is_some() {
            self.commands().to_copy().add(command.machine, command.id);
        }
        if let Some(connected) = connected {
            super::forget(connected, vec![command.id.to_string()]).await;
        }
        self.return_leases(&command.leases).await;
        if is_first && command.state == CommandState::Unknown {
            self.try_again(&command).await;
        }
    }

    async fn try_write_end(&self, command: &Command) -> Result<bool, DbError> {
        let ctx = Ctx::system(self.world(), "fleet");
        let mut tx = self.db().begin(&ctx).await?;
        if !table::end(&mut tx, command).await? {
            return Ok(false);
        }
        if let Some(left) = &command.left {
            artifacts::table::insert(&mut tx, command.id, left).await?;
        }
        tx.emit(&CommandEnded(About::from(command)));
        CommandPushed::of(command).iter().for_each(|pushed| tx.emit(pushed));
        tx.commit(entry_of(command)).await?;
        Ok(true)
    }

    /// What may be done twice is done once more when nobody knows whether it was done.
    pub(super) async fn try_again(&self, command: &Command) {
        if !command.retry_safe || command.retry_of.is_some() {
            return;
        }
        let manner = Manner { has_input: command.has_input, timeout_ms: command.timeout_ms };
        let Ok(wire) = command.operation.read(manner) else { return };
        let wish = Wish {
            batch: command.batch,
            actor: command.actor.clone(),
            operation: command.operation.clone(),
            wire,
            manner,
            retry_safe: true,
            retry_of: Some(command.id),
            approval: None,
            wait: Some(WAIT_TO_REPEAT),
            variables: command.variables.clone(),
            artifacts: vec![],
            limits: None,
        };
        let target = Target { id: command.machine, name: command.machine_name.clone() };
        let ctx = Ctx::system(self.world(), "fleet");
        let entry =
            run_entry(command.batch, &wish, std::slice::from_ref(&target)).with("retry_of", command.id.to_string());
        if let Err(problem) = self.carry_out(&ctx, &wish, &[target], entry).await {
            tracing::warn!(command = %command.id, %problem, "a command could not be carried out again");
        }
    }
}

/// What is written down when commands are wanted.
pub(crate) fn run_entry(batch: BatchId, wish: &Wish, targets: &[Target]) -> Entry {
    let entry = match targets {
        [only] => Entry::done("command.run").on("machine", only.id),
        _ => Entry::done("command.run").on("batch", batch),
    };
    let machines: Vec<String> = targets.iter().map(|target| target.id.to_string()).collect();
    let entry = entry.with("batch", batch.to_string()).with("operation", wish.operation.summary());
    let entry = entry.with("machines", machines).with("wanted_by", wish.actor.id.clone());
    let entry = with_secrets(entry, &wish.variables);
    if wish.retry_safe { entry.with("retry_safe", true) } else { entry }
}

fn entry_of(command: &Command) -> Entry {
    let is_bad = matches!(command.state, CommandState::Refused | CommandState::NeedsApproval);
    let entry = match (&command.state, &command.problem) {
        (_, Some(problem)) => Entry::failed("command.end", problem.code.clone()),
        (CommandState::Ended, None) => Entry::done("command.end"),
        (state, None) if is_bad => Entry::denied("command.end", state.as_str()),
        (state, None) => Entry::failed("command.end", state.as_str()),
    };
    let entry = entry.on("command", command.id).with("machine", command.machine.to_string());
    let entry = entry.with("state", command.state.as_str()).with("batch", command.batch.to_string());
    let told = &command.told;
    let entry = match told.outcome {
        Some(outcome) => entry.with("outcome", outcome.as_str()),
        None => entry,
    };
    let entry = match told.exit_code.or(told.signal) {
        Some(number) => entry.with("status", number),
        None => entry,
    };
    let entry = match &command.left {
        Some(left) => entry.with("files", left.files.len()).with("file_bytes", left.bytes()),
        None => entry,
    };
    let rule = command.verdict.as_ref().and_then(|verdict| verdict.rule.clone());
    match rule {
        Some(rule) => entry.with("rule", rule),
        None => entry,
    }
}

/// The id that a machine names, if it is one of a command.
pub(crate) fn parse(id: &str) -> Option<CommandId> {
    id.parse().ok()
}
