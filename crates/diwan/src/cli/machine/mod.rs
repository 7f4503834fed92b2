//! `diwan machine`: the machines that work for this control plane.

mod add;
mod certificates;
mod change;
mod find;
mod fleet_keys;
mod keys;
mod list;
mod rules;
mod show;
mod tokens;

use clap::{Args, Subcommand};

use super::door::Door;
use super::failure::{Done, Failure};

pub(super) use find::{among, find, id_of, is_there, mark_of, names, unknown};

const AFTER_HELP: &str = "\
Examples:
  diwan machine add web-1 --label env=prod --label gpu
  diwan machine add web-1 --wait
  diwan machine list --on env=prod --state online
  diwan machine show web-1
  diwan machine label web-1 env=test gpu-
  diwan machine rename web-1 web-2
  diwan machine revoke web-1
  diwan machine keys web-1 --add ssh/deploy --user deploy
  diwan machine rules ask web-1 --reason 'deploys need make' rules.toml

A machine is named by its name (web-1) or its id (mch_…). A selector names labels
that a machine must have, all of them: env=prod,gpu. A key alone (env) means any
value of it.";

/// Let machines join, label them, put them out
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(super) enum Machine {
    /// Make the line that joins a machine
    Add(add::Add),
    /// List machines
    List(list::List),
    /// Show a machine: what it is, how it is, what it says of its sandbox
    Show(show::Show),
    /// Label a machine: env=prod sets a label, env- takes it away
    Label(change::Label),
    /// Give a machine another name
    Rename(change::Rename),
    /// Put a machine out: its connection is cut at once, and it never comes back
    Revoke(change::Revoke),
    /// Remove a machine and what is known of it
    #[command(alias = "remove")]
    Rm(change::Revoke),
    /// Let a machine in again that was locked, after it has joined anew
    Unlock(Which),
    /// List the certificates of a machine
    Certificates(Which),
    /// Put SSH keys of the vault on a machine, see how they are, take them away
    Keys(keys::Keys),
    /// Show what machines know this control plane by, and which have not learned the newest; change it
    FleetKeys(fleet_keys::FleetKeysCommand),
    /// Ask machines' owners for rules, and see what became of that
    #[command(subcommand)]
    Rules(rules::Rules),
    /// List the lines that were made to join machines, and withdraw them
    Tokens(tokens::Tokens),
}

/// Which machine.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Its name or id
    #[arg(value_name = "NAME")]
    name: String,
}

impl Machine {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::Add(add) => add.run(door).await,
            Self::List(list) => list.run(door).await,
            Self::Show(show) => show.run(door).await,
            Self::Label(label) => label.run(door).await,
            Self::Rename(rename) => rename.run(door).await,
            Self::Revoke(which) => which.revoke(door).await,
            Self::Rm(which) => which.remove(door).await,
            Self::Unlock(which) => change::unlock(door, &which.name).await,
            Self::Certificates(which) => certificates::run(door, &which.name).await,
            Self::Keys(keys) => keys.run(door).await,
            Self::FleetKeys(keys) => keys.run(door).await,
            Self::Rules(rules) => rules.run(door).await,
            Self::Tokens(tokens) => tokens.run(door).await,
        }
    }
}
