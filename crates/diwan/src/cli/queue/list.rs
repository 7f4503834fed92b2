//! `diwan queue list` and `machines`.

use diwan_client::{JobMachine, JobQueue};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::paging;
use super::super::screen::{Mark, Row, Tone, exact_moment, moment_or_dash};

pub(super) async fn queues(door: &Door<'_>) -> Result<Done, Failure> {
    let reply = door.client()?.list_job_queues().await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let headings = ["QUEUE", "STATE", "READY", "HELD BACK", "UNDER WAY", "LIMIT", "OLDEST SINCE (UTC)"];
    paging::show(door, &headings, reply.read()?.items.iter().map(of_queue).collect())?;
    Ok(Done::Well)
}

pub(super) async fn machines(door: &Door<'_>) -> Result<Done, Failure> {
    let reply = door.client()?.list_job_machines().await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let headings = ["MACHINE", "STATE", "UNDER WAY", "LIMIT", "ID"];
    paging::show(door, &headings, reply.read()?.items.iter().map(of_machine).collect())?;
    Ok(Done::Well)
}

fn of_queue(queue: &JobQueue) -> Row {
    let (state, mark) = match &queue.paused_at {
        Some(at) => {
            let paused = Mark { sign: '◐', tone: Some(Tone::Doubtful) };
            (format!("paused since {}", exact_moment(at)), paused)
        }
        None => ("open".to_owned(), Mark { sign: '●', tone: Some(Tone::Good) }),
    };
    let cells = vec![
        queue.name.clone(),
        state,
        queue.waiting.to_string(),
        queue.held.to_string(),
        queue.under_way.to_string(),
        queue.limit.map_or_else(|| "–".to_owned(), |limit| limit.to_string()),
        moment_or_dash(queue.oldest_ready_at.as_deref()),
    ];
    Row { cells, mark: Some(mark) }
}

fn of_machine(machine: &JobMachine) -> Row {
    let (state, mark) = match machine.is_ready {
        true => ("takes jobs", Mark { sign: '●', tone: Some(Tone::Good) }),
        false => ("is not there", Mark { sign: '○', tone: None }),
    };
    let cells = vec![
        machine.name.clone(),
        state.to_owned(),
        machine.under_way.to_string(),
        machine.limit.to_string(),
        machine.machine_id.clone(),
    ];
    Row { cells, mark: Some(mark) }
}
