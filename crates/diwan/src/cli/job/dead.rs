//! `diwan job dead`: jobs that came to nothing.

use clap::{ArgGroup, Args, Subcommand};
use diwan_client::{Client, ClientError, Job, Query, Reply};
use serde_json::{Map, Value, json};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::paging::Paging;
use super::super::screen::{Row, exact_moment};
use super::parse;
use super::words::result_of;

/// What says which are meant.
const CHOSEN: [&str; 6] = ["ids", "queue", "reason", "owner", "label", "all"];
const LARGEST_PAGE: u32 = 200;

const AFTER_HELP: &str = "\
Examples:
  diwan job dead list
  diwan job dead list --reason unknown_outcome
  diwan job dead replay --id job_01k9…
  diwan job dead replay --queue deploy --reason machine_lost
  diwan job dead dismiss --label team=web
  diwan job dead dismiss --all --yes

A job that failed, took too long or expired stays here until somebody tries it
again or lets it rest. Without the permission jobs.manage only your own are
changed.";

/// See jobs that came to nothing; try them again, or let them rest
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) enum Dead {
    /// List jobs that came to nothing, the latest first
    List(List),
    /// Try jobs again that came to nothing
    Replay(Chosen),
    /// Let jobs rest that came to nothing
    Dismiss(Chosen),
}

/// Which of them.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct Filter {
    /// Only those of this queue
    #[arg(short = 'Q', long, value_name = "QUEUE")]
    queue: Option<String>,
    /// Only those that ended for this reason, like exit_code, timeout or unknown_outcome
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// Only those of this person (usr_…)
    #[arg(long, value_name = "ID")]
    owner: Option<String>,
    /// Only those with this label of their own, like team=web
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse::label)]
    label: Option<(String, String)>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    paging: Paging,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("chosen").required(true).multiple(true).args(CHOSEN))]
pub(in crate::cli) struct Chosen {
    /// This one; repeat it for several
    #[arg(long = "id", id = "ids", value_name = "ID", conflicts_with_all = &CHOSEN[1..])]
    ids: Vec<String>,
    #[command(flatten)]
    filter: Filter,
    /// All of them, unless something else narrows that
    #[arg(long)]
    all: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Dead {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::List(list) => list.run(door).await,
            Self::Replay(chosen) => {
                let change = async |client: &Client, which| client.replay_job_dead_letters(which).await;
                chosen.change(door, &REPLAY, change).await
            }
            Self::Dismiss(chosen) => {
                let change = async |client: &Client, which| client.dismiss_job_dead_letters(which).await;
                chosen.change(door, &DISMISS, change).await
            }
        }
    }
}

/// How a change is spoken of.
struct Words {
    question: [&'static str; 2],
    field: &'static str,
    one: &'static str,
    many: &'static str,
}

const REPLAY: Words =
    Words { question: ["Try", "again"], field: "replayed", one: "is tried again", many: "are tried again" };
const DISMISS: Words = Words { question: ["Let", "rest"], field: "dismissed", one: "rests now", many: "rest now" };

impl List {
    async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let headings = ["ID", "RESULT", "WHAT", "MACHINE", "QUEUE", "TRIES", "SINCE (UTC)", "WHO", "WHY"];
        self.paging.show(door, &headings, self.filter.query(), async |q| client.list_jobs(q).await, row).await
    }
}

impl Filter {
    fn query(&self) -> Query {
        Query::new()
            .with("phase", Some("dead"))
            .with("queue", self.queue.as_ref())
            .with("reason", self.reason.as_ref())
            .with("owner", self.owner.as_ref())
            .with("label", self.label())
    }

    fn label(&self) -> Option<String> {
        self.label.as_ref().map(|(name, value)| format!("{name}={value}"))
    }
}

impl Chosen {
    /// As the API takes it.
    fn which(&self) -> Value {
        if !self.ids.is_empty() {
            return json!({"ids": self.ids});
        }
        let Filter { queue, reason, owner, .. } = &self.filter;
        let said = [("queue", queue), ("reason", reason), ("owner", owner), ("label", &self.filter.label())];
        let said: Map<_, _> =
            said.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text.as_ref()?)))).collect();
        if said.is_empty() { json!({"all": true}) } else { json!({"filter": said}) }
    }

    async fn change(
        &self,
        door: &Door<'_>,
        words: &Words,
        change: impl AsyncFn(&Client, Value) -> Result<Reply<Value>, ClientError>,
    ) -> Result<Done, Failure> {
        let client = door.client()?;
        if self.ids.is_empty() && !self.yes {
            let page = client.list_jobs(self.filter.query().with("limit", Some(LARGEST_PAGE))).await?.read()?;
            let more = if page.next_cursor.is_some() { "more than " } else { "" };
            let [verb, how] = words.question;
            door.confirm(&format!("{verb} {more}{} {how}?", counted(page.items.len() as u64)), false)?;
        }
        let reply = change(&client, self.which()).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
        } else {
            let count = reply.read()?[words.field].as_u64().unwrap_or_default();
            let done = if count == 1 { words.one } else { words.many };
            door.screen.line(&format!("{} {done}.", counted(count)))?;
        }
        Ok(Done::Well)
    }
}

fn counted(count: u64) -> String {
    if count == 1 { "1 job".to_owned() } else { format!("{count} jobs") }
}

fn row(job: &Job) -> Row {
    let (result, mark) = result_of(job);
    let cells = vec![
        job.id.clone(),
        result,
        job.title.clone(),
        job.machine_name.clone().unwrap_or_else(|| "–".to_owned()),
        job.queue.clone(),
        job.attempt.to_string(),
        job.dead_at.as_deref().map_or_else(|| "–".to_owned(), exact_moment),
        job.owner.name.clone(),
        job.detail.clone().unwrap_or_default(),
    ];
    Row { cells, mark: Some(mark) }
}
