//! `diwan user role`, `disable` and `enable`.

use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::safe;
use super::id_of;

/// What is to be changed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Role(&'static str),
    Status(&'static str),
}

pub(super) async fn run(door: &Door<'_>, who: &str, change: Change) -> Result<Done, Failure> {
    let client = door.client()?;
    let id = id_of(&client, who).await?;
    let body = match change {
        Change::Role(role) => json!({"role": role}),
        Change::Status(status) => json!({"status": status}),
    };
    let reply = door.stepped_up(&client, async || client.update_user(&id, &body).await).await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let user = reply.read()?;
    door.screen.line(&safe(&format!("{} <{}> is now {}, {}.", user.name, user.email, user.role, user.status)))?;
    Ok(Done::Well)
}
