//! `diwan user invitations`, `resend` and `uninvite`.

use clap::Args;
use diwan_client::{Client, Invitation, Query};
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::paging::Paging;
use super::super::screen::{moment, safe};
use super::invite;

#[derive(Debug, Args)]
pub(in crate::cli) struct Invitations {
    #[command(flatten)]
    paging: Paging,
}

impl Invitations {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let headings = ["E-MAIL", "ROLE", "STATUS", "UNTIL (UTC)", "ID"];
        self.paging.show(door, &headings, Query::new(), async |q| client.list_invitations(q).await, row).await
    }
}

fn row(invitation: &Invitation) -> Vec<String> {
    let Invitation { id, email, role, status, expires_at } = invitation;
    vec![email.clone(), role.clone(), status.clone(), moment(expires_at), id.clone()]
}

/// Sends an invitation again: its old link is void.
pub(super) async fn resend(door: &Door<'_>, which: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    let id = id_of(&client, which).await?;
    let reply = door.stepped_up(&client, async || client.resend_invitation(&id).await).await?;
    invite::tell(door, &reply)
}

/// Takes an invitation back.
pub(super) async fn revoke(door: &Door<'_>, which: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    let id = id_of(&client, which).await?;
    client.revoke_invitation(&id).await?;
    if door.screen.is_json() {
        door.screen.json(&json!({"revoked": id}).to_string())?;
    } else {
        door.screen.line(&format!("The invitation for {} was taken back.", safe(which)))?;
    }
    Ok(Done::Well)
}

/// The id of the invitation with this id, or of the open one for this address.
async fn id_of(client: &Client, which: &str) -> Result<String, Failure> {
    if !which.contains('@') {
        return Ok(which.to_owned());
    }
    let wanted = which.to_lowercase();
    let mut cursor = None;
    loop {
        let query = Query::new().with("limit", Some(200)).with("cursor", cursor);
        let page = client.list_invitations(query).await?.read()?;
        let open = page.items.into_iter().find(|i| i.status == "pending" && i.email.to_lowercase() == wanted);
        if let Some(invitation) = open {
            return Ok(invitation.id);
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            let next = "`diwan user invitations` shows them all.";
            return Err(Failure::refused(format!("there is no open invitation for {which}"), next));
        }
    }
}
