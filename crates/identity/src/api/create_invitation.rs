//! Invites somebody.

use axum::extract::State;
use axum::http::StatusCode;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Problem, Role};
use serde::{Deserialize, Serialize};

use super::answers::GuardedWrite;
use super::no_store::NoStore;
use super::read::Reading;
use crate::email::Email;
use crate::factor::mail::Delivery;
use crate::identity::Identity;
use crate::invitation::{Invite, Sent};
use crate::person::{Language, read_line};
use crate::view::Invitation;

/// Who is invited.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateInvitation {
    /// Their e-mail address.
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// What they will be: nothing that may do more than you, or than your token's scopes. Inviting
    /// admins and owners needs a fresh proof of who you are.
    role: Role,
    /// A word to go with it.
    #[schema(min_length = 1, max_length = 500)]
    message: Option<String>,
    /// The language of the mail and of the page that it opens; left out: the installation's.
    language: Option<Language>,
}

/// An invitation that was sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SentInvitation {
    /// The invitation.
    invitation: Invitation,
    /// Its link. It is shown this once.
    link: String,
    /// What became of the mail.
    mail: Delivery,
}

impl SentInvitation {
    pub(crate) fn new(sent: Sent, now: Timestamp) -> Self {
        Self { invitation: Invitation::new(sent.invitation, now), link: sent.link, mail: sent.mail }
    }
}

/// Invite somebody. They get a link that works once, for seven days.
#[utoipa::path(
    post,
    path = "/invitations",
    operation_id = "create_invitation",
    tag = "identity",
    request_body = CreateInvitation,
    responses((status = 201, description = "The invitation and its link", body = SentInvitation), GuardedWrite),
    extensions(("x-permission" = json!("invitations.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn create_invitation(
    ctx: Allowed<may::InvitationsManage>,
    State(identity): State<Identity>,
    Json(body): Json<CreateInvitation>,
) -> Result<(StatusCode, NoStore<SentInvitation>), Problem> {
    let mut reading = Reading::default();
    let email = reading.take(Email::parse("email", &body.email));
    let message = body.message.and_then(|text| reading.take(read_line("message", &text, 500)));
    reading.done()?;
    let email = email.ok_or_else(|| Problem::invalid("The body is not complete."))?;
    let sent = identity.invite(&ctx, Invite { email, role: body.role, message, language: body.language }).await?;
    Ok((StatusCode::CREATED, NoStore(SentInvitation::new(sent, ctx.now()))))
}
