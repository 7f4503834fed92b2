//! Which schedule somebody means.

use diwan_client::{Client, JobSchedule, Query};
use diwan_jobs::ScheduleId;
use diwan_kernel::config::nearest;

use super::super::failure::Failure;

const LARGEST_PAGE: u32 = 200;

/// A schedule, and the same as the server shows it.
type Found = (JobSchedule, String);

/// The schedule with this name or id, and the same as the server shows it.
pub(super) async fn find(client: &Client, name: &str) -> Result<Found, Failure> {
    // A name may look like an id.
    if name.parse::<ScheduleId>().is_ok()
        && let Some(found) = with_id(client, name).await?
    {
        return Ok(found);
    }
    let id = id_of(client, name).await?;
    with_id(client, &id).await?.ok_or_else(|| unknown(name, &[]))
}

async fn with_id(client: &Client, id: &str) -> Result<Option<Found>, Failure> {
    match client.get_job_schedule(id).await {
        Ok(reply) => Ok(Some((reply.read()?, reply.text().to_owned()))),
        Err(error) if error.code() == Some("not_found") => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Names are not unique: which of several is meant, only their id says.
async fn id_of(client: &Client, name: &str) -> Result<String, Failure> {
    let (mut named, mut others, mut cursor) = (vec![], vec![], None::<String>);
    loop {
        let query = Query::new().with("limit", Some(LARGEST_PAGE)).with("cursor", cursor);
        let page = client.list_job_schedules(query).await?.read()?;
        for schedule in page.items {
            if schedule.name == name {
                named.push(schedule);
            } else {
                others.push(schedule.name);
            }
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    match named.as_slice() {
        [] => Err(unknown(name, &others)),
        [only] => Ok(only.id.clone()),
        _ => Err(ambiguous(name, &named)),
    }
}

fn ambiguous(name: &str, named: &[JobSchedule]) -> Failure {
    let all: Vec<_> = named.iter().map(|one| format!("{} of {}", one.id, one.owner.name)).collect();
    let detail = format!("{} schedules are called {name}: {}", named.len(), all.join(", "));
    Failure::refused(detail, "Say which by its id. `diwan schedule list` shows more about them.")
}

/// There is no schedule of this name; perhaps one is called nearly so.
fn unknown(name: &str, names: &[String]) -> Failure {
    let next = match nearest(name, names.to_vec()) {
        Some(meant) => format!("Did you mean {meant}? `diwan schedule list` shows all."),
        None => "`diwan schedule list` shows those that there are.".to_owned(),
    };
    Failure::refused(format!("there is no schedule {name}"), &next)
}
