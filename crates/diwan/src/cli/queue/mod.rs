//! `diwan queue`: what jobs wait in, and how many are done at once.

mod limit;
mod list;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::door::Door;
use super::failure::{Done, Failure};
use super::screen::safe;

const AFTER_HELP: &str = "\
Examples:
  diwan queue list
  diwan queue pause deploy
  diwan queue resume deploy
  diwan queue limit deploy 2
  diwan queue limit deploy none
  diwan queue machines
  diwan queue machines web-1 --limit 4

A queue comes into being with the first job that names it; jobs that name none
wait in `default`. From a paused queue nothing is begun; what runs goes on.";

/// Pause and limit the queues in which jobs wait
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(super) enum Queue {
    /// List queues: how many jobs wait, and how many are under way
    List,
    /// List how many jobs each machine does at once, or say so
    Machines(limit::Machines),
    /// Begin nothing from a queue
    Pause(Which),
    /// Begin jobs from a queue again
    Resume(Which),
    /// Say how many jobs of a queue are done at once
    Limit(limit::Limit),
}

/// Which queue.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Its name
    #[arg(value_name = "QUEUE")]
    name: String,
}

impl Queue {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::List => list::queues(door).await,
            Self::Machines(machines) => machines.run(door).await,
            Self::Pause(which) => pause(door, &which.name, true).await,
            Self::Resume(which) => pause(door, &which.name, false).await,
            Self::Limit(limit) => limit.run(door).await,
        }
    }
}

async fn pause(door: &Door<'_>, name: &str, is_paused: bool) -> Result<Done, Failure> {
    change(door, name, json!({"paused": is_paused})).await?;
    let words = match is_paused {
        true => format!("Nothing is begun from {name} any more; what runs goes on."),
        false => format!("Jobs of {name} are begun again."),
    };
    said(door, &words, &json!({"queue": name, "paused": is_paused}))
}

/// Changes a queue; says so when nothing was known of it, since its name may be a slip.
async fn change(door: &Door<'_>, name: &str, change: Value) -> Result<(), Failure> {
    let client = door.client()?;
    // Who may change queues and not see them is told nothing.
    let known = client.list_job_queues().await.and_then(|reply| reply.read());
    let is_new = known.is_ok_and(|known| known.items.iter().all(|queue| queue.name != name));
    client.update_job_queue(name, change).await?;
    if is_new && !door.screen.is_json() {
        let words = format!("No job is in {name}, and nothing was said of it before: it counts for jobs to come.");
        eprintln!("{}", safe(&words));
    }
    Ok(())
}

fn said(door: &Door<'_>, words: &str, raw: &Value) -> Result<Done, Failure> {
    match door.screen.is_json() {
        true => door.screen.json(&raw.to_string())?,
        false => door.screen.line(&safe(words))?,
    }
    Ok(Done::Well)
}
