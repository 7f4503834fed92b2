//! `diwan command list`.

use clap::{Args, ValueEnum};
use diwan_client::{Command, Query};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::machine;
use super::super::paging::Paging;
use super::super::run::result_of;
use super::super::screen::{Row, exact_moment};
use super::in_words;

/// Where a command stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum State {
    /// Its machine is not there, and it is waited for
    Waiting,
    /// It was sent and has not ended
    Running,
    /// It came to an end that is known
    Ended,
    /// It was not carried out
    Refused,
    /// The machine's policy wants somebody else to say yes
    NeedsApproval,
    /// Its machine did not come in time
    Expired,
    /// Nobody knows what became of it
    Unknown,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Ended => "ended",
            Self::Refused => "refused",
            Self::NeedsApproval => "needs_approval",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Only those of this machine, by its name or id
    #[arg(short, long, value_name = "NAME")]
    machine: Option<String>,
    /// Only those that stand so
    #[arg(long)]
    state: Option<State>,
    /// Only those that this person or token wants (usr_…, tok_…)
    #[arg(long, value_name = "ID")]
    actor: Option<String>,
    /// Only those that were wanted together (bat_…)
    #[arg(long, value_name = "ID")]
    batch: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

impl List {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let machine = match &self.machine {
            Some(name) => Some(machine::id_of(&client, name).await?),
            None => None,
        };
        let query = Query::new()
            .with("machine", machine)
            .with("state", self.state.map(State::as_str))
            .with("actor", self.actor.as_ref())
            .with("batch", self.batch.as_ref());
        let headings = ["ID", "MACHINE", "RESULT", "WHAT", "WHEN (UTC)", "WHO"];
        self.paging.show(door, &headings, query, async |q| client.list_commands(q).await, row).await
    }
}

fn row(command: &Command) -> Row {
    let (result, mark) = result_of(command);
    let cells = vec![
        command.id.clone(),
        command.machine_name.clone(),
        result,
        in_words(&command.operation),
        exact_moment(&command.issued_at),
        command.actor.name.clone(),
    ];
    Row { cells, mark: Some(mark) }
}
