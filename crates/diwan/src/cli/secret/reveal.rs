//! `diwan secret get`.

use clap::Args;
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::id_of;

#[derive(Debug, Args)]
pub(in crate::cli) struct Get {
    /// Its name or id
    name: String,
    /// Why; it is written into the audit trail
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// What for, in the words that policies use: git.clone
    #[arg(long, value_name = "WORD", conflicts_with = "break_glass")]
    purpose: Option<String>,
    /// Which version, instead of the current one
    #[arg(long, value_name = "N")]
    version: Option<i64>,
    /// Past the policies, in an emergency and for a reason: everybody who manages secrets is told both
    #[arg(long, requires = "reason")]
    break_glass: bool,
}

impl Get {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let id = id_of(&client, &self.name).await?;
        let mut body = json!({"reason": self.reason.as_deref().unwrap_or("diwan secret get")});
        if let Some(purpose) = &self.purpose {
            body["purpose"] = json!(purpose);
        }
        if let Some(version) = self.version {
            body["version"] = json!(version);
        }
        let take = async || match self.break_glass {
            true => client.break_glass(&id, body.clone()).await,
            false => client.reveal_secret(&id, body.clone()).await,
        };
        let reply = door.stepped_up(&client, take).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
        } else {
            door.screen.verbatim(&reply.read()?.value)?;
        }
        Ok(Done::Well)
    }
}
