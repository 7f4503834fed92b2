//! `diwan secret import` and `diwan secret export`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use diwan_client::{ImportedSecrets, Query};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::safe;
use super::{KindName, environment_file};

/// So many the server takes in a request.
const MOST_AT_ONCE: usize = 500;

#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    /// An environment file: lines like GITHUB_TOKEN=…; each becomes a secret like github-token
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What the names begin with: ci gives ci/github-token
    #[arg(long, value_name = "NAME")]
    under: Option<String>,
    /// What they are
    #[arg(long, default_value = "free")]
    kind: KindName,
    /// Give secrets that are there already a new version
    #[arg(long)]
    replace: bool,
}

impl Import {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let shown = self.file.display();
        let text = std::fs::read_to_string(&self.file).map(Zeroizing::new);
        let text =
            text.map_err(|e| Failure::usage(format!("cannot read {shown}: {e}"), "Name a file that you can read."))?;
        let read = environment_file::read(&text).map_err(|(line, why)| {
            Failure::usage(format!("{shown}, line {line}: {why}"), "Write each secret as NAME=value.")
        })?;
        let named = |(name, value): (String, String)| {
            let name = self.under.as_ref().map_or_else(|| name.clone(), |under| format!("{under}/{name}"));
            json!({"name": name, "kind": self.kind.as_str(), "value": value})
        };
        let count = read.len();
        // As a shell reads it, and as the dashboard does: the last of a name counts.
        let last: BTreeMap<String, String> = read.into_iter().collect();
        if last.len() < count {
            eprintln!("Some names stand there more than once; the last of each counts.");
        }
        let secrets: Vec<Value> = last.into_iter().map(named).collect();
        if secrets.is_empty() {
            return Err(Failure::usage(format!("{shown} holds no secrets"), "Write each secret as NAME=value."));
        }
        let client = door.client()?;
        let mut report = ImportedSecrets::default();
        for some in secrets.chunks(MOST_AT_ONCE) {
            let reply = client.import_secrets(json!({"secrets": some, "replace": self.replace})).await?.read()?;
            report.created.extend(reply.created);
            report.replaced.extend(reply.replaced);
            report.refused.extend(reply.refused);
        }
        let done = if report.refused.is_empty() { Done::Well } else { Done::Found };
        if door.screen.is_json() {
            door.screen.json(&json!(report).to_string())?;
            return Ok(done);
        }
        for refused in &report.refused {
            eprintln!("{}", safe(&format!("{}: {}", refused.name, refused.detail)));
        }
        let (new, replaced) = (report.created.len(), report.replaced.len());
        door.screen.line(&format!("{new} new, {replaced} replaced, {} refused", report.refused.len()))?;
        Ok(done)
    }
}

/// Everything about all secrets but their values, a JSON object a line.
pub(super) async fn export(door: &Door<'_>) -> Result<Done, Failure> {
    let client = door.client()?;
    let mut cursor = None;
    loop {
        let query = Query::new().with("limit", Some(200)).with("cursor", cursor);
        let reply = client.list_secrets(query).await?;
        let page: Value = serde_json::from_str(reply.text()).unwrap_or_default();
        for item in page["items"].as_array().into_iter().flatten() {
            door.screen.json(&item.to_string())?;
        }
        cursor = reply.read()?.next_cursor;
        if cursor.is_none() {
            return Ok(Done::Well);
        }
    }
}
