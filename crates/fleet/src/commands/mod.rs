//! Commands: what machines are asked to do, from the wish of a person to its recorded end.
//!
//! A command is written down before it is sent, and how it ended is written down once. In between it is
//! followed, over as many connections as that takes; the machine keeps what it says until it is told that
//! all of it is here. What it says is kept in files, and whoever looks on reads it from there.
//!
//! What it deliberately does not know: whether a machine does something. That is for the machine's policy.
//!
//! Start at [`run`] for how a command sets off, at [`intake`] for what a machine may say, at [`follow`] for
//! how the two come together.

pub(crate) mod api;
mod approve;
mod artifacts;
mod attach;
mod cancel;
mod config;
mod download;
mod end;
mod event;
mod files;
mod follow;
mod id;
mod intake;
mod judge;
mod lend;
mod limits;
mod line;
mod live;
pub(crate) mod migration;
mod operation;
mod output;
mod packer;
mod pipe;
mod queue;
mod resume;
mod run;
mod search;
mod state;
mod store;
mod table;
mod talk;
mod terminal;
mod text;
mod upkeep;
mod variables;
mod view;
mod words;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use diwan_kernel::{DbError, World};
use diwan_protocol::control::ToBridge;

use self::artifacts::{CopyQueue, Fetches, Storage};
use self::attach::Places;
use self::line::Line;
use self::live::LiveCommands;
use self::pipe::Pipes;
use self::store::OutputStore;
use crate::connections::Connected;
use crate::fleet::Fleet;
use crate::machine::MachineId;

pub use self::api::{OutputDownload, OutputSearch};
pub(crate) use self::api::{machine_offline, of_path};
pub(crate) use self::approve::{fresh, nothing_to_approve};
pub use self::artifacts::{
    Artifact, ArtifactLeftOut, Artifacts, ArtifactsConfig, ArtifactsState, Copying, flaws_of_globs,
};
pub use self::config::OutputsConfig;
pub(crate) use self::end::run_entry;
pub use self::id::CommandId;
pub(crate) use self::id::{ApprovalId, BatchId};
pub(crate) use self::judge::no_answer;
pub(crate) use self::lend::{Borrower, must_be_able};
pub use self::lend::{Lent, NotLent};
pub use self::limits::CommandLimits;
pub use self::operation::CommandOperation;
pub(crate) use self::operation::Manner;
pub use self::output::OutputChannel;
pub(crate) use self::resume::on_connected;
pub(crate) use self::run::{Begun, NotPrepared, Prepared, Target, Wish};
pub use self::search::OutputMatches;
pub use self::state::CommandUsage;
pub(crate) use self::state::{CommandOutcome, CommandState};
pub use self::table::CommandActor;
pub(crate) use self::table::{Command, find as find_command};
pub(crate) use self::upkeep::start;
pub use self::variables::{SecretVariable, Variables};
pub(crate) use self::words::{CommandProblem, PolicyDecision, plain};
pub(crate) use diwan_protocol::command::LONGEST_LIFE_MS as LIFE_MS;

/// What the commands of all machines share.
#[derive(Debug)]
pub(crate) struct Commands {
    live: LiveCommands,
    lines: Mutex<HashMap<MachineId, Numbers>>,
    store: OutputStore,
    places: Arc<Places>,
    pipes: Arc<Pipes>,
    fetches: Fetches,
    to_copy: CopyQueue,
    storage: Storage,
}

/// The line of a machine, and whether it was looked up where it stopped.
#[derive(Debug, Default, Clone)]
struct Numbers {
    line: Arc<Line>,
    is_ready: bool,
}

impl Commands {
    pub(crate) fn new(world: &World, data_dir: &Path) -> Self {
        let (live, lines, places, pipes, fetches, to_copy, storage) = Default::default();
        let store = OutputStore::new(world, data_dir);
        Self { live, lines, store, places, pipes, fetches, to_copy, storage }
    }

    pub(crate) fn live(&self) -> &LiveCommands {
        &self.live
    }

    pub(crate) fn store(&self) -> &OutputStore {
        &self.store
    }

    fn places(&self) -> &Arc<Places> {
        &self.places
    }

    fn pipes(&self) -> &Arc<Pipes> {
        &self.pipes
    }

    fn fetches(&self) -> &Fetches {
        &self.fetches
    }

    /// Those that have left files of which copies are to be made.
    fn to_copy(&self) -> &CopyQueue {
        &self.to_copy
    }

    fn storage(&self) -> &Storage {
        &self.storage
    }

    fn numbers<T>(&self, machine: MachineId, look: impl FnOnce(&mut Numbers) -> T) -> T {
        look(self.lines.lock().unwrap_or_else(PoisonError::into_inner).entry(machine).or_default())
    }

    /// The line of a machine.
    pub(crate) fn line(&self, machine: MachineId) -> Arc<Line> {
        self.numbers(machine, |numbers| Arc::clone(&numbers.line))
    }

    /// Makes sure that the numbers for a machine go on where they stopped, here and there.
    pub(crate) async fn get_ready(&self, fleet: &Fleet, connected: &Connected) -> Result<(), DbError> {
        self.line(connected.machine).at_least(connected.hello.seen);
        if self.numbers(connected.machine, |numbers| numbers.is_ready) {
            return Ok(());
        }
        self.look_up_last(fleet, connected.machine).await
    }

    /// Looks up where the numbers for a machine stopped.
    pub(crate) async fn look_up_last(&self, fleet: &Fleet, machine: MachineId) -> Result<(), DbError> {
        let last = table::last_sequence(fleet.db(), machine).await?;
        self.numbers(machine, |numbers| {
            numbers.line.at_least(last);
            numbers.is_ready = true;
        });
        Ok(())
    }
}

/// Lets a machine forget commands of which everything is here.
async fn forget(connected: &Connected, commands: Vec<String>) {
    connected.tell(&ToBridge::Forget(commands)).await;
}
