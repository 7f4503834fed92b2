//! `diwan audit`: read, verify and export the audit trail.

mod export;
mod key;
mod list;
mod suspicious;
mod verify;
pub(super) mod when;

use clap::{Args, Subcommand, ValueEnum};
use diwan_client::Query;
use diwan_kernel::Timestamp;

use super::door::Door;
use super::failure::{Done, Failure};

const AFTER_HELP: &str = "\
Examples:
  diwan audit list --action user. --since 7d
  diwan audit list --actor amina --since 2026-11-01 --until 2026-11-02
  diwan audit verify                            ask the server
  diwan audit verify --data-dir /var/lib/diwan  look at its files
  diwan audit export --format csv --output audit.csv
  diwan audit suspicious";

/// Read, verify and export the audit trail
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(super) enum Audit {
    /// List what was done, newest first
    List(list::List),
    /// Prove that nothing was changed or removed, or say where it was
    Verify(verify::Verify),
    /// Take the trail away as a file, oldest first
    Export(export::Export),
    /// List what looks suspicious
    Suspicious(suspicious::Suspicious),
    /// Show the public key that vouches for the trail
    Key,
}

impl Audit {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::List(list) => list.run(door).await,
            Self::Verify(verify) => verify.run(door).await,
            Self::Export(export) => export.run(door).await,
            Self::Suspicious(suspicious) => suspicious.run(door).await,
            Self::Key => key::run(door).await,
        }
    }
}

/// Which entries are wanted.
#[derive(Debug, Clone, Args)]
struct Filter {
    /// By whom: an id, or a part of the name
    #[arg(long, value_name = "WHO")]
    actor: Option<String>,
    /// What: the beginning of the action, like user.
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// On what: a kind (user), an id, or both (user:usr_…)
    #[arg(long, value_name = "RESOURCE")]
    resource: Option<String>,
    /// How it ended
    #[arg(long)]
    outcome: Option<OutcomeName>,
    /// From this moment on: a day (2026-11-01), a moment (2026-11-01T09:30:00Z) or how long ago (30m, 24h, 7d)
    #[arg(long, value_name = "MOMENT", value_parser = when::read)]
    since: Option<Timestamp>,
    /// Before this moment, said in the same ways
    #[arg(long, value_name = "MOMENT", value_parser = when::read)]
    until: Option<Timestamp>,
    /// A text that occurs anywhere in the entry
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OutcomeName {
    Ok,
    Denied,
    Failed,
}

impl Filter {
    fn query(&self) -> Query {
        let outcome = self.outcome.map(|outcome| match outcome {
            OutcomeName::Ok => "ok",
            OutcomeName::Denied => "denied",
            OutcomeName::Failed => "failed",
        });
        Query::new()
            .with("actor", self.actor.as_ref())
            .with("action", self.action.as_ref())
            .with("resource", self.resource.as_ref())
            .with("outcome", outcome)
            .with("since", self.since.as_ref())
            .with("until", self.until.as_ref())
            .with("search", self.search.as_ref())
    }
}
