//! `diwan job wait`.

use std::collections::BTreeSet;

use diwan_client::{Client, Job};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::run::with_own_code;
use super::super::screen::safe;
use super::change::Several;
use super::changes::{Changed, Changes};
use super::ending::ending_of;
use super::patience::Patience;
use super::unknown;
use super::words::result_of;

pub(super) async fn run(door: &Door<'_>, jobs: &Several) -> Result<Done, Failure> {
    match wait(door, jobs).await {
        Err(failure) => Err(with_own_code(door, failure).await),
        done => done,
    }
}

async fn wait(door: &Door<'_>, jobs: &Several) -> Result<Done, Failure> {
    let client = door.client()?;
    let mut changes = Changes::listen(&client).await;
    let mut open: BTreeSet<String> = jobs.ids.iter().cloned().collect();
    let (is_alone, mut all_well, mut last) = (open.len() == 1, true, None);
    let mut look_at: Vec<String> = open.iter().cloned().collect();
    loop {
        for id in look_at {
            let Some(job) = ended(door, &client, &id).await? else { continue };
            open.remove(&id);
            all_well &= job.state == "succeeded";
            last = Some(job);
        }
        if open.is_empty() {
            break;
        }
        look_at = match changes.next().await {
            Changed::Any => open.iter().cloned().collect(),
            Changed::One(id) => open.get(&id).cloned().into_iter().collect(),
        };
    }
    match last.filter(|_| is_alone) {
        Some(job) if door.screen.is_json() => {
            Ok(Done::Status(ending_of(&job).unwrap_or_else(|failure| failure.code())))
        }
        Some(job) => ending_of(&job).map(Done::Status),
        None if all_well => Ok(Done::Well),
        None => Ok(Done::Found),
    }
}

/// The job if it is over, which is said then.
async fn ended(door: &Door<'_>, client: &Client, id: &str) -> Result<Option<Job>, Failure> {
    let mut patience = Patience::default();
    let reply = loop {
        match client.get_job(id).await {
            Ok(reply) => break reply,
            Err(error) if error.code() == Some("not_found") => return Err(unknown(error)),
            Err(error) => patience.bear_quietly(error).await?,
        }
    };
    let job = reply.read()?.job;
    if job.is_open() {
        return Ok(None);
    }
    let (result, mark) = result_of(&job);
    match door.screen.is_json() {
        true => door.screen.json(reply.text())?,
        false => {
            let sign = mark.sign.to_string();
            let sign = mark.tone.map_or_else(|| sign.clone(), |tone| door.screen.toned(tone, &sign));
            door.screen.line(&format!("{sign} {}", safe(&format!("{id}  {result}"))))?;
        }
    }
    Ok(Some(job))
}
