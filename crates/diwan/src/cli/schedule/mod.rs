//! `diwan schedule`: what makes jobs by itself, by the clock, by webhooks, or when something happens.
//!
//! `when.rs` reads when, `save.rs` makes and changes schedules; the job they make is said by the flags of
//! `diwan job run`.

mod act;
mod find;
mod list;
mod preview;
mod save;
mod show;
mod when;

use clap::{Args, Subcommand};

use super::door::Door;
use super::failure::{Done, Failure};
use super::paging::Paging;

const AFTER_HELP: &str = "\
Examples:
  diwan schedule create nightly --cron '0 3 * * *' --zone Europe/Berlin \\
      --missed once -m web-1 --retries 2 --script backup.sh
  diwan schedule create deploy --webhook github --branch main \\
      -m web-1 --dir shop --git pull
  diwan schedule create report --on job.ended --filter name=nightly \\
      --any --script report.sh
  diwan schedule preview --cron '30 2 * * *' --zone Europe/Berlin
  diwan schedule runs nightly
  diwan schedule pause nightly

A schedule is named by its name, if no other has it, or by its id (jsc_…).";

/// Make jobs by the clock, by webhooks, or when something happens
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(super) enum Schedule {
    /// List schedules
    List(Paging),
    /// Show a schedule: when it makes jobs, and which
    Show(Which),
    /// Make a schedule
    Create(Box<save::Create>),
    /// Change a schedule
    Update(Box<save::Update>),
    /// Remove a schedule; the jobs that it made stay
    Delete(act::Delete),
    /// Have a schedule make no jobs
    Pause(Which),
    /// Have a schedule make jobs again
    Resume(Which),
    /// Have a schedule make a job now
    Run(Which),
    /// Show when a schedule would make jobs
    Preview(preview::Preview),
    /// List the jobs that a schedule made, the latest first
    Runs(list::Runs),
    /// Make a new secret that webhooks are signed with, and print it, once
    RotateSecret(Which),
}

/// Which schedule.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Its name or id
    name: String,
}

impl Schedule {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::List(paging) => list::schedules(door, paging).await,
            Self::Show(which) => show::run(door, &which.name).await,
            Self::Create(create) => create.run(door).await,
            Self::Update(update) => update.run(door).await,
            Self::Delete(delete) => delete.run(door).await,
            Self::Pause(which) => act::pause(door, &which.name, true).await,
            Self::Resume(which) => act::pause(door, &which.name, false).await,
            Self::Run(which) => act::run(door, &which.name).await,
            Self::Preview(preview) => preview.run(door).await,
            Self::Runs(runs) => runs.run(door).await,
            Self::RotateSecret(which) => act::rotate_secret(door, &which.name).await,
        }
    }
}
