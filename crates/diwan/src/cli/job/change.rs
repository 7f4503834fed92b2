//! `diwan job cancel` and `retry`: each of the jobs that are named.

use clap::Args;
use diwan_client::{Client, ClientError};
use serde_json::{Value, json};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::safe;
use super::unknown;

/// Which jobs.
#[derive(Debug, Args)]
pub(in crate::cli) struct Several {
    /// Their ids (job_…)
    #[arg(required = true, value_name = "ID")]
    pub(super) ids: Vec<String>,
}

/// Which jobs are stopped, and how.
#[derive(Debug, Args)]
pub(in crate::cli) struct Cancel {
    #[command(flatten)]
    jobs: Several,
    /// End those on machines that are away at once, without word from there
    #[arg(long)]
    give_up: bool,
}

/// What is done with each: what to tell of it, and the same for programs.
type Changed = Result<(String, Value), ClientError>;

pub(super) async fn cancel(door: &Door<'_>, how: &Cancel) -> Result<Done, Failure> {
    each(door, &how.jobs, async |client: &Client, id: &str| {
        let reply = client.cancel_job(id, how.give_up).await?;
        let is_over = reply.read()?["state"] == "cancelled";
        let words = if is_over { "is cancelled" } else { "is being cancelled" };
        Ok((format!("{id} {words}."), json!({"cancelled": id})))
    })
    .await
}

pub(super) async fn retry(door: &Door<'_>, jobs: &Several) -> Result<Done, Failure> {
    each(door, jobs, async |client: &Client, id: &str| {
        let reply = client.retry_job(id).await?;
        Ok((format!("{id} is queued again."), serde_json::from_str(reply.text()).unwrap_or_default()))
    })
    .await
}

/// One that cannot be changed does not hold the others up.
async fn each(
    door: &Door<'_>,
    jobs: &Several,
    change: impl AsyncFn(&Client, &str) -> Changed,
) -> Result<Done, Failure> {
    let client = door.client()?;
    let mut failed = None;
    for id in &jobs.ids {
        match change(&client, id).await {
            Ok((_, raw)) if door.screen.is_json() => door.screen.json(&raw.to_string())?,
            Ok((words, _)) => door.screen.line(&safe(&words))?,
            Err(error) => {
                let failure = unknown(error);
                // The last one ends the program.
                if let Some(before) = failed.replace((id, failure)) {
                    tell(door, &before);
                }
            }
        }
    }
    match failed {
        Some(last) if jobs.ids.len() > 1 => {
            tell(door, &last);
            Ok(Done::Found)
        }
        Some((_, failure)) => Err(failure),
        None => Ok(Done::Well),
    }
}

fn tell(door: &Door<'_>, (id, failure): &(&String, Failure)) {
    eprintln!("{}", door.screen.labelled(&safe(&format!("error: {id}: {}", failure.detail()))));
}
