//! `diwan secret policy` and `diwan secret readers`.

use clap::{Args, Subcommand, ValueEnum};
use diwan_client::{Query, SecretPolicy};
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{moment_or_dash, safe};
use super::id_of;

/// What can be done with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ActionName {
    /// Take its value out
    Read,
    /// Give it a new value, describe it, remove it
    Write,
    /// Have a new value made for it
    Rotate,
}

impl ActionName {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Rotate => "rotate",
        }
    }
}

/// See and change the policies that say who may do what with which secret
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Policy {
    /// List the policies
    List,
    /// Allow something
    Allow(Rule),
    /// Deny something, whatever other policies allow
    Deny(Rule),
    /// Remove a policy
    Remove {
        /// Its name or id (pol_…)
        name: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Rule {
    /// What the policy is called
    name: String,
    /// To whom: role:developer, user:usr_…, agent:NAME, job:NAME, machine:ID; * is everyone of the kind
    #[arg(long, value_name = "KIND:WHO")]
    to: String,
    /// Which secrets: * stands for a part of a name, ** for any number of parts
    #[arg(long, value_name = "PATTERN")]
    secrets: String,
    /// What; repeat it for several
    #[arg(long = "action", value_delimiter = ',', default_value = "read")]
    actions: Vec<ActionName>,
    /// What it must be for; repeat it for several
    #[arg(long = "purpose", value_name = "WORD", value_delimiter = ',')]
    purposes: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Readers {
    /// Its name or id
    name: String,
    /// What they can do
    #[arg(long, default_value = "read")]
    action: ActionName,
}

impl Readers {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let id = id_of(&client, &self.name).await?;
        let query = Query::new().with("action", Some(self.action.as_str()));
        let reply = client.list_secret_readers(&id, query).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
            return Ok(Done::Well);
        }
        let (by_policy, past): (Vec<_>, Vec<_>) = reply.read()?.items.into_iter().partition(|r| r.policy.is_some());
        let rows = by_policy.iter().map(|r| {
            let not =
                |what: &str, who: &[String]| who.iter().map(|w| format!("{what} {w}")).collect::<Vec<_>>().join(" ");
            let policy = r.policy.clone().unwrap_or_default();
            let who = [r.subject.clone(), not("but", &r.except)].join(" ").trim_end().to_owned();
            let purposes = [r.purposes.join(" "), not("not", &r.not_for)].concat();
            vec![r.name.clone().unwrap_or_else(|| "–".into()), r.kind.clone(), who, policy, purposes]
        });
        door.screen.table(&["NAME", "KIND", "WHO", "POLICY", "ONLY FOR"], rows.collect())?;
        for reader in past {
            let name = reader.name.unwrap_or(reader.subject);
            door.screen.line(&format!("{} may read it past the policies only, in an emergency.", safe(&name)))?;
        }
        Ok(Done::Well)
    }
}

impl Policy {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::List => list(door).await,
            Self::Allow(rule) => rule.put(door, "allow").await,
            Self::Deny(rule) => rule.put(door, "deny").await,
            Self::Remove { name, yes } => remove(door, name, *yes).await,
        }
    }
}

async fn list(door: &Door<'_>) -> Result<Done, Failure> {
    let reply = door.client()?.list_secret_policies().await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let rows = reply.read()?.items.into_iter().map(|p: SecretPolicy| {
        let to = format!("{}:{}", p.subject_kind, p.subject);
        let ends = moment_or_dash(p.expires_at.as_deref());
        vec![p.name, p.effect, to, p.actions.join(" "), p.secrets, p.purposes.join(" "), ends, p.id]
    });
    let headings = ["NAME", "EFFECT", "TO", "ACTIONS", "SECRETS", "ONLY FOR", "ENDS (UTC)", "ID"];
    door.screen.table(&headings, rows.collect())?;
    Ok(Done::Well)
}

impl Rule {
    async fn put(&self, door: &Door<'_>, effect: &str) -> Result<Done, Failure> {
        let (kind, subject) = self.to.split_once(':').ok_or_else(|| {
            Failure::usage(format!("--to {} names no kind", self.to), "Write it as role:developer or user:usr_….")
        })?;
        let body = json!({
            "name": self.name,
            "effect": effect,
            "subject_kind": kind,
            "subject": subject,
            "secrets": self.secrets,
            "actions": self.actions.iter().map(|a| a.as_str()).collect::<Vec<_>>(),
            "purposes": self.purposes,
        });
        let client = door.client()?;
        let reply = door.stepped_up(&client, async || client.create_secret_policy(body.clone()).await).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
        } else {
            door.screen.line(&safe(&format!("The policy {} holds from now on.", self.name)))?;
        }
        Ok(Done::Well)
    }
}

async fn remove(door: &Door<'_>, name: &str, yes: bool) -> Result<Done, Failure> {
    let client = door.client()?;
    let policies = client.list_secret_policies().await?.read()?.items;
    let found = policies.into_iter().find(|p| p.id == name || p.name == name).ok_or_else(|| {
        Failure::refused(format!("there is no policy {name}"), "`diwan secret policy list` shows them.")
    })?;
    door.confirm(&safe(&format!("Remove the policy {}? What it allowed is not allowed any more.", found.name)), yes)?;
    door.stepped_up(&client, async || client.delete_secret_policy(&found.id).await).await?;
    if door.screen.is_json() {
        door.screen.json(&json!({"removed": found.id}).to_string())?;
    } else {
        door.screen.line(&safe(&format!("The policy {} was removed.", found.name)))?;
    }
    Ok(Done::Well)
}
