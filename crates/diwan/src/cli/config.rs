//! `diwan config`: the configuration as a server on this machine would read it.

use clap::{Args, Subcommand};
use diwan_kernel::config::Source;
use diwan_server::Setting;
use serde_json::{Value, json};

use super::door::Door;
use super::failure::{Done, Failure};
use super::installation::Installation;
use super::screen::{Tone, safe};
use crate::compose::config::{Config as Whole, SECTIONS, variable};

const AFTER_HELP: &str = "\
Examples:
  diwan config                               the values, and where each came from
  diwan config show --running                those of the running server
  diwan config validate --config diwan.yaml  judge a file before it is used
  diwan config reference                     every setting there is

Values come, weakest first, from the defaults, the file, DIWAN_* variables, flags.";

/// Look at the configuration of this machine's installation
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Config {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    installation: Installation,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show the values in force, and where each came from
    Show {
        /// Ask the running server instead of reading this machine's file and variables
        #[arg(long)]
        running: bool,
        #[command(flatten)]
        installation: Installation,
    },
    /// Show what was set, and where
    Sources {
        #[command(flatten)]
        installation: Installation,
    },
    /// Judge the configuration without starting anything
    Validate {
        #[command(flatten)]
        installation: Installation,
    },
    /// List every setting there is
    Reference,
}

impl Config {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match &self.what {
            None => show(door, &self.installation),
            Some(What::Show { running: false, installation }) => show(door, installation),
            Some(What::Show { running: true, .. }) => show_running(door).await,
            Some(What::Sources { installation }) => sources(door, installation),
            Some(What::Validate { installation }) => validate(door, installation),
            Some(What::Reference) => reference(door),
        }
    }
}

fn show(door: &Door<'_>, installation: &Installation) -> Result<Done, Failure> {
    let settings = installation.load()?.settings();
    if door.screen.is_json() {
        door.screen.json(&json!({"items": settings}).to_string())?;
        return Ok(Done::Well);
    }
    let row = |s: &Setting| vec![format!("{}.{}", s.section, s.key), shown(&s.value), source(s.source).to_owned()];
    door.screen.table(&["SETTING", "VALUE", "FROM"], settings.iter().map(row).collect())?;
    Ok(Done::Well)
}

async fn show_running(door: &Door<'_>) -> Result<Done, Failure> {
    let reply = door.client()?.list_settings().await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let rows =
        reply.read()?.items.into_iter().map(|s| vec![format!("{}.{}", s.section, s.key), shown(&s.value), s.source]);
    door.screen.table(&["SETTING", "VALUE", "FROM"], rows.collect())?;
    Ok(Done::Well)
}

fn sources(door: &Door<'_>, installation: &Installation) -> Result<Done, Failure> {
    let config = installation.load()?;
    let set: Vec<_> = config.settings().into_iter().filter(|s| s.source != Source::Default).collect();
    if door.screen.is_json() {
        door.screen.json(&json!({"file": installation.file(), "items": set}).to_string())?;
        return Ok(Done::Well);
    }
    let file = installation.file().unwrap_or_else(|| "none (name one with --config or DIWAN_CONFIG)".to_owned());
    door.screen.facts(&[("File", file), ("Data directory", config.server.data_dir.clone())])?;
    if !set.is_empty() {
        let rows = set.iter().map(|s| vec![format!("{}.{}", s.section, s.key), source(s.source).to_owned()]);
        door.screen.line("")?;
        door.screen.table(&["SETTING", "FROM"], rows.collect())?;
    }
    Ok(Done::Well)
}

fn validate(door: &Door<'_>, installation: &Installation) -> Result<Done, Failure> {
    let config = installation.load()?;
    for (name, meant) in &config.slips {
        eprintln!("The variable {} is not a setting; did you mean {meant}?", safe(name));
    }
    if door.screen.is_json() {
        door.screen.json(&json!({"ok": true}).to_string())?;
    } else {
        door.screen.line(&format!("{} The configuration is acceptable.", door.screen.toned(Tone::Good, "✓")))?;
    }
    Ok(Done::Well)
}

fn reference(door: &Door<'_>) -> Result<Done, Failure> {
    let defaults = Whole::default().settings();
    let default_of = |section: &str, key: &str| {
        let setting = defaults.iter().find(|s| s.section == section && s.key == key);
        setting.map(|s| s.value.clone()).unwrap_or_default()
    };
    let keys = SECTIONS.iter().flat_map(|(section, keys)| keys.iter().map(move |key| (*section, key)));
    if door.screen.is_json() {
        let items: Vec<_> = keys
            .map(|(section, key)| {
                json!({"section": section, "key": key.name, "description": key.about, "secret": key.secret,
                    "default": default_of(section, key.name), "variable": variable(section, key.name)})
            })
            .collect();
        door.screen.json(&json!({"items": items}).to_string())?;
        return Ok(Done::Well);
    }
    for (section, key) in keys {
        let default = shown(&default_of(section, key.name));
        let default = if default.is_empty() { String::new() } else { format!("  [default: {default}]") };
        door.screen.line(&format!(
            "{section}.{}{default}\n    {}\n    {}",
            key.name,
            key.about,
            variable(section, key.name)
        ))?;
    }
    Ok(Done::Well)
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => safe(text).into_owned(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

const fn source(source: Source) -> &'static str {
    match source {
        Source::Default => "default",
        Source::File => "file",
        Source::Environment => "environment",
        Source::Flag => "flag",
    }
}
