//! `diwan machine label`, `rename`, `revoke`, `rm` and `unlock`.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::safe;
use super::id_of;

#[derive(Debug, Args)]
pub(in crate::cli) struct Label {
    /// Its name or id
    name: String,
    /// env=prod or gpu sets a label, env- takes it away
    #[arg(required = true, value_name = "LABEL")]
    labels: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Rename {
    /// Its name or id
    name: String,
    /// What it is called from now on
    new_name: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Revoke {
    /// Its name or id
    name: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Label {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let id = id_of(&client, &self.name).await?;
        let before = client.get_machine(&id).await?.read()?.machine.labels;
        let labels = changed(&before, &self.labels)?;
        let reply = client.update_machine(&id, json!({"labels": labels})).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
        } else {
            let machine = reply.read()?;
            let labels = if machine.labels.is_empty() { "no labels".to_owned() } else { machine.labels.join(" ") };
            door.screen.line(&safe(&format!("{}: {labels}", machine.name)))?;
        }
        Ok(Done::Well)
    }
}

fn key_of(label: &str) -> &str {
    label.split_once('=').map_or(label, |(key, _)| key)
}

/// The labels after a change.
fn changed(before: &[String], asked: &[String]) -> Result<Vec<String>, Failure> {
    let mut labels: BTreeMap<&str, &str> = before.iter().map(|label| (key_of(label), label.as_str())).collect();
    for label in asked {
        match label.strip_suffix('-').filter(|key| !key.contains('=')) {
            Some(key) if labels.remove(key).is_none() => {
                let next = "`diwan machine show` lists its labels.";
                return Err(Failure::refused(format!("the machine has no label {key}"), next));
            }
            Some(_) => {}
            None => drop(labels.insert(key_of(label), label)),
        }
    }
    Ok(labels.into_values().map(str::to_owned).collect())
}

impl Rename {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let id = id_of(&client, &self.name).await?;
        let reply = client.update_machine(&id, json!({"name": self.new_name})).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
        } else {
            door.screen.line(&safe(&format!("{} is called {} now.", self.name, reply.read()?.name)))?;
        }
        Ok(Done::Well)
    }
}

impl Revoke {
    pub(super) async fn revoke(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let id = id_of(&client, &self.name).await?;
        let question = format!("Put {} out for good? It can only join as a new machine.", self.name);
        door.confirm(&safe(&question), self.yes)?;
        let reply = client.revoke_machine(&id).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
        } else {
            door.screen.line(&safe(&format!("{} was put out.", self.name)))?;
        }
        Ok(Done::Well)
    }

    pub(super) async fn remove(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let id = id_of(&client, &self.name).await?;
        door.confirm(&safe(&format!("Remove {} and what is known of it?", self.name)), self.yes)?;
        door.stepped_up(&client, async || client.delete_machine(&id).await).await?;
        if door.screen.is_json() {
            door.screen.json(&json!({"removed": id}).to_string())?;
        } else {
            door.screen.line(&safe(&format!("{} was removed.", self.name)))?;
        }
        Ok(Done::Well)
    }
}

pub(super) async fn unlock(door: &Door<'_>, name: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    let id = id_of(&client, name).await?;
    let reply = door.stepped_up(&client, async || client.unlock_machine(&id).await).await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
    } else {
        door.screen.line(&safe(&format!("{name} may come in again.")))?;
    }
    Ok(Done::Well)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_set_changed_and_taken_away() {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let before = list(&["env=prod", "gpu"]);
        let after = |asked: &[&str]| changed(&before, &list(asked)).ok();
        assert_eq!(after(&["env=test", "new"]), Some(list(&["env=test", "gpu", "new"])));
        assert_eq!(after(&["env-", "gpu-"]), Some(vec![]));
        assert_eq!(after(&["gpu=a100", "x=y-"]), Some(list(&["env=prod", "gpu=a100", "x=y-"])));
        assert_eq!(after(&["nothing-"]), None);
    }
}
