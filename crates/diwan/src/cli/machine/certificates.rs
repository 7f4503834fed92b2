//! `diwan machine certificates`.

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{moment, moment_or_dash};
use super::id_of;

pub(super) async fn run(door: &Door<'_>, name: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    let id = id_of(&client, name).await?;
    let reply = client.list_machine_certificates(&id).await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let rows = reply.read()?.items.into_iter().map(|certificate| {
        let (issued, ends) = (moment(&certificate.issued_at), moment(&certificate.ends_at));
        vec![issued, ends, moment_or_dash(certificate.voided_at.as_deref()), certificate.serial, certificate.key]
    });
    let headings = ["ISSUED (UTC)", "ENDS (UTC)", "VOID SINCE (UTC)", "SERIAL", "KEY (SHA-256)"];
    door.screen.table(&headings, rows.collect())?;
    Ok(Done::Well)
}
