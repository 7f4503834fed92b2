//! `diwan openapi`: the description of a server's API.

use super::door::Door;
use super::failure::{Done, Failure};

pub(super) async fn run(door: &Door<'_>) -> Result<Done, Failure> {
    let reply = door.client_with(None)?.get_openapi().await?;
    door.screen.json(reply.text())?;
    Ok(Done::Well)
}
