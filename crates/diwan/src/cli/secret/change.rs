//! `diwan secret rotate`, `roll-back`, `destroy` and `remove`.

use clap::Args;
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::safe;
use super::id_of;

#[derive(Debug, Args)]
pub(in crate::cli) struct RollBack {
    /// Its name or id
    name: String,
    /// The version whose value becomes current again
    version: i64,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Destroy {
    /// Its name or id
    name: String,
    /// Which version
    version: i64,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Remove {
    /// Its name or id
    name: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

pub(super) async fn rotate(door: &Door<'_>, name: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    let id = id_of(&client, name).await?;
    say_version(door, &client.rotate_secret(&id).await?)
}

impl RollBack {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let id = id_of(&client, &self.name).await?;
        say_version(door, &client.roll_back_secret(&id, self.version).await?)
    }
}

pub(super) fn say_version(door: &Door<'_>, reply: &diwan_client::Reply<diwan_client::Secret>) -> Result<Done, Failure> {
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
    } else {
        let secret = reply.read()?;
        door.screen.line(&safe(&format!("{} has version {} now.", secret.name, secret.current_version)))?;
    }
    Ok(Done::Well)
}

impl Destroy {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let id = id_of(&client, &self.name).await?;
        let what = format!("version {} of {}", self.version, self.name);
        door.confirm(&safe(&format!("Destroy {what}? It cannot be brought back.")), self.yes)?;
        door.stepped_up(&client, async || client.destroy_secret_version(&id, self.version).await).await?;
        if door.screen.is_json() {
            door.screen.json(&json!({"destroyed": self.version}).to_string())?;
        } else {
            door.screen.line(&safe(&format!("{what} was destroyed.")))?;
        }
        Ok(Done::Well)
    }
}

impl Remove {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let id = id_of(&client, &self.name).await?;
        let question = format!("Remove {} with all its versions from {}?", self.name, client.server());
        door.confirm(&safe(&question), self.yes)?;
        door.stepped_up(&client, async || client.delete_secret(&id).await).await?;
        if door.screen.is_json() {
            door.screen.json(&json!({"removed": id}).to_string())?;
        } else {
            door.screen.line(&safe(&format!("{} was removed.", self.name)))?;
        }
        Ok(Done::Well)
    }
}
