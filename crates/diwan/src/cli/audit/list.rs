//! `diwan audit list`.

use clap::Args;
use diwan_client::AuditEntry;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::paging::Paging;
use super::super::screen::exact_moment;
use super::Filter;

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    paging: Paging,
}

impl List {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let headings = ["SEQ", "AT (UTC)", "WHO", "ACTION", "OUTCOME", "ON", "FROM"];
        let fetch = async |query| client.list_audit_entries(query).await;
        self.paging.show(door, &headings, self.filter.query(), fetch, row).await
    }
}

fn row(entry: &AuditEntry) -> Vec<String> {
    let who = if entry.actor.name.is_empty() { &entry.actor.kind } else { &entry.actor.name };
    let on = entry.resource.as_ref().map(|r| format!("{} {}", r.kind, r.id));
    let outcome = match &entry.error {
        Some(error) => format!("{}: {error}", entry.outcome),
        None => entry.outcome.clone(),
    };
    vec![
        entry.seq.to_string(),
        exact_moment(&entry.at),
        who.clone(),
        entry.action.clone(),
        outcome,
        on.unwrap_or_default(),
        entry.address.clone().unwrap_or_default(),
    ]
}
