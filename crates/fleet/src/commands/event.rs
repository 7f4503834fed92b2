//! What is announced about commands: which, where, and how far. What they say and do is for those who may run them.

use diwan_kernel::Permission;
use diwan_kernel::events::{Audience, DomainEvent};
use serde::Serialize;

use super::id::{BatchId, CommandId};
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
