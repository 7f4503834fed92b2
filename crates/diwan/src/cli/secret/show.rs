//! `diwan secret show` and `diwan secret verify`.

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{moment, moment_or_dash};
use super::id_of;

pub(super) async fn run(door: &Door<'_>, name: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    let id = id_of(&client, name).await?;
    let reply = client.get_secret(&id).await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let secret = reply.read()?;
    let dash = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
    let mut facts = vec![
        ("name", secret.name),
        ("id", secret.id),
        ("kind", secret.kind),
        ("description", dash(&secret.description)),
        ("provider", dash(&secret.provider)),
        ("back end", secret.backend),
        ("state", secret.state),
        ("due", moment_or_dash(secret.rotate_at.as_deref())),
        ("ends", moment_or_dash(secret.expires_at.as_deref())),
        ("you may", dash(&secret.may.join(", "))),
    ];
    facts.extend(secret.facts.iter().map(|(name, value)| (name.as_str(), value.clone())));
    door.screen.facts(&facts)?;
    let versions = client.list_secret_versions(&id).await?.read()?;
    let rows = versions.items.iter().map(|v| {
        let until = moment_or_dash(v.valid_until.as_deref());
        vec![v.version.to_string(), v.state.clone(), v.origin.clone(), moment(&v.created_at), until]
    });
    door.screen.line("")?;
    door.screen.table(&["VERSION", "STATE", "ORIGIN", "CREATED (UTC)", "COUNTS UNTIL (UTC)"], rows.collect())?;
    Ok(Done::Well)
}

pub(super) async fn verify(door: &Door<'_>) -> Result<Done, Failure> {
    let client = door.client()?;
    let reply = client.verify_vault().await?;
    let found = reply.read()?;
    let done = if found.ok { Done::Well } else { Done::Found };
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(done);
    }
    for fault in &found.faults {
        let version = fault.version.map_or_else(String::new, |v| format!(" version {v}"));
        door.screen.line(&super::super::screen::safe(&format!("{}{version}: {}", fault.name, fault.kind)))?;
    }
    let text = format!("{} secrets, {} values opened, {} faults", found.secrets, found.values, found.faults.len());
    door.screen.line(&text)?;
    Ok(done)
}
