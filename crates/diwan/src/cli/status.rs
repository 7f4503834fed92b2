//! `diwan status`: how a server is doing.

use super::door::Door;
use super::failure::{Done, Failure};
use super::screen::{Tone, moment, safe, size};

pub(super) async fn run(door: &Door<'_>) -> Result<Done, Failure> {
    let client = door.client()?;
    let reply = client.get_status().await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let status = reply.read()?;
    let database = &status.database;
    let bytes = database.size_bytes.and_then(|b| u64::try_from(b).ok()).map(|b| format!(", {}", size(b)));
    let health = if database.healthy { "healthy" } else { "not healthy" };
    door.screen.facts(&[
        ("Server", client.server().to_string()),
        ("Version", status.version),
        ("Up", format!("{}, since {} UTC", uptime(status.uptime_s), moment(&status.started_at))),
        ("Database", format!("{}, {health}{}", database.engine, bytes.unwrap_or_default())),
        ("People", format!("{} ({} today)", status.people.total, status.people.active_today)),
        ("Sessions", status.sessions.to_string()),
        ("Mail", if status.mail == "smtp" { "sent by SMTP" } else { "kept in the outbox" }.into()),
    ])?;
    for warning in &status.warnings {
        let mark = door.screen.toned(Tone::Doubtful, "!");
        door.screen.line(&format!("\n{mark} {}\n  {}", safe(&warning.detail), safe(&warning.next)))?;
    }
    Ok(Done::Well)
}

/// How long ago, in the two largest units.
fn uptime(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, m) => format!("{m} min"),
        (0, h, m) => format!("{h} h {m} min"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}
