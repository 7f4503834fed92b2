//! `diwan job`: durable work, what it says and what became of it.
//!
//! Start at `run.rs` for how one is wanted; `follow.rs` looks on over all its attempts, `teller.rs` says how it
//! stands, `ending.rs` with which exit code it ends.

mod artifacts;
mod change;
mod changes;
mod dead;
mod ending;
mod fetch;
mod follow;
mod list;
mod logs;
pub(super) mod parse;
mod patience;
mod run;
mod show;
pub(super) mod spec;
mod stats;
pub(super) mod target;
mod teller;
mod wait;
mod watch;
mod watch_over;
pub(super) mod words;

use clap::{Args, Subcommand};
use diwan_client::ClientError;

use super::door::Door;
use super::failure::{Done, Failure};

pub(super) use show::{wanted, where_in_words};

const AFTER_HELP: &str = "\
Examples:
  diwan job run -m web-1 --retries 3 -- npm test
  diwan job list --state running --watch
  diwan job show job_01k9…
  diwan job logs -f job_01k9…
  diwan job fetch job_01k9… dist/shop.tar.gz
  diwan job cancel job_01k9…
  diwan job retry job_01k9…
  diwan job wait job_01k9… && echo done
  diwan job stats --window 7d
  diwan job dead list

A job is written down before anything is done for it. It waits for its turn and
for a machine, is tried as often as it may be, and has exactly one end. `diwan
queue` pauses and limits, `diwan schedule` makes jobs by itself.";

/// Durable work: want it, look on, stop it, try it again
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(super) enum Job {
    /// Want a job, and look on until it has ended
    Run(Box<run::Run>),
    /// List jobs, newest first
    List(list::List),
    /// Show a job: what it is, what it waits for, how each attempt went
    Show(Which),
    /// Print what a job said, byte for byte; follow it while it runs
    Logs(logs::Logs),
    /// List the files that a job has left
    Artifacts(artifacts::Artifacts),
    /// Bring a file that a job has left
    Fetch(fetch::Fetch),
    /// Stop jobs, or keep them from beginning
    Cancel(change::Cancel),
    /// Try jobs again that have ended
    Retry(change::Several),
    /// Want the same as a job did, with changes, as a new job
    Rerun(Box<run::Rerun>),
    /// Wait until jobs have ended; with one job, its exit code is ours
    Wait(change::Several),
    /// Show how jobs fared: how many, how long they waited and took, how many failed
    Stats(stats::Stats),
    /// See jobs that came to nothing; try them again, or let them rest
    #[command(subcommand)]
    Dead(dead::Dead),
}

/// Which job.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Its id (job_…)
    id: String,
}

impl Job {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::Run(run) => run.run(door).await,
            Self::List(list) => list.run(door).await,
            Self::Show(which) => show::run(door, &which.id).await,
            Self::Logs(logs) => logs.run(door).await,
            Self::Artifacts(artifacts) => artifacts.run(door).await,
            Self::Fetch(fetch) => fetch.run(door).await,
            Self::Cancel(jobs) => change::cancel(door, jobs).await,
            Self::Retry(jobs) => change::retry(door, jobs).await,
            Self::Rerun(rerun) => rerun.run(door).await,
            Self::Wait(jobs) => wait::run(door, jobs).await,
            Self::Stats(stats) => stats.run(door).await,
            Self::Dead(dead) => dead.run(door).await,
        }
    }
}

/// Where something is done was said, but not what.
pub(super) fn place_alone() -> Failure {
    let next = "Say what is done there, too: -- PROGRAM, --build or another one.";
    Failure::usage("--root, --dir and --branch belong to what is done", next)
}

/// What is wrong with a job that was named.
pub(super) fn unknown(error: ClientError) -> Failure {
    let failure = Failure::from(error);
    match failure.is_called("not_found") {
        true => failure.with_next("`diwan job list` shows those that there are."),
        false => failure,
    }
}
