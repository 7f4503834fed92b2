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
    const fn as_str(self) -> &'static str {
        match self {
            Self::KeyFile => "key_file",
            Self::Passphrase => "passphrase",
            Self::Transit => "transit",
        }
    }
}

/// See the state of the vault, rotate its master key
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  diwan vault status
  diwan vault rotate-master-key
  diwan vault rotate-master-key --guard passphrase

A passphrase is asked for, or read from standard input.")]
pub(super) enum Vault {
    /// Show whether it is sealed, and what guards its master key
    Status,
    /// Rotate the master key, perhaps to another guard; reading goes on meanwhile
    RotateMasterKey {
        /// What guards the new one
        #[arg(long, default_value = "key-file")]
        guard: GuardName,
    },
}

impl Vault {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::Status => status(door).await,
            Self::RotateMasterKey { guard } => {
                let client = door.client()?;
                let body = guarded(*guard, "Passphrase for the new key, at least 15 characters: ")?;
                let reply = door.stepped_up(&client, async || client.rotate_master_key(body.clone()).await).await?;
                if door.screen.is_json() {
                    door.screen.json(reply.text())?;
                } else {
                    let rotation = reply.read()?;
                    let text = format!("The rotation has begun: {} data keys to wrap anew.", rotation.total);
                    door.screen.line(&text)?;
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
