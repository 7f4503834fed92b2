//! `diwan user`: see and manage people.

mod change;
mod invitations;
mod invite;
mod list;
mod remove;
mod rescue;
mod reset_second_factor;
mod show;

use clap::{Subcommand, ValueEnum};
use diwan_client::{Client, Query, User as Person};

use super::door::Door;
use super::failure::{Done, Failure};

/// What somebody can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum RoleName {
    /// Sees how the platform is doing
    Viewer,
    /// Works with it
    Developer,
    /// Manages people and watches the audit trail
    Admin,
    /// May do everything
    Owner,
}

impl RoleName {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Developer => "developer",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

const AFTER_HELP: &str = "\
Examples:
  diwan user list --role admin
  diwan user invite amina@example.org --role developer
  diwan user resend amina@example.org
  diwan user role amina@example.org admin
  diwan user disable amina@example.org
  diwan user reset-second-factor amina@example.org
  diwan user rescue amina@example.org             on the machine of the server

A person is named by their e-mail address or their id (usr_…).";

/// See and manage people
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(super) enum User {
    /// List people
    List(list::List),
    /// Show one person
    Show {
        /// E-mail address or id
        who: String,
    },
    /// Invite somebody
    Invite(invite::Invite),
    /// List invitations
    Invitations(invitations::Invitations),
    /// Send an invitation again; its old link is void
    Resend {
        /// E-mail address, or the invitation's id (inv_…)
        invitation: String,
    },
    /// Take an invitation back
    Uninvite {
        /// E-mail address, or the invitation's id (inv_…)
        invitation: String,
    },
    /// Give somebody another role
    Role {
        /// E-mail address or id
        who: String,
        /// The new role
        role: RoleName,
    },
    /// Lock somebody out and end their sessions
    Disable {
        /// E-mail address or id
        who: String,
    },
    /// Let somebody in again
    Enable {
        /// E-mail address or id
        who: String,
    },
    /// Remove somebody's authenticator app and recovery codes, because they lost them
    ResetSecondFactor {
        /// E-mail address or id
        who: String,
        /// Remove their passkeys too
        #[arg(long)]
        passkeys: bool,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Make somebody a link to set a new password with, on the machine of the server
    Rescue(rescue::Rescue),
    /// Remove somebody for good
    Remove {
        /// E-mail address or id
        who: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

impl User {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::List(list) => list.run(door).await,
            Self::Show { who } => show::run(door, who).await,
            Self::Invite(invite) => invite.run(door).await,
            Self::Invitations(invitations) => invitations.run(door).await,
            Self::Resend { invitation } => invitations::resend(door, invitation).await,
            Self::Uninvite { invitation } => invitations::revoke(door, invitation).await,
            Self::Role { who, role } => change::run(door, who, change::Change::Role(role.as_str())).await,
            Self::Disable { who } => change::run(door, who, change::Change::Status("disabled")).await,
            Self::Enable { who } => change::run(door, who, change::Change::Status("active")).await,
            Self::ResetSecondFactor { who, passkeys, yes } => {
                reset_second_factor::run(door, who, *passkeys, *yes).await
            }
            Self::Rescue(rescue) => rescue.run(door).await,
            Self::Remove { who, yes } => remove::run(door, who, *yes).await,
        }
    }
}

/// The id of the person with this id or address.
async fn id_of(client: &Client, who: &str) -> Result<String, Failure> {
    Ok(match find(client, who).await? {
        Found::Id(id) => id,
        Found::Person(person) => person.id,
    })
}

enum Found {
    Id(String),
    Person(Box<Person>),
}

async fn find(client: &Client, who: &str) -> Result<Found, Failure> {
    if !who.contains('@') {
        return Ok(Found::Id(who.to_owned()));
    }
    let page = client.list_users(Query::new().with("search", Some(who)).with("limit", Some(200))).await?.read()?;
    let wanted = who.to_lowercase();
    let person = page.items.into_iter().find(|person| person.email.to_lowercase() == wanted);
    let person = person.ok_or_else(|| {
        Failure::refused(format!("there is nobody with the address {who}"), "`diwan user list` shows who is here.")
    })?;
    Ok(Found::Person(Box::new(person)))
}
