//! `diwan machine rules`: rules that machines' owners are asked for.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use diwan_client::{Query, RuleRequest};
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::paging::Paging;
use super::super::screen::{Tone, moment, safe};
use super::id_of;

/// No request is longer.
const LONGEST: u64 = 16 * 1024;

const AFTER_HELP: &str = "\
Examples:
  diwan machine rules ask web-1 --reason 'deploys need make' rules.toml
  diwan machine rules list web-1
  diwan machine rules show rrq_01k9…
  diwan machine rules approve rrq_01k9…

What is asked for is [[rules]] of a policy, and nothing else. The owner decides on
the machine: diwan bridge policy requests. Where the policy takes approvals from
afar, somebody else than the asker may say yes from here.";

/// Ask machines' owners for rules, and see what became of that
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) enum Rules {
    /// List the requests for a machine, newest first
    List(List),
    /// Show a request: what it says, what the machine says of it
    Show(Which),
    /// Ask a machine's owner for rules
    Ask(Ask),
    /// Take back what you asked for
    Withdraw(Which),
    /// Say yes to rules that somebody else asks for
    Approve(Approve),
    /// Say no to rules that somebody asks for
    Refuse(Refuse),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// The machine's name or id
    name: String,
    #[command(flatten)]
    paging: Paging,
}

/// Which request.
#[derive(Debug, Args)]
pub(in crate::cli) struct Which {
    /// Its id (rrq_…)
    id: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Ask {
    /// The machine's name or id
    name: String,
    /// What for: the owner is shown it
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// A file with the rules; standard input without one
    file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Approve {
    /// Its id (rrq_…)
    id: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Refuse {
    /// Its id (rrq_…)
    id: String,
    /// Why: whoever asks is shown it
    #[arg(long, value_name = "WORDS", default_value = "")]
    why: String,
}

impl Rules {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::List(list) => list.run(door).await,
            Self::Show(which) => show(door, &which.id).await,
            Self::Ask(ask) => ask.run(door).await,
            Self::Withdraw(which) => withdraw(door, &which.id).await,
            Self::Approve(approve) => approve.run(door).await,
            Self::Refuse(refuse) => refuse.run(door).await,
        }
    }
}

impl List {
    async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let id = id_of(&client, &self.name).await?;
        let headings = ["STATE", "ASKED (UTC)", "BY", "WHAT FOR", "ID"];
        let list = async |query| client.list_rule_requests(&id, query).await;
        self.paging.show(door, &headings, Query::new(), list, row).await
    }
}

fn row(request: &RuleRequest) -> Vec<String> {
    let RuleRequest { state, actor, reason, id, .. } = request;
    vec![state.clone(), moment(&request.created_at), actor.name.clone(), reason.clone(), id.clone()]
}

async fn show(door: &Door<'_>, id: &str) -> Result<Done, Failure> {
    let reply = door.client()?.get_rule_request(id).await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
    } else {
        tell(door, &reply.read()?)?;
    }
    Ok(Done::Well)
}

impl Ask {
    async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let (text, client) = (read(self.file.as_deref())?, door.client()?);
        let id = id_of(&client, &self.name).await?;
        let reply = client.create_rule_request(&id, &text, &self.reason).await?;
        let request = reply.read()?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
        } else {
            tell(door, &request)?;
        }
        Ok(if request.state == "faulty" { Done::Status(1) } else { Done::Well })
    }
}

fn read(file: Option<&Path>) -> Result<String, Failure> {
    let mut text = String::new();
    let read = match file {
        Some(path) => std::fs::File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text)),
        None => std::io::stdin().take(LONGEST + 1).read_to_string(&mut text),
    };
    let name = file.map_or_else(|| "standard input".to_owned(), |path| path.display().to_string());
    read.map_err(|e| Failure::usage(format!("{name}: {e}"), "Name a file with [[rules]] in it."))?;
    Ok(text)
}

async fn withdraw(door: &Door<'_>, id: &str) -> Result<Done, Failure> {
    door.client()?.withdraw_rule_request(id).await?;
    if door.screen.is_json() {
        door.screen.json(&json!({"withdrawn": id}).to_string())?;
    } else {
        door.screen.line(&safe(&format!("{id} was taken back.")))?;
    }
    Ok(Done::Well)
}

impl Approve {
    async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        if !self.yes && !door.screen.is_json() {
            tell(door, &client.get_rule_request(&self.id).await?.read()?)?;
        }
        door.confirm("Add these rules to the machine's policy?", self.yes)?;
        let reply = door.stepped_up(&client, async || client.approve_rule_request(&self.id).await).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
        } else {
            tell(door, &reply.read()?)?;
        }
        Ok(Done::Well)
    }
}

impl Refuse {
    async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let reply = door.client()?.refuse_rule_request(&self.id, &self.why).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
        } else {
            door.screen.line(&safe(&format!("{} was refused.", self.id)))?;
        }
        Ok(Done::Well)
    }
}

fn tell(door: &Door<'_>, request: &RuleRequest) -> Result<(), Failure> {
    let (tone, words) = in_words(request);
    let RuleRequest { id, machine_name, actor, reason, .. } = request;
    door.screen.line(&format!("{}: {}", safe(id), door.screen.toned(tone, words)))?;
    door.screen.line(&safe(&format!("  {} asks on {machine_name}: {reason}", actor.name)))?;
    let problem = request.problem.iter().map(|problem| format!("  {}", problem.detail));
    let rules = request.words.iter().map(|words| format!("  newly: {words}"));
    let faults = request.faults.iter().map(|fault| format!("  line {}: {}", fault.line, fault.words));
    let text = request.text.trim().lines().map(|line| format!("  | {line}"));
    problem.chain(rules).chain(faults).chain(text).try_for_each(|line| door.screen.line(&safe(&line)))
}

fn in_words(request: &RuleRequest) -> (Tone, &'static str) {
    match (request.state.as_str(), request.from_afar) {
        ("waiting", _) => (Tone::Doubtful, "waits for the machine"),
        ("asked", true) => (Tone::Doubtful, "waits for the machine's owner, or for somebody else here to approve it"),
        ("asked", false) => (Tone::Doubtful, "waits for the machine's owner: diwan bridge policy requests"),
        ("granted", _) => (Tone::Good, "granted"),
        ("refused", _) => (Tone::Bad, "refused"),
        ("faulty", _) => (Tone::Bad, "these are no rules that go with the machine's policy"),
        ("withdrawn", _) => (Tone::Doubtful, "taken back"),
        _ => (Tone::Bad, "nobody decided in time"),
    }
}
