//! `diwan machine keys`.

use std::time::Duration;

use clap::Args;
use diwan_client::{Client, ClientError, MachineSshKey, Reply};
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::paging;
use super::super::screen::{Row, moment_or_dash, safe};
use super::id_of;

const BEAT: Duration = Duration::from_millis(500);

const AFTER_HELP: &str = "\
Examples:
  diwan machine keys web-1
  diwan machine keys web-1 --add ssh/deploy --user deploy
  diwan machine keys web-1 --add ssh/deploy --user deploy --port 2222 --wait
  diwan machine keys web-1 --check ssk_…
  diwan machine keys web-1 --rm ssk_…

The machine's policy decides whether a key is put there; `docs/machines.md` has
the lines that allow it. A new version in the vault is put beside the old one and
proven by a login; only then the old one goes.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Keys {
    /// Its name or id
    #[arg(value_name = "NAME")]
    name: String,
    /// Have this SSH key of the vault there, by its name or id
    #[arg(long, value_name = "SECRET", requires = "user", conflicts_with_all = ["rm", "check"])]
    add: Option<String>,
    /// The user of the machine who is to be logged in as
    #[arg(long, value_name = "USER", requires = "add")]
    user: Option<String>,
    /// Where the machine's own SSH server listens
    #[arg(long, value_name = "PORT", requires = "add", default_value_t = 22, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Take this one away (ssk_…)
    #[arg(long, alias = "remove", value_name = "ID", conflicts_with = "check")]
    rm: Option<String>,
    /// Only forget it: what is on the machine stays there
    #[arg(long, requires = "rm")]
    forget: bool,
    /// See to this one now, and prove once more that it opens the door (ssk_…)
    #[arg(long, value_name = "ID")]
    check: Option<String>,
    /// Come back when that is done, or something is in the way
    #[arg(long)]
    wait: bool,
}

impl Keys {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let id = id_of(&client, &self.name).await?;
        let changed = match (&self.add, &self.rm, &self.check) {
            (Some(secret), ..) => {
                let body = json!({"secret": secret, "user": self.user, "port": self.port});
                client.add_machine_ssh_key(&id, body).await.map_err(|e| no_secret(secret, e))?
            }
            (_, Some(key), _) => client.remove_machine_ssh_key(&id, key, self.forget).await?,
            (_, _, Some(key)) => client.check_machine_ssh_key(&id, key).await?,
            (None, None, None) => return list(door, &client, &id).await,
        };
        if self.wait {
            return self.wait_for(door, &client, &id, &changed.read()?).await;
        }
        show(door, &changed)
    }

    /// Until it is where it is wanted, or gone, or something is in the way.
    async fn wait_for(
        &self,
        door: &Door<'_>,
        client: &Client,
        machine: &str,
        before: &MachineSshKey,
    ) -> Result<Done, Failure> {
        let (key, proven_before) = (&before.id, proven_at(before));
        loop {
            let all = client.list_machine_ssh_keys(machine).await?.read()?.items;
            let Some(found) = all.into_iter().find(|one| one.id == *key) else {
                return said(door, &format!("{key} is not on {} any more.", self.name));
            };
            match found.state.as_str() {
                "in_place" if self.check.is_none() || proven_at(&found) != proven_before => {
                    return said(door, &sentence(&found));
                }
                "attention" => {
                    let next = "Whatever opened the door still does. `diwan machine keys` shows how it goes on.";
                    return Err(Failure::refused(sentence(&found), next));
                }
                _ => tokio::time::sleep(BEAT).await,
            }
        }
    }
}

/// Why a key cannot be wanted there: perhaps the vault has none of this name.
fn no_secret(name: &str, error: ClientError) -> Failure {
    let failure = Failure::from(error);
    match failure.is_called("not_found") {
        true => Failure::refused(format!("the vault has no secret {name}"), "`diwan secret list` shows what there is."),
        false => failure,
    }
}

fn proven_at(key: &MachineSshKey) -> Option<String> {
    key.versions.last().and_then(|version| version.proven_at.clone())
}

fn said(door: &Door<'_>, sentence: &str) -> Result<Done, Failure> {
    match door.screen.is_json() {
        true => door.screen.json(&json!({"said": sentence}).to_string())?,
        false => door.screen.line(&safe(sentence))?,
    }
    Ok(Done::Well)
}

fn show(door: &Door<'_>, reply: &Reply<MachineSshKey>) -> Result<Done, Failure> {
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    door.screen.line(&safe(&sentence(&reply.read()?)))?;
    Ok(Done::Well)
}

/// How a key is doing, in a sentence.
fn sentence(key: &MachineSshKey) -> String {
    let what = format!("{} of {} ({})", key.secret_name, key.user, key.id);
    let how = match key.state.as_str() {
        "pending" => "is on its way".to_owned(),
        "in_place" => "is in its place: a login has proven that it opens the door".to_owned(),
        "rotating" => "gets a newer version; the one before still opens the door".to_owned(),
        "removing" => "is taken away as soon as the machine is there".to_owned(),
        _ => key.problem.as_ref().map_or_else(
            || "needs attention".to_owned(),
            |problem| format!("is not as it should be: {} ({})", problem.detail, problem.code),
        ),
    };
    format!("{what} {how}.")
}

async fn list(door: &Door<'_>, client: &Client, machine: &str) -> Result<Done, Failure> {
    let reply = client.list_machine_ssh_keys(machine).await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let headings = ["SECRET", "USER", "PORT", "STATE", "VERSION", "PROVEN (UTC)", "FINGERPRINT", "ID"];
    let rows = reply.read()?.items.into_iter().flat_map(rows).map(Row::from);
    paging::show(door, &headings, rows.collect())?;
    Ok(Done::Well)
}

/// A row for each version that is there; one without a version when none is.
fn rows(key: MachineSshKey) -> Vec<Vec<String>> {
    let state =
        key.problem.as_ref().map_or_else(|| key.state.clone(), |problem| format!("{}: {}", key.state, problem.code));
    let head = |version: String, proven: String, fingerprint: String| {
        let (secret, user) = (key.secret_name.clone(), key.user.clone());
        vec![secret, user, key.port.to_string(), state.clone(), version, proven, fingerprint, key.id.clone()]
    };
    if key.versions.is_empty() {
        return vec![head("–".to_owned(), "–".to_owned(), "–".to_owned())];
    }
    let row = |version: &diwan_client::MachineSshKeyVersion| {
        head(version.version.to_string(), moment_or_dash(version.proven_at.as_deref()), version.fingerprint.clone())
    };
    key.versions.iter().map(row).collect()
}
