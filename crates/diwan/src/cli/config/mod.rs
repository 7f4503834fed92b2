//! `diwan config`: the configuration as a server on this machine would read it, and the settings of a
//! running server.

mod change;
mod get;
mod history;
mod reference;
mod set;
mod show;
mod validate;
mod value;

use clap::{Args, Subcommand};

use super::door::Door;
use super::failure::{Done, Failure};
use super::installation::Installation;

const AFTER_HELP: &str = "\
Of this machine, without a server:
  diwan config                               the values, and where each came from
  diwan config validate --config diwan.yaml  judge a file before it is used
  diwan config reference --section mail      what there is to set

Of the running server:
  diwan config show --running
  diwan config set mail.host=smtp.example.org mail.port=587
  diwan config set mail.password=vault:mail/password --comment 'new provider'
  diwan config history
  diwan config diff 6 7
  diwan config rollback 6

Values come, weakest first, from the defaults, the file, DIWAN_* variables, flags.";

/// See, judge and change settings, see their history and go back
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Config {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    installation: Installation,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show the values in force, and where each came from
    Show {
        /// Ask the running server instead of reading this machine's file and variables
        #[arg(long)]
        running: bool,
        #[command(flatten)]
        installation: Installation,
    },
    /// Show what was set, and where
    Sources {
        #[command(flatten)]
        installation: Installation,
    },
    /// Judge the configuration without starting anything: every fault, one a line
    Validate {
        #[command(flatten)]
        installation: Installation,
    },
    /// List every setting there is
    Reference(reference::Reference),
    /// Print what the file may hold, as JSON Schema for editors
    Schema,
    /// Print the value of a setting of the running server
    Get(get::Get),
    /// Change settings of the running server, all of them or none
    Set(set::Set),
    /// Put settings of the running server back to their defaults
    Unset(set::Unset),
    /// Show what differs between two versions
    Diff(history::Diff),
    /// List the versions: who changed what, when and why
    History(history::History),
    /// Go back to an older version
    Rollback(change::Rollback),
    /// Have the running server read its file now, and say what is wrong with it
    Reload,
    /// Move a secret from the configuration file into the vault
    MoveSecret(change::MoveSecret),
}

impl Config {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match &self.what {
            None => show::local(door, &self.installation),
            Some(What::Show { running: false, installation }) => show::local(door, installation),
            Some(What::Show { running: true, .. }) => show::running(door).await,
            Some(What::Sources { installation }) => show::sources(door, installation),
            Some(What::Validate { installation }) => validate::run(door, installation),
            Some(What::Reference(reference)) => reference.run(door),
            Some(What::Schema) => reference::schema(door),
            Some(What::Get(get)) => get.run(door).await,
            Some(What::Set(set)) => set.run(door).await,
            Some(What::Unset(unset)) => unset.run(door).await,
            Some(What::Diff(diff)) => diff.run(door).await,
            Some(What::History(history)) => history.run(door).await,
            Some(What::Rollback(rollback)) => rollback.run(door).await,
            Some(What::Reload) => change::reload(door).await,
            Some(What::MoveSecret(secret)) => secret.run(door).await,
        }
    }
}
