//! `diwan secret`: secrets, and who may do what with them.

mod change;
mod edit;
mod environment_file;
mod hook;
mod lease;
mod list;
mod policy;
mod reveal;
mod set;
mod show;
mod transfer;

use clap::{Args, Subcommand, ValueEnum};
use diwan_client::{Client, Query, Secret as Known};

use super::door::Door;
use super::failure::{Done, Failure};

const AFTER_HELP: &str = "\
Examples:
  diwan secret set git/github-token --kind api-key < token.txt
  diwan secret set db/password --generate
  diwan secret get db/password --reason 'restoring the backup'
  diwan secret list --due
  diwan secret rotate db/password
  diwan secret edit db/password --rotate-every 30
  diwan secret readers db/password

A secret is named by its name (git/github-token) or its id (sec_…). Values are
read from standard input or asked for, never from the command line, where other
people of the machine could see them.";

/// Bring secrets in, take them out, rotate them; decide who may
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(super) enum Secret {
    /// Bring a secret in, or give one a new value
    Set(set::Set),
    /// Take a value out and print it
    Get(reveal::Get),
    /// List secrets, without their values
    List(list::List),
    /// Show a secret and its versions, without their values
    Show(Which),
    /// Change what is known about a secret: its name, what it is for, when a new value is due
    Edit(edit::Edit),
    /// Have a new value made
    Rotate(Which),
    /// Make the value of an older version current again
    RollBack(change::RollBack),
    /// Destroy the value of a version that is not current
    Destroy(change::Destroy),
    /// Remove a secret with all its versions
    Remove(change::Remove),
    /// Show who can read a secret, or write or rotate it
    Readers(policy::Readers),
    /// See and change the policies
    #[command(subcommand)]
    Policy(policy::Policy),
    /// List which machines, jobs and agents hold which values
    Leases(lease::Leases),
    /// End what they hold
    #[command(subcommand)]
    Lease(lease::Lease),
    /// Have addresses told when a secret has a new value
    #[command(subcommand)]
    Hook(hook::Hook),
    /// Bring many secrets in from an environment file
    Import(transfer::Import),
    /// Print everything about all secrets but their values, a JSON object a line
    Export,
    /// Verify that everything kept is genuine and opens
    Verify,
}

/// Which secret.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Its name or id
    #[arg(value_name = "NAME")]
    name: String,
}

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum KindName {
    /// A password
    Password,
    /// A key or token of some service
    ApiKey,
    /// A private SSH key
    SshKey,
    /// A certificate, with its private key or without
    Certificate,
    /// The seed of one-time codes
    Totp,
    /// Any text
    Free,
}

impl KindName {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::ApiKey => "api_key",
            Self::SshKey => "ssh_key",
            Self::Certificate => "certificate",
            Self::Totp => "totp",
            Self::Free => "free",
        }
    }
}

impl Secret {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::Set(set) => set.run(door).await,
            Self::Get(get) => get.run(door).await,
            Self::List(list) => list.run(door).await,
            Self::Show(which) => show::run(door, &which.name).await,
            Self::Edit(edit) => edit.run(door).await,
            Self::Rotate(which) => change::rotate(door, &which.name).await,
            Self::RollBack(roll_back) => roll_back.run(door).await,
            Self::Destroy(destroy) => destroy.run(door).await,
            Self::Remove(remove) => remove.run(door).await,
            Self::Readers(readers) => readers.run(door).await,
            Self::Policy(policy) => policy.run(door).await,
            Self::Leases(leases) => leases.run(door).await,
            Self::Lease(lease) => lease.run(door).await,
            Self::Hook(hook) => hook.run(door).await,
            Self::Import(import) => import.run(door).await,
            Self::Export => transfer::export(door).await,
            Self::Verify => show::verify(door).await,
        }
    }
}

fn is_id(name: &str) -> bool {
    name.starts_with("sec_") && !name.contains('/')
}

/// The secret with this name, if there is one, or with this id.
async fn find(client: &Client, name: &str) -> Result<Option<Known>, Failure> {
    if is_id(name) {
        return Ok(Some(client.get_secret(name).await?.read()?));
    }
    let page = client.list_secrets(Query::new().with("name", Some(name))).await?.read()?;
    Ok(page.items.into_iter().next())
}

/// The id of the secret with this name or id.
async fn id_of(client: &Client, name: &str) -> Result<String, Failure> {
    if is_id(name) {
        return Ok(name.to_owned());
    }
    let found = find(client, name).await?.ok_or_else(|| {
        Failure::refused(format!("there is no secret {name} that you may know of"), "`diwan secret list` shows them.")
    })?;
    Ok(found.id)
}
