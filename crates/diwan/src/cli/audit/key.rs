//! `diwan audit key`.

use super::super::door::Door;
use super::super::failure::{Done, Failure};

pub(super) async fn run(door: &Door<'_>) -> Result<Done, Failure> {
    let reply = door.client()?.get_audit_key().await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let key = reply.read()?;
    door.screen.facts(&[("Key id", key.key_id), ("Public key", key.public_key)])?;
    Ok(Done::Well)
}
