//! `diwan config history` and `diwan config diff`.

use clap::Args;
use diwan_client::{Query, SettingsVersion};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::paging::Paging;
use super::super::screen::moment;
use super::value::shown;

#[derive(Debug, Args)]
pub(in crate::cli) struct History {
    #[command(flatten)]
    paging: Paging,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Diff {
    /// The one version [default: the one before the other]
    from: Option<i64>,
    /// The other version [default: the newest]
    to: Option<i64>,
}

impl History {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let headings = ["VERSION", "SINCE (UTC)", "BY", "HOW", "SETTINGS", "COMMENT"];
        self.paging.show(door, &headings, Query::new(), async |q| client.list_settings_versions(q).await, row).await
    }
}

fn row(version: &SettingsVersion) -> Vec<String> {
    let dash = |text: String| if text.is_empty() { "–".to_owned() } else { text };
    let how = match (version.cause.as_str(), version.rolled_back_to) {
        ("rollback", Some(to)) => format!("back to {to}"),
        ("secret_moved", _) => "secret moved".to_owned(),
        (cause, _) => cause.to_owned(),
    };
    vec![
        version.version.to_string(),
        moment(&version.at),
        version.by.as_ref().map_or_else(|| "–".to_owned(), |by| by.name.clone()),
        how,
        dash(version.keys.join(" ")),
        dash(version.comment.clone()),
    ]
}

impl Diff {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let to = match self.to {
            Some(to) => to,
            None => {
                let newest = client.list_settings_versions(Query::new().with("limit", Some(1))).await?.read()?;
                newest.items.first().map_or(1, |newest| newest.version)
            }
        };
        let from = self.from.unwrap_or(to - 1);
        if from < 1 {
            let next = "Change something, then look again.";
            return Err(Failure::refused("there is only one version, and nothing to compare it with", next));
        }
        let reply = client.diff_settings(from, to).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
            return Ok(Done::Well);
        }
        let changes = reply.read()?.changes;
        if changes.is_empty() {
            eprintln!("Versions {from} and {to} say the same.");
            return Ok(Done::Well);
        }
        let headings = ["SETTING".to_owned(), format!("VERSION {from}"), format!("VERSION {to}")];
        let rows = changes.iter().map(|c| vec![c.key.clone(), shown(&c.old), shown(&c.new)]).collect();
        door.screen.table(&headings.each_ref().map(String::as_str), rows)?;
        Ok(Done::Well)
    }
}
