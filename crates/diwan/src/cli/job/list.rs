//! `diwan job list`.

use clap::{Args, ValueEnum};
use diwan_client::{Client, Job, Query};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::machine;
use super::super::paging::Paging;
use super::super::screen::{Row, exact_moment};
use super::parse;
use super::watch;
use super::words::result_of;

pub(super) const HEADINGS: [&str; 9] =
    ["ID", "RESULT", "WHAT", "MACHINE", "QUEUE", "TRY", "WANTED (UTC)", "WHO", "PRIORITY"];

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum State {
    /// It waits for its turn, for a time or for others
    Queued,
    /// It is on its way to a machine
    Leased,
    /// It runs
    Running,
    /// It was done
    Succeeded,
    /// It came to nothing
    Failed,
    /// Somebody stopped it, or what it waited for failed
    Cancelled,
    /// It took too long
    TimedOut,
    /// It did not begin in time
    Expired,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed_out",
            Self::Expired => "expired",
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Only those that stand so
    #[arg(long)]
    state: Option<State>,
    /// Only those of this queue
    #[arg(short = 'Q', long, value_name = "QUEUE")]
    queue: Option<String>,
    /// Only those that this machine does or did, by its name or id
    #[arg(short, long, value_name = "NAME")]
    machine: Option<String>,
    /// Only those of this person or token (usr_…, tok_…)
    #[arg(long, value_name = "ID")]
    owner: Option<String>,
    /// Only those with this label of their own, like team=web
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse::label)]
    label: Option<(String, String)>,
    /// Only those that this schedule made (jsc_…)
    #[arg(long, value_name = "ID")]
    schedule: Option<String>,
    /// A part of the name
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Show it live: anew whenever something changes; in a pipe, a line for each change
    #[arg(short, long, conflicts_with_all = ["all", "cursor"])]
    watch: bool,
    #[command(flatten)]
    paging: Paging,
}

impl List {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let query = self.query(&client).await?;
        if self.watch {
            return watch::run(door, &client, &query.with("limit", Some(self.paging.limit()))).await;
        }
        self.paging.show(door, &HEADINGS, query, async |q| client.list_jobs(q).await, row).await
    }

    async fn query(&self, client: &Client) -> Result<Query, Failure> {
        let machine = match &self.machine {
            Some(name) => Some(machine::id_of(client, name).await?),
            None => None,
        };
        Ok(Query::new()
            .with("state", self.state.map(State::as_str))
            .with("queue", self.queue.as_ref())
            .with("machine", machine)
            .with("owner", self.owner.as_ref())
            .with("label", self.label.as_ref().map(|(name, value)| format!("{name}={value}")))
            .with("schedule", self.schedule.as_ref())
            .with("search", self.search.as_ref()))
    }
}

pub(super) fn row(job: &Job) -> Row {
    let (result, mark) = result_of(job);
    let cells = vec![
        job.id.clone(),
        result,
        job.title.clone(),
        job.machine_name.clone().unwrap_or_else(|| "–".to_owned()),
        job.queue.clone(),
        if job.attempt == 0 { "–".to_owned() } else { job.attempt.to_string() },
        exact_moment(&job.created_at),
        job.owner.name.clone(),
        job.priority.to_string(),
    ];
    Row { cells, mark: Some(mark) }
}
