//! `diwan vault`: the state of the vault and its master key.

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::door::{Door, new_passphrase};
use super::failure::{Done, Failure};
use super::screen::{moment, safe};

/// What guards a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GuardName {
    /// A file that only the server can read: it unseals by itself
    KeyFile,
    /// A passphrase that somebody types after every start
    Passphrase,
    /// The transit engine of HashiCorp Vault or OpenBao
    Transit,
}

impl GuardName {
    fn parse(text: &str) -> Option<Self> {
        [Self::KeyFile, Self::Passphrase, Self::Transit].into_iter().find(|guard| guard.as_str() == text)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::KeyFile => "key_file",
            Self::Passphrase => "passphrase",
            Self::Transit => "transit",
        }
    }
}

const STAYS: &str = "\
The old key stays in the key file, in clear, for backups made before: whoever has the file and such a backup has every
secret in it. When no such backup is left: diwan vault forget-retired-keys";

/// See the state of the vault, rotate its master key
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  diwan vault status
  diwan vault rotate-master-key
  diwan vault rotate-master-key --guard passphrase
  diwan vault forget-retired-keys

A passphrase is asked for, or read from standard input.")]
pub(super) enum Vault {
    /// Show whether it is sealed, and what guards its master key
    Status,
    /// Rotate the master key, perhaps to another guard; reading goes on meanwhile
    RotateMasterKey {
        /// What guards the new one; what guards the one in use by default
        #[arg(long)]
        guard: Option<GuardName>,
    },
    /// Remove earlier master keys from the key file: backups from before the last rotation are worth nothing then
    ForgetRetiredKeys {
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

impl Vault {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::Status => status(door).await,
            Self::ForgetRetiredKeys { yes } => forget(door, *yes).await,
            Self::RotateMasterKey { guard } => {
                let client = door.client()?;
                let in_use = client.get_vault().await?.read()?.master_key.and_then(|key| GuardName::parse(&key.guard));
                let chosen = guard.or(in_use).unwrap_or(GuardName::KeyFile);
                let body = guarded(chosen, "Passphrase for the new key, at least 15 characters: ")?;
                let reply = door.stepped_up(&client, async || client.rotate_master_key(body.clone()).await).await?;
                if door.screen.is_json() {
                    door.screen.json(reply.text())?;
                } else {
                    let rotation = reply.read()?;
                    let text = format!("The rotation has begun: {} data keys to wrap anew.", rotation.total);
                    door.screen.line(&text)?;
                    if in_use == Some(GuardName::KeyFile) && chosen != GuardName::KeyFile {
                        eprintln!("{STAYS}");
                    }
                }
                Ok(Done::Well)
            }
        }
    }
}

/// The body that names a guard, with the passphrase if that is the guard.
pub(super) fn guarded(guard: GuardName, question: &str) -> Result<Value, Failure> {
    if guard != GuardName::Passphrase {
        return Ok(json!({"guard": guard.as_str()}));
    }
    Ok(json!({"guard": guard.as_str(), "passphrase": *new_passphrase(question)?}))
}

async fn forget(door: &Door<'_>, yes: bool) -> Result<Done, Failure> {
    let client = door.client()?;
    let question =
        "Remove the earlier master keys? No backup of the database made before the last rotation opens then.";
    door.confirm(question, yes)?;
    let reply = door.stepped_up(&client, async || client.forget_retired_keys().await).await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
    } else {
        let forgotten = reply.read()?["forgotten"].as_u64().unwrap_or_default();
        door.screen.line(&format!("{forgotten} earlier master keys were removed from the key file."))?;
    }
    Ok(Done::Well)
}

async fn status(door: &Door<'_>) -> Result<Done, Failure> {
    let reply = door.client()?.get_vault().await?;
    let vault = reply.read()?;
    let done = if vault.sealed { Done::Found } else { Done::Well };
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(done);
    }
    let mut facts = vec![("vault", if vault.sealed { "sealed" } else { "unsealed" }.to_owned())];
    facts.extend(vault.detail.map(|detail| ("why", detail)));
    if let Some(key) = vault.master_key {
        facts.push(("master key", format!("{} ({}), since {} UTC", key.id, key.guard, moment(&key.created_at))));
        if vault.retired_keys > 0 {
            facts.push(("earlier keys", format!("{} in the key file, for old backups", vault.retired_keys)));
        }
        facts.push(("data keys wrapped", format!("{} of at most {}", key.wraps, key.most_wraps)));
    }
    facts.extend(vault.rotation.map(|r| ("rotation", format!("{} of {} data keys", r.done, r.total))));
    facts.push(("back ends", vault.backends.join(", ")));
    facts.extend(vault.secrets.map(|n| ("secrets", n.to_string())));
    door.screen.facts(&facts)?;
    Ok(done)
}

/// Says how it went.
pub(super) fn say(door: &Door<'_>, name: &str, value: bool, text: &str) -> Result<Done, Failure> {
    if door.screen.is_json() {
        door.screen.json(&json!({name: value}).to_string())?;
    } else {
        door.screen.line(&safe(text))?;
    }
    Ok(Done::Well)
}
