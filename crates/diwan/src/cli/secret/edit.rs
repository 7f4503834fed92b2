//! `diwan secret edit`.

use clap::Args;
use diwan_kernel::Timestamp;
use serde_json::{Map, Value, json};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::safe;
use super::id_of;

#[derive(Debug, Args)]
pub(in crate::cli) struct Edit {
    /// Its name or id
    name: String,
    /// What it is called from now on
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Whose service it opens
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// After how many days a new value is due
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
    rotate_every: Option<u16>,
    /// No new value is ever due
    #[arg(long, conflicts_with = "rotate_every")]
    rotate_never: bool,
    /// For how many hours the value before still counts
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u16).range(0..=2160))]
    overlap: Option<u16>,
    /// When it ends: 2027-01-31, or 2027-01-31T09:30:00Z
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    ends: Option<Timestamp>,
    /// It does not end by itself
    #[arg(long, conflicts_with = "ends")]
    ends_never: bool,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    Timestamp::parse(&whole).ok_or_else(|| "it is not a day (2027-01-31) or a moment (2027-01-31T09:30:00Z)".to_owned())
}

impl Edit {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let changes = self.changes();
        if changes.is_empty() {
            let next =
                "Say what changes, such as --description or --rotate-every; `diwan secret edit --help` lists it.";
            return Err(Failure::usage("nothing is said that changes", next));
        }
        let client = door.client()?;
        let id = id_of(&client, &self.name).await?;
        let reply = client.update_secret(&id, Value::Object(changes)).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
        } else {
            door.screen.line(&safe(&format!("{} was changed.", reply.read()?.name)))?;
        }
        Ok(Done::Well)
    }

    /// What changes; null is never.
    fn changes(&self) -> Map<String, Value> {
        let never = |is_never: bool| is_never.then_some(Value::Null);
        let changes = [
            ("name", self.rename.as_ref().map(|name| json!(name))),
            ("description", self.description.as_ref().map(|text| json!(text))),
            ("provider", self.provider.as_ref().map(|name| json!(name))),
            ("rotation_days", self.rotate_every.map(|days| json!(days)).or_else(|| never(self.rotate_never))),
            ("overlap_hours", self.overlap.map(|hours| json!(hours))),
            ("expires_at", self.ends.map(|at| json!(at)).or_else(|| never(self.ends_never))),
        ];
        changes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}
