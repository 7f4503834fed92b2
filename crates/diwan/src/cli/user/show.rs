//! `diwan user show`.

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{moment, moment_or_dash};
use super::id_of;

pub(super) async fn run(door: &Door<'_>, who: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    let reply = client.get_user(&id_of(&client, who).await?).await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let user = reply.read()?;
    door.screen.facts(&[
        ("Name", user.name),
        ("E-mail", user.email),
        ("Id", user.id),
        ("Role", user.role),
        ("Plan", user.plan),
        ("Status", user.status),
        ("Second factor", if user.two_factor { "yes" } else { "no" }.into()),
        ("Language", user.language),
        ("Time zone", user.time_zone),
        ("Here since", format!("{} UTC", moment(&user.created_at))),
        ("Last seen", moment_or_dash(user.last_seen_at.as_deref())),
    ])?;
    Ok(Done::Well)
}
