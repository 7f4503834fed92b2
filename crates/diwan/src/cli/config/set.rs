//! `diwan config set` and `diwan config unset`.

use clap::Args;
use diwan_client::{Setting, Settings};
use diwan_kernel::config::masked;
use serde_json::{Map, Value};

use super::super::door::{Door, given_secret};
use super::super::failure::{Done, Failure};
use super::super::screen::safe;
use super::change::say;
use super::value::value_of;

/// What says that the value is read from standard input.
const FROM_INPUT: &str = "@-";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  diwan config set mail.host=smtp.example.org mail.port=587
  diwan config set identity.allowed_addresses=10.0.0.0/8,192.0.2.7
  diwan config set oidc.providers=@- < providers.json
  diwan config set mail.password=vault:mail/password

A value is JSON where it fits the setting as such, else text; a list of texts
may be written with commas. KEY=@- reads the value from standard input. Secrets
are not taken from the command line, where other people could see them.")]
pub(in crate::cli) struct Set {
    /// What to set: mail.port=25
    #[arg(value_name = "KEY=VALUE", required = true, value_parser = assignment)]
    settings: Vec<Assignment>,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    comment: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Unset {
    /// Which settings
    #[arg(value_name = "KEY", required = true)]
    keys: Vec<String>,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    comment: String,
}

/// A setting and what it is to be.
#[derive(Debug, Clone)]
struct Assignment {
    key: String,
    text: String,
}

fn assignment(text: &str) -> Result<Assignment, String> {
    match text.split_once('=') {
        Some((key, text)) if !key.trim().is_empty() => {
            Ok(Assignment { key: key.trim().to_owned(), text: text.to_owned() })
        }
        _ => Err("write it as KEY=VALUE; `diwan config unset` puts a setting back to its default".to_owned()),
    }
}

impl Set {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        if self.settings.iter().filter(|s| s.text == FROM_INPUT).count() > 1 {
            return Err(Failure::usage("standard input holds one value", "Set the others with commands of their own."));
        }
        let client = door.client()?;
        let known = client.list_settings().await?.read()?;
        let mut changes = Map::new();
        for Assignment { key, text } in &self.settings {
            let value = value(&known, key, text)?;
            if changes.insert(key.clone(), value).is_some() {
                return Err(Failure::usage(format!("{key} is set twice"), "Say once what it is to be."));
            }
        }
        apply(door, &client, changes, &self.comment).await
    }
}

impl Unset {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let changes = self.keys.iter().map(|key| (key.clone(), Value::Null)).collect();
        apply(door, &client, changes, &self.comment).await
    }
}

async fn apply(
    door: &Door<'_>,
    client: &diwan_client::Client,
    changes: Map<String, Value>,
    comment: &str,
) -> Result<Done, Failure> {
    let changes = Value::Object(changes);
    say(door, &door.stepped_up(client, async || client.update_settings(&changes, comment).await).await?)
}

/// What the setting is to be. The server judges it, and names what it does not know.
fn value(known: &Settings, key: &str, text: &str) -> Result<Value, Failure> {
    let setting = known.items.iter().find(|setting| setting.name() == key);
    let schema = setting.map_or(&Value::Null, |setting| &setting.schema);
    if text == FROM_INPUT {
        return Ok(value_of(&given_secret(&safe(&format!("{key}: ")))?, schema));
    }
    let value = value_of(text, schema);
    match setting {
        Some(setting) if masked(schema, &value) != value => Err(no_secret_here(setting)),
        _ => Ok(value),
    }
}

/// A secret stands on the command line.
fn no_secret_here(setting: &Setting) -> Failure {
    let key = setting.name();
    let what = format!("{key} would take a secret from the command line, where others can see it");
    let kind = setting.schema.get("format").and_then(Value::as_str);
    let next = match kind {
        Some(diwan_kernel::config::SECRET) => {
            let name = key.replace('.', "/").replace('_', "-");
            format!("Keep it in the vault: `diwan secret set {name}`, then `diwan config set {key}=vault:{name}`.")
        }
        // It is needed before the vault is open.
        Some(_) => format!("Give it on standard input: `diwan config set {key}=@-`."),
        None => "Keep it in the vault with `diwan secret set NAME`, and write vault:NAME in its place.".to_owned(),
    };
    Failure::usage(what, &next)
}
