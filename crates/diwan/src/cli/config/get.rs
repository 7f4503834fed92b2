//! `diwan config get`.

use clap::Args;
use diwan_client::Settings;
use diwan_kernel::config::nearest;
use serde_json::Value;

use super::super::door::Door;
use super::super::failure::{Done, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct Get {
    /// Which setting: mail.port
    key: String,
}

impl Get {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let reply = door.client()?.list_settings().await?;
        let settings = reply.read()?;
        let at = settings.items.iter().position(|item| item.name() == self.key);
        let at = at.ok_or_else(|| unknown(&self.key, &settings))?;
        if door.screen.is_json() {
            let whole: Value = serde_json::from_str(reply.text()).unwrap_or_default();
            door.screen.json(&whole["items"][at].to_string())?;
            return Ok(Done::Well);
        }
        match &settings.items[at].value {
            Value::Null => {}
            Value::String(text) => door.screen.verbatim(text)?,
            other => door.screen.json(&other.to_string())?,
        }
        Ok(Done::Well)
    }
}

fn unknown(name: &str, settings: &Settings) -> Failure {
    let next = match nearest(name, settings.items.iter().map(diwan_client::Setting::name)) {
        Some(meant) => format!("Did you mean {meant}?"),
        None => "`diwan config reference` lists them all.".to_owned(),
    };
    Failure::refused(format!("{name} is not a setting"), &next)
}
