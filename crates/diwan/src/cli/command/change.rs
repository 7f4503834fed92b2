//! `diwan command cancel` and `approve`.

use clap::Args;
use diwan_client::{Client, ClientError};
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::safe;
use super::{in_words, script_of, unknown};

#[derive(Debug, Args)]
pub(in crate::cli) struct Approve {
    /// Its id (cmd_…)
    id: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) async fn cancel(door: &Door<'_>, id: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    if let Err(error) = client.cancel_command(id).await {
        return Err(unstopped(&client, id, error).await);
    }
    if door.screen.is_json() {
        door.screen.json(&json!({"cancelled": id}).to_string())?;
    } else {
        door.screen.line(&safe(&format!("{id} is being stopped.")))?;
    }
    Ok(Done::Well)
}

/// Why there was nothing to stop.
async fn unstopped(client: &Client, id: &str, error: ClientError) -> Failure {
    if error.code() == Some("command_over")
        && let Ok(Ok(command)) = client.get_command(id).await.map(|reply| reply.read())
        && command.state == "needs_approval"
    {
        let next = format!("Without a yes it never runs: `diwan command show {id}` says who wanted what.");
        return Failure::refused("it waits for somebody to say yes and does not run: there is nothing to stop", &next);
    }
    unknown(error)
}

impl Approve {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let wanted = client.get_command(&self.id).await.map_err(unknown)?.read()?;
        let (who, what) = (&wanted.actor.name, in_words(&wanted.operation));
        let asked = safe(&format!("{who} wants on {}: {what}", wanted.machine_name)).into_owned();
        let lines = std::iter::once(asked).chain(script_of(&wanted.operation)).chain(["Say yes?".to_owned()]);
        door.confirm(&lines.collect::<Vec<_>>().join("\n"), self.yes)?;
        let reply = door.stepped_up(&client, async || client.approve_command(&self.id).await).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
        } else {
            let sent = reply.read()?.id;
            door.screen.line(&safe(&format!("It was sent as {sent}. What it says: diwan command output {sent}")))?;
        }
        Ok(Done::Well)
    }
}
