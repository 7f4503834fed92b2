//! What is announced about commands: which, where, and how far. What they say and do is for those who may run them, and
//! for those within the house who go on from there.

use diwan_kernel::Permission;
use diwan_kernel::events::{Audience, DomainEvent};
use serde::Serialize;

use super::id::{BatchId, CommandId};
use super::operation::CommandOperation;
use super::state::{CommandOutcome, CommandState};
use super::table::Command;
use crate::machine::MachineId;

/// What every event about a command says.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct About {
    id: CommandId,
    batch_id: BatchId,
    machine_id: MachineId,
    state: CommandState,
    outcome: Option<CommandOutcome>,
    exit_code: Option<i32>,
}

impl From<&Command> for About {
    fn from(command: &Command) -> Self {
        Self {
            id: command.id,
            batch_id: command.batch,
            machine_id: command.machine,
            state: command.state,
            outcome: command.told.outcome,
            exit_code: command.told.exit_code,
        }
    }
}

macro_rules! events {
    ($($(#[$meta:meta])* $name:ident = $text:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Serialize)]
        pub(crate) struct $name(pub(crate) About);

        impl DomainEvent for $name {
            const TOPIC: &'static str = "machines";
            const NAME: &'static str = $text;

            fn audience(&self) -> Audience {
                Audience::Permission(Permission::MachinesRead)
            }
        }
    )+};
}

events! {
    /// A command was written down.
    CommandWritten = "command.written";
    /// A machine has begun with a command.
    CommandStarted = "command.started";
    /// A command is over.
    CommandEnded = "command.ended";
}

/// A machine has pushed what it was asked to.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CommandPushed {
    machine_id: MachineId,
    machine_name: String,
    /// Who wanted it: a person, or what else acts.
    owner_id: String,
    /// The job that it was done for.
    job_id: Option<String>,
}

impl CommandPushed {
    /// What is to be told of a command that is over, if it is one that has pushed.
    pub(crate) fn of(command: &Command) -> Option<Self> {
        let is_push = matches!(command.operation, CommandOperation::GitPush { .. });
        let is_done = (command.told.outcome, command.told.exit_code) == (Some(CommandOutcome::Exited), Some(0));
        (is_push && is_done).then(|| Self {
            machine_id: command.machine,
            machine_name: command.machine_name.clone(),
            owner_id: command.actor.user_id.as_ref().unwrap_or(&command.actor.id).clone(),
            job_id: command.variables.job.clone(),
        })
    }
}

impl DomainEvent for CommandPushed {
    const TOPIC: &'static str = "machines";
    const NAME: &'static str = "command.pushed";

    fn audience(&self) -> Audience {
        Audience::Internal
    }
}
