//! Shows an invitation to whoever holds its link.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::Json;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Problem, Role, Secret};
use serde::{Deserialize, Serialize};

use super::answers::OpenWriteOne;
use super::read::{Reading, bounded};
use crate::identity::Identity;
use crate::person::Language;

/// Which one.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewInvitation {
    /// From the link.
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    token: Secret<String>,
}

/// What an invitation says.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct InvitationPreview {
    /// Whom it is for.
    email: String,
    /// What they will be.
    role: Role,
    /// Who sent it; null when they are no longer here.
    invited_by_name: Option<String>,
    /// What it is written in.
    language: Language,
    /// Until when it can be accepted.
    expires_at: Timestamp,
}

/// See an invitation before you accept it. Nothing is used up.
#[utoipa::path(
    post,
    path = "/invitations/preview",
    operation_id = "preview_invitation",
    tag = "identity",
    request_body = PreviewInvitation,
    responses((status = 200, description = "The invitation", body = InvitationPreview), OpenWriteOne),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn preview_invitation(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    Json(body): Json<PreviewInvitation>,
) -> Result<Json<InvitationPreview>, Problem> {
    let mut reading = Reading::default();
    reading.take(bounded("token", body.token.expose(), 128));
    reading.done()?;
    let invitation = identity.open_invitation(&ctx, body.token.expose()).await?;
    Ok(Json(InvitationPreview {
        email: invitation.email,
        role: invitation.role,
        invited_by_name: invitation.invited_by.map(|(_, name)| name),
        language: invitation.language,
        expires_at: invitation.expires_at,
    }))
}
