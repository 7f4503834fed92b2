//! `diwan secret list`.

use clap::Args;
use diwan_client::{Query, Secret};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::paging::Paging;
use super::super::screen::{moment, moment_or_dash};
use super::KindName;

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// A part of the name, the description or the provider
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only of this kind
    #[arg(long)]
    kind: Option<KindName>,
    /// Only those that end or need a new value soon, or should have had one
    #[arg(long)]
    due: bool,
    #[command(flatten)]
    paging: Paging,
}

impl List {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let query = Query::new()
            .with("search", self.search.as_ref())
            .with("kind", self.kind.map(KindName::as_str))
            .with("due", self.due.then_some("true"));
        let headings = ["NAME", "KIND", "VERSION", "STATE", "DUE (UTC)", "ENDS (UTC)", "CHANGED (UTC)", "ID"];
        self.paging.show(door, &headings, query, async |q| client.list_secrets(q).await, row).await
    }
}

fn row(secret: &Secret) -> Vec<String> {
    vec![
        secret.name.clone(),
        secret.kind.clone(),
        secret.current_version.to_string(),
        secret.state.clone(),
        moment_or_dash(secret.rotate_at.as_deref()),
        moment_or_dash(secret.expires_at.as_deref()),
        moment(&secret.changed_at),
        secret.id.clone(),
    ]
}
