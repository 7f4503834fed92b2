//! `diwan job run` and `rerun`.

use clap::Args;
use diwan_client::{Client, ClientError};
use serde_json::{Map, Value};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::run::{Place, Work, with_own_code};
use super::spec::{Begin, Spec};
use super::target::Target;
use super::watch_over::{Manner, watch_over};

const AFTER_HELP: &str = "\
Examples:
  diwan job run -m web-1 -- npm test
  diwan job run --label gpu --retries 3 --timeout 2h --script train.sh
  diwan job run -m web-1 --script report.py -- --year 2026
  diwan job run --any -d --delay 10m --name warm-up --script warm-up.sh
  diwan job run -m web-1 --env CI=1 --secret TOKEN=git/token --script release.sh
  ID=$(diwan job run -m web-1 -d --build --dir shop)
  diwan job run -m web-1 --after $ID --key deploy --dir shop --script deploy.sh

The job is written down first and goes on whatever becomes of this program. Its
log is shown while it runs: output on standard output, errors and what `diwan:`
says of it on standard error (-q leaves the latter away). Ctrl-C cancels the
job; a second Ctrl-C does not wait for that. With -d it prints the id and comes
back; `diwan job logs -f ID` looks on later.

Whatever follows -- is a program and its arguments, never a line for a shell; it
gets no standard input.

Exit codes are those of `diwan run`: that of the last attempt; 128+n if signal n
ended it; 120 it did not begin in time, 121 nobody knows what became of it, 122
it took more than it may, 124 it took too long, 125 Diwan could not do it, 126
it was refused, 130 it was cancelled, 141 nobody read the output any more.";

const AFTER_RERUN_HELP: &str = "\
Examples:
  diwan job rerun job_01k9…
  diwan job rerun job_01k9… -m web-2 --timeout 1h
  diwan job rerun job_01k9… -d -- npm test

It is a new job with everything that the old one had, except for what is said
here. `diwan job retry` tries the old one again instead.";

/// Want a job, and look on until it has ended
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Run {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    spec: Spec,
    #[command(flatten)]
    begin: Begin,
    #[command(flatten)]
    manner: Manner,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    work: Work,
}

/// Want the same as a job did, with changes, as a new job
#[derive(Debug, Args)]
#[command(after_help = AFTER_RERUN_HELP, mut_group("work", |group| group.required(false)))]
pub(in crate::cli) struct Rerun {
    /// Its id (job_…)
    id: String,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    spec: Spec,
    #[command(flatten)]
    begin: Begin,
    #[command(flatten)]
    manner: Manner,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    work: Work,
}

impl Run {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self.try_run(door).await {
            Err(failure) => Err(with_own_code(door, failure).await),
            done => done,
        }
    }

    async fn try_run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let mut spec = self.spec.fields(&Value::Null)?;
        spec.insert("operation".to_owned(), self.work.operation(&self.place)?);
        spec.insert("target".to_owned(), self.target.or_the_only_one(&client).await?);
        spec.extend(self.begin.fields());
        let begun = client.create_job(spec.into());
        watch_over(door, &client, self.manner, async { begun.await.map_err(refused) }).await
    }
}

impl Rerun {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self.try_run(door).await {
            Err(failure) => Err(with_own_code(door, failure).await),
            done => done,
        }
    }

    async fn try_run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let changes = self.changes(&client).await?;
        let begun = client.rerun_job(&self.id, changes.into());
        watch_over(door, &client, self.manner, async { begun.await.map_err(super::unknown) }).await
    }

    async fn changes(&self, client: &Client) -> Result<Map<String, Value>, Failure> {
        let reply = client.get_job(&self.id).await.map_err(super::unknown)?;
        let before: Value = serde_json::from_str(reply.text()).unwrap_or_default();
        let mut changes = self.spec.fields(&before)?;
        changes.extend(self.target.if_given(client).await?.map(|target| ("target".to_owned(), target)));
        changes.extend(self.begin.fields());
        if self.work.is_given() {
            changes.insert("operation".to_owned(), self.work.operation(&self.place)?);
        } else if !self.place.is_usual() {
            return Err(super::place_alone());
        }
        Ok(changes)
    }
}

/// Why a job was not taken.
fn refused(error: ClientError) -> Failure {
    let failure = Failure::from(error);
    match failure.is_called("idempotency_conflict") {
        true => failure.with_next("Another job was wanted with this key. Take another key, or want the same."),
        false => failure,
    }
}
