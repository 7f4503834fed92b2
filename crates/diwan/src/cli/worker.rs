//! `diwan worker status`: how those who work are doing, at a glance.

use clap::{Args, Subcommand};
use diwan_client::{Machine, Query};

use super::door::Door;
use super::failure::{Done, Failure};
use super::machine::{is_there, mark_of};
use super::paging::Paging;
use super::screen::{Row, exact_moment, moment, moment_or_dash};

const AFTER_HELP: &str = "\
Examples:
  diwan worker status
  diwan worker status --on env=prod
  diwan worker status --json | jq '.items[] | select(.state == \"error\")'

●  online   it is there                        register  diwan machine add NAME
◐  busy     it carries out commands            command   diwan run -m NAME CMD
○  offline  it is not connected                remove    diwan machine rm NAME
✗  error    something about it needs a person  watch     diwan top NAME";

/// See how the machines that work here are doing
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(super) enum Worker {
    /// Show each machine's state, heartbeat and load; exits with 1 if one needs a person
    #[command(after_help = AFTER_HELP)]
    Status(Status),
}

#[derive(Debug, Args)]
pub(super) struct Status {
    /// Only those with these labels, all of them: env=prod,gpu
    #[arg(long, value_name = "SELECTOR")]
    on: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

impl Worker {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::Status(status) => status.run(door).await,
        }
    }
}

impl Status {
    async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let bad = std::cell::Cell::new(false);
        let query = Query::new().with("labels", self.on.as_ref());
        let headings = ["WORKER", "STATE", "HEARTBEAT (UTC)", "CPU", "MEMORY", "REGISTERED (UTC)", "BRIDGE", "LABELS"];
        let fetch = async |q| {
            let reply = client.list_machines(q).await?;
            let needs_someone = reply.read()?.items.iter().any(|m| matches!(m.state.as_str(), "error" | "locked"));
            bad.set(bad.get() || needs_someone);
            Ok(reply)
        };
        self.paging.show(door, &headings, query, fetch, row).await?;
        Ok(if bad.get() { Done::Found } else { Done::Well })
    }
}

fn row(machine: &Machine) -> Row {
    let pulse = machine.pulse.as_ref().filter(|_| is_there(machine));
    let share = |share: f64| format!("{:.0} %", share * 100.0);
    let memory = machine.facts.memory_bytes.max(1) as f64;
    let heartbeat = match pulse {
        Some(pulse) => exact_moment(&pulse.at),
        None => moment_or_dash(machine.last_seen_at.as_deref()),
    };
    let state = match machine.troubles.as_slice() {
        [] => machine.state.clone(),
        troubles => format!("{}: {}", machine.state, troubles.join(", ")),
    };
    let cells = vec![
        machine.name.clone(),
        state,
        heartbeat,
        pulse.map_or_else(|| "–".to_owned(), |pulse| share(pulse.processor)),
        pulse.map_or_else(|| "–".to_owned(), |pulse| share(pulse.memory_used_bytes as f64 / memory)),
        moment(&machine.joined_at),
        machine.facts.bridge_version.clone(),
        machine.labels.join(" "),
    ];
    Row { cells, mark: Some(mark_of(&machine.state)) }
}
