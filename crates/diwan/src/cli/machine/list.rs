//! `diwan machine list`.

use clap::{Args, ValueEnum};
use diwan_client::{Machine, Query};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::paging::Paging;
use super::super::screen::{Row, moment_or_dash, size};
use super::{is_there, mark_of};

/// How a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum State {
    /// It is there
    Online,
    /// It is there and carries out commands
    Busy,
    /// It is not connected
    Offline,
    /// It is there, and something about it needs a person
    Error,
    /// Two places used its identity
    Locked,
    /// It was put out
    Revoked,
}

impl State {
    pub(in crate::cli) const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Busy => "busy",
            Self::Offline => "offline",
            Self::Error => "error",
            Self::Locked => "locked",
            Self::Revoked => "revoked",
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Only those with these labels, all of them: env=prod,gpu
    #[arg(long, value_name = "SELECTOR")]
    on: Option<String>,
    /// Only those that are so
    #[arg(long)]
    state: Option<State>,
    /// A part of the name, of a label, or of what the machine says it is
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

impl List {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let query = Query::new()
            .with("labels", self.on.as_ref())
            .with("state", self.state.map(State::as_str))
            .with("search", self.search.as_ref());
        let headings = ["NAME", "STATE", "LABELS", "CPU", "MEMORY", "SYSTEM", "LAST SEEN (UTC)", "BRIDGE", "ID"];
        self.paging.show(door, &headings, query, async |q| client.list_machines(q).await, row).await
    }
}

fn row(machine: &Machine) -> Row {
    let labels = if machine.labels.is_empty() { "–".to_owned() } else { machine.labels.join(" ") };
    // What it said before it went says nothing of how it is.
    let pulse = machine.pulse.as_ref().filter(|_| is_there(machine));
    let memory = pulse.map_or_else(
        || "–".to_owned(),
        |pulse| format!("{} of {}", size(pulse.memory_used_bytes), size(machine.facts.memory_bytes)),
    );
    let state = match machine.troubles.as_slice() {
        [] => machine.state.clone(),
        troubles => format!("{}: {}", machine.state, troubles.join(", ")),
    };
    let cells = vec![
        machine.name.clone(),
        state,
        labels,
        pulse.map_or_else(|| "–".to_owned(), |pulse| format!("{:.0} %", pulse.processor * 100.0)),
        memory,
        machine.facts.release.clone(),
        moment_or_dash(machine.last_seen_at.as_deref()),
        machine.facts.bridge_version.clone(),
        machine.id.clone(),
    ];
    Row { cells, mark: Some(mark_of(&machine.state)) }
}
