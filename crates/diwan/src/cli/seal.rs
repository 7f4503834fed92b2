//! `diwan seal`.

use clap::Args;

use super::door::Door;
use super::failure::{Done, Failure};
use super::vault::say;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  diwan seal
  diwan unseal

A sealed vault stays sealed over restarts. Sign-in and everything else go on.")]
pub(super) struct Seal {
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

impl Seal {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        door.confirm("Seal the vault? No secret is to be had until somebody unseals it.", self.yes)?;
        door.stepped_up(&client, async || client.seal_vault().await).await?;
        say(door, "sealed", true, "The vault is sealed.")
    }
}
