//! `diwan config rollback`, `reload` and `move-secret`, and what is said of a change.

use clap::Args;
use diwan_client::{Reply, SettingChange, SettingsSaved};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{Tone, safe};
use super::value::shown;

#[derive(Debug, Args)]
pub(in crate::cli) struct Rollback {
    /// Which version; `diwan config history` lists them
    version: i64,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    comment: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct MoveSecret {
    /// Which setting: mail.password, or oidc.providers[0].client_secret
    key: String,
    /// Its name in the vault: mail/password
    name: String,
}

impl Rollback {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let go_back = async || client.roll_back_settings(self.version, &self.comment).await;
        say(door, &door.stepped_up(&client, go_back).await?)
    }
}

impl MoveSecret {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let take = async || client.move_settings_secret(&self.key, &self.name).await;
        say(door, &door.stepped_up(&client, take).await?)
    }
}

pub(super) async fn reload(door: &Door<'_>) -> Result<Done, Failure> {
    let client = door.client()?;
    say(door, &door.stepped_up(&client, async || client.reload_settings().await).await?)
}

/// Says what came into force.
pub(super) fn say(door: &Door<'_>, reply: &Reply<SettingsSaved>) -> Result<Done, Failure> {
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let saved = reply.read()?;
    for change in &saved.changes {
        door.screen.line(&safe(&line(change)))?;
    }
    let version = saved.version;
    door.screen.line(&match saved.changes.is_empty() {
        true => format!("Nothing differs: version {version} is in force."),
        false => format!("Version {version} is in force."),
    })?;
    if saved.restart_needed {
        let text = "Some of what was saved waits for the next start: restart the server.";
        door.screen.line(&door.screen.toned(Tone::Doubtful, text))?;
    }
    Ok(Done::Well)
}

/// What a setting was and what it is.
fn line(change: &SettingChange) -> String {
    let when = if change.needs_restart { "  (with the next start)" } else { "" };
    let (old, new) = (shown(&change.old), shown(&change.new));
    match old == new {
        true => format!("{}: {new}, changed{when}", change.key),
        false => format!("{}: {old} → {new}{when}", change.key),
    }
}
