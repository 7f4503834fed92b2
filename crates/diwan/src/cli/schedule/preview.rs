//! `diwan schedule preview`.

use clap::{ArgGroup, Args};
use diwan_client::Client;
use serde_json::{Value, json};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{exact_moment, safe};
use super::find::find;

const AFTER_HELP: &str = "\
Examples:
  diwan schedule preview nightly
  diwan schedule preview --cron '30 2 * * *' --zone Europe/Berlin --count 10";

/// Show when a schedule would make jobs
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
#[command(group = ArgGroup::new("previewed").required(true).args(["name", "cron"]))]
pub(in crate::cli) struct Preview {
    /// Its name or id
    #[arg(value_name = "NAME", id = "name")]
    name: Option<String>,
    /// Of this expression instead: minute, hour, day, month and day of the week
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,
    /// Whose clock, like Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC", requires = "cron")]
    zone: String,
    /// How many moments
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    count: u32,
}

impl Preview {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let when = self.when(&client).await?;
        let reply = client.preview_job_schedule(json!({"when": when, "count": self.count})).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
            return Ok(Done::Well);
        }
        let next = reply.read()?.next;
        if next.is_empty() {
            eprintln!("The clock says nothing about it.");
        }
        for at in &next {
            door.screen.line(&safe(&format!("{} UTC", exact_moment(at))))?;
        }
        Ok(Done::Well)
    }

    async fn when(&self, client: &Client) -> Result<Value, Failure> {
        match &self.name {
            Some(name) => {
                let (_, text) = find(client, name).await?;
                let mut schedule: Value = serde_json::from_str(&text).unwrap_or_default();
                Ok(schedule["when"].take())
            }
            None => Ok(json!({"kind": "cron", "expression": self.cron, "time_zone": self.zone})),
        }
    }
}
