//! `diwan schedule delete`, `pause`, `resume`, `run` and `rotate-secret`.

use clap::Args;
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::safe;
use super::find::find;

#[derive(Debug, Args)]
pub(in crate::cli) struct Delete {
    /// Its name or id
    name: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Delete {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let (schedule, _) = find(&client, &self.name).await?;
        let question = format!("Remove the schedule {}? The jobs that it made stay.", schedule.name);
        door.confirm(&safe(&question), self.yes)?;
        client.delete_job_schedule(&schedule.id).await?;
        match door.screen.is_json() {
            true => door.screen.json(&json!({"removed": schedule.id}).to_string())?,
            false => door.screen.line(&safe(&format!("The schedule {} was removed.", schedule.name)))?,
        }
        Ok(Done::Well)
    }
}

pub(super) async fn pause(door: &Door<'_>, name: &str, is_paused: bool) -> Result<Done, Failure> {
    let client = door.client()?;
    let (schedule, _) = find(&client, name).await?;
    let reply = client.update_job_schedule(&schedule.id, json!({"paused": is_paused})).await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
    } else {
        let how = if is_paused { "makes no jobs any more" } else { "makes jobs again" };
        door.screen.line(&safe(&format!("The schedule {} {how}.", schedule.name)))?;
    }
    Ok(Done::Well)
}

pub(super) async fn run(door: &Door<'_>, name: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    let (schedule, _) = find(&client, name).await?;
    let reply = client.run_job_schedule(&schedule.id).await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
    } else {
        let id = reply.read()?.id;
        door.screen.line(&safe(&id))?;
        eprintln!("{}", safe(&format!("The schedule {} made it. Look on: diwan job logs -f {id}", schedule.name)));
    }
    Ok(Done::Well)
}

pub(super) async fn rotate_secret(door: &Door<'_>, name: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    let (schedule, _) = find(&client, name).await?;
    let reply = door.stepped_up(&client, async || client.rotate_job_schedule_secret(&schedule.id).await).await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    eprintln!(
        "{}",
        safe(&format!("Webhooks for {} are signed with this from now on; it is not shown again:", schedule.name))
    );
    door.screen.line(&safe(&reply.read()?.secret))?;
    Ok(Done::Well)
}
