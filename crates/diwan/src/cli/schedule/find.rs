//! Which schedule somebody means.

use diwan_client::{Client, JobSchedule, Query};
use diwan_kernel::config::nearest;

use super::super::failure::Failure;

const LARGEST_PAGE: u32 = 200;

/// The schedule with this name or id, and the same as the server shows it.
pub(super) async fn find(client: &Client, name: &str) -> Result<(JobSchedule, String), Failure> {
    let id = if name.starts_with("jsc_") { name.to_owned() } else { id_of(client, name).await? };
    match client.get_job_schedule(&id).await {
        Ok(reply) => Ok((reply.read()?, reply.text().to_owned())),
        Err(error) if error.code() == Some("not_found") => Err(unknown(name, &[])),
        Err(error) => Err(error.into()),
    }
}

async fn id_of(client: &Client, name: &str) -> Result<String, Failure> {
    let (mut names, mut cursor) = (vec![], None::<String>);
    loop {
        let query = Query::new().with("limit", Some(LARGEST_PAGE)).with("cursor", cursor);
        let page = client.list_job_schedules(query).await?.read()?;
        if let Some(found) = page.items.iter().find(|schedule| schedule.name == name) {
            return Ok(found.id.clone());
        }
        names.extend(page.items.into_iter().map(|schedule| schedule.name));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Err(unknown(name, &names));
        }
    }
}

/// There is no schedule of this name; perhaps one is called nearly so.
fn unknown(name: &str, names: &[String]) -> Failure {
    let next = match nearest(name, names.to_vec()) {
        Some(meant) => format!("Did you mean {meant}? `diwan schedule list` shows all."),
        None => "`diwan schedule list` shows those that there are.".to_owned(),
    };
    Failure::refused(format!("there is no schedule {name}"), &next)
}
