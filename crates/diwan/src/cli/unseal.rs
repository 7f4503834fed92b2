//! `diwan unseal`: unseal the vault, set it up, or give up one whose key is lost.

use clap::Args;
use serde_json::json;

use super::door::{Door, given_secret};
use super::failure::{Done, Failure};
use super::vault::{GuardName, guarded, say};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  diwan unseal
  diwan unseal --first passphrase
  diwan unseal --start-over key-file

The passphrase is asked for, or read from standard input. --start-over removes
every secret: it is for a master key that is lost for good.")]
pub(super) struct Unseal {
    /// Set up a vault that has no master key yet, guarded like this
    #[arg(long, value_name = "GUARD")]
    first: Option<GuardName>,
    /// The master key is lost for good: remove every secret and begin again, guarded like this
    #[arg(long, value_name = "GUARD", conflicts_with = "first")]
    start_over: Option<GuardName>,
    /// Do not ask
    #[arg(long, short, requires = "start_over")]
    yes: bool,
}

impl Unseal {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        if let Some(guard) = self.first {
            let body = guarded(guard, "New passphrase, at least 15 characters: ")?;
            door.stepped_up(&client, async || client.initialise_vault(body.clone()).await).await?;
            return say(door, "sealed", false, "The vault is set up and unsealed.");
        }
        if let Some(guard) = self.start_over {
            let question = "Remove EVERY secret from the vault and begin again with a new master key?";
            door.confirm(question, self.yes)?;
            let body = guarded(guard, "New passphrase, at least 15 characters: ")?;
            let reply = door.stepped_up(&client, async || client.start_vault_over(body.clone()).await).await?;
            let removed = reply.read()?["removed"].as_u64().unwrap_or_default();
            return say(door, "sealed", false, &format!("The vault is new; {removed} secrets were removed."));
        }
        let status = client.get_vault().await?.read()?;
        if !status.sealed {
            return say(door, "sealed", false, "The vault is unsealed already.");
        }
        let needs_passphrase = status.master_key.is_some_and(|key| key.guard == "passphrase");
        let body = if needs_passphrase { json!({"passphrase": *given_secret("Passphrase: ")?}) } else { json!({}) };
        client.unseal_vault(body).await?;
        say(door, "sealed", false, "The vault is unsealed.")
    }
}
