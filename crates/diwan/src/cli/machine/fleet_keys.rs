//! `diwan machine fleet-keys`: what machines know this control plane by.

use clap::Args;
use diwan_client::FleetKeys;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{moment_or_dash, safe};

#[derive(Debug, Args)]
pub(in crate::cli) struct FleetKeysCommand {
    /// Change them: an owner does that. Machines that are away learn the new ones when they come within 30 days
    #[arg(long)]
    rotate: bool,
    /// Do not ask
    #[arg(long, requires = "rotate")]
    yes: bool,
}

impl FleetKeysCommand {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        if self.rotate {
            let question = "Change the keys that machines know this control plane by? A machine that stays away for \
                            more than 30 days has to join again.";
            door.confirm(question, self.yes)?;
        }
        let reply = match self.rotate {
            true => door.stepped_up(&client, async || client.rotate_fleet_keys().await).await?,
            false => client.get_fleet_keys().await?,
        };
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
        } else {
            tell(door, &reply.read()?)?;
        }
        Ok(Done::Well)
    }
}

fn tell(door: &Door<'_>, keys: &FleetKeys) -> Result<(), Failure> {
    let learned = keys.machines.saturating_sub(keys.count_without);
    door.screen.facts(&[
        ("generation", keys.generation.to_string()),
        ("fingerprint", keys.fingerprint.clone()),
        ("changed", moment_or_dash(keys.changed_at.as_deref())),
        ("keys before are good until", moment_or_dash(keys.overlap_ends_at.as_deref())),
        ("learned by", format!("{learned} of {} machines", keys.machines)),
    ])?;
    let state = if keys.overlap_ends_at.is_some() { "learns them when it comes" } else { "has to join again" };
    keys.without.iter().try_for_each(|machine| door.screen.line(&safe(&format!("  {}: {state}", machine.name))))
}
