//! `diwan whoami`: who is signed in, and what they may do.

use super::door::Door;
use super::failure::{Done, Failure};
use super::screen::moment;

pub(super) async fn run(door: &Door<'_>) -> Result<Done, Failure> {
    let client = door.client()?;
    let reply = client.get_me().await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let me = reply.read()?;
    let with = match &me.session {
        None => "an API token".to_owned(),
        Some(session) => match &session.step_up_until {
            None => "a session".to_owned(),
            Some(until) => format!("a session; dangerous actions are open until {} UTC", moment(until)),
        },
    };
    door.screen.facts(&[
        ("Server", client.server().to_string()),
        ("Name", me.user.name),
        ("E-mail", me.user.email),
        ("Id", me.user.id),
        ("Role", me.user.role),
        ("Plan", me.user.plan),
        ("Second factor", if me.user.two_factor { "yes" } else { "no" }.into()),
        ("Signed in with", with),
        ("May", me.permissions.join(", ")),
    ])?;
    Ok(Done::Well)
}
