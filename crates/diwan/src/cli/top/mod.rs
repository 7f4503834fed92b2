//! `diwan top`: how machines are doing, live, on the whole screen.
//!
//! Start at `watch.rs` for where the figures come from, at `board.rs` for what is known and chosen, and at
//! `draw.rs` for how it looks.

mod board;
mod draw;
mod one;
mod terminal;
mod watch;

use std::io::IsTerminal;

use clap::Args;
use diwan_client::{Client, Query};
use serde_json::{Value, json};

use super::door::Door;
use super::failure::{Done, Failure};
use super::machine::{id_of, mark_of};
use super::screen::{Row, size};
use board::Board;

const AFTER_HELP: &str = "\
Examples:
  diwan top
  diwan top web-1
  diwan top web-1 web-2
  diwan top --json | jq '.items[].sample.processor'

Keys: up and down choose a machine, Enter shows it alone, Esc goes back, s sorts
otherwise, q quits. Where standard output is no terminal, or with --json, it
prints how the machines are now, and ends.";

/// Watch how machines are doing, live
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Top {
    /// Only these machines, by their names or ids; a single one is shown with everything
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,
}

impl Top {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let mut ids = vec![];
        for name in &self.machines {
            ids.push(id_of(&client, name).await?);
        }
        let only = (!ids.is_empty()).then_some(ids);
        if door.screen.is_json() || !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
            return once(door, &client, only.as_deref()).await;
        }
        let mut board = Board::new(only, door.screen.colours()[0]);
        watch::refresh(&client, &mut board).await?;
        watch::run(&client, &mut board).await?;
        Ok(Done::Well)
    }
}

/// How they are now.
async fn once(door: &Door<'_>, client: &Client, only: Option<&[String]>) -> Result<Done, Failure> {
    let page = client.list_machines(Query::new().with("limit", Some(200))).await?.read()?;
    let shown = page.items.into_iter().filter(|machine| only.is_none_or(|only| only.contains(&machine.id)));
    let (mut items, mut rows): (Vec<Value>, Vec<Row>) = (vec![], vec![]);
    for machine in shown {
        if door.screen.is_json() {
            let detail = client.get_machine(&machine.id).await?;
            items.push(serde_json::from_str(detail.text()).unwrap_or_default());
            continue;
        }
        let pulse = machine.pulse.as_ref();
        let dash = || "–".to_owned();
        let cells = vec![
            machine.name.clone(),
            machine.state.clone(),
            pulse.map_or_else(dash, |pulse| format!("{:.0} %", pulse.processor * 100.0)),
            pulse.map_or_else(dash, |pulse| size(pulse.memory_used_bytes)),
            size(machine.facts.memory_bytes),
            pulse.map_or_else(dash, |pulse| format!("{}/s", size(pulse.received_bytes_s))),
            pulse.map_or_else(dash, |pulse| format!("{}/s", size(pulse.sent_bytes_s))),
        ];
        rows.push(Row { cells, mark: Some(mark_of(&machine.state)) });
    }
    if door.screen.is_json() {
        door.screen.json(&json!({"items": items}).to_string())?;
    } else {
        door.screen.rows(&["NAME", "STATE", "CPU", "MEMORY", "OF", "IN", "OUT"], rows)?;
    }
    Ok(Done::Well)
}
