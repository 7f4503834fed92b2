//! `diwan token`: API tokens for automation.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use diwan_client::{ApiToken, Query};
use diwan_kernel::Permission;
use serde_json::json;

use super::door::Door;
use super::failure::{Done, Failure};
use super::paging::Paging;
use super::screen::{moment, moment_or_dash, safe};

const AFTER_HELP: &str = "\
Examples:
  diwan token list
  diwan token create ci --scope status.read,users.read --expires-in-days 90
  export DIWAN_TOKEN=$(diwan token create ci --scope status.read)
  diwan token revoke tok_01k9…

A token is shown once. It may do what its scopes say, and never more than you may.
`diwan login --token` keeps one; DIWAN_TOKEN uses one without keeping it.";

/// Make and revoke your API tokens
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(super) enum Token {
    /// List your API tokens
    List(Paging),
    /// Make an API token and print its secret, once
    Create(Create),
    /// Revoke an API token
    Revoke {
        /// Its id (tok_…)
        id: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// What it is for
    name: String,
    /// What it may do; repeat it for several
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_delimiter = ',')]
    #[arg(value_parser = PossibleValuesParser::new(Permission::ALL.iter().map(|p| p.as_str())))]
    scopes: Vec<String>,
    /// When it ends
    #[arg(long, value_name = "DAYS", default_value_t = 90, conflicts_with = "never_expires")]
    expires_in_days: u32,
    /// It does not end
    #[arg(long)]
    never_expires: bool,
    /// From where it may be used: an address or a network; repeat it for several
    #[arg(long = "allow", value_name = "ADDRESS", value_delimiter = ',')]
    allowed: Vec<String>,
}

impl Token {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::List(paging) => {
                let client = door.client()?;
                let headings = ["NAME", "ID", "ENDS (UTC)", "LAST USED", "BEGINS", "CREATED", "SCOPES"];
                paging.show(door, &headings, Query::new(), async |q| client.list_api_tokens(q).await, row).await
            }
            Self::Create(create) => create.run(door).await,
            Self::Revoke { id } => revoke(door, id).await,
        }
    }
}

fn row(token: &ApiToken) -> Vec<String> {
    vec![
        token.name.clone(),
        token.id.clone(),
        token.expires_at.as_deref().map_or_else(|| "never".to_owned(), moment),
        moment_or_dash(token.last_used_at.as_deref()),
        token.prefix.clone(),
        moment(&token.created_at),
        token.scopes.join(" "),
    ]
}

impl Create {
    async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let days = (!self.never_expires).then_some(self.expires_in_days);
        let mut body = json!({"name": self.name, "scopes": self.scopes, "expires_in_days": days});
        if !self.allowed.is_empty() {
            body["allowed_addresses"] = json!(self.allowed);
        }
        let reply = door.stepped_up(&client, async || client.create_api_token(body.clone()).await).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
            return Ok(Done::Well);
        }
        let made = reply.read()?;
        let ends = made
            .token
            .expires_at
            .as_deref()
            .map_or_else(|| "does not end".into(), |at| format!("ends {} UTC", moment(at)));
        eprintln!(
            "{} ({}) {ends}. This is its secret; it is not shown again:",
            safe(&made.token.name),
            safe(&made.token.id)
        );
        door.screen.line(&safe(&made.secret))?;
        Ok(Done::Well)
    }
}

async fn revoke(door: &Door<'_>, id: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    door.stepped_up(&client, async || client.revoke_api_token(id).await).await?;
    if door.screen.is_json() {
        door.screen.json(&json!({"revoked": id}).to_string())?;
    } else {
        door.screen.line(&format!("{} was revoked.", safe(id)))?;
    }
    Ok(Done::Well)
}
