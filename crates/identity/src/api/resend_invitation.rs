//! Sends an invitation again.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Path;

use super::answers::GuardedWrite;
use super::create_invitation::SentInvitation;
use super::no_store::NoStore;
use crate::identity::Identity;
use crate::invitation::InvitationId;

/// Send an invitation again, with a new link and seven more days. The old link is void.
#[utoipa::path(
    post,
    path = "/invitations/{id}/resend",
    operation_id = "resend_invitation",
    tag = "identity",
    params(("id" = InvitationId, Path, description = "Which one")),
    responses((status = 200, description = "The invitation and its new link", body = SentInvitation), GuardedWrite),
    extensions(("x-permission" = json!("invitations.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn resend_invitation(
    ctx: Allowed<may::InvitationsManage>,
    State(identity): State<Identity>,
    Path(id): Path<InvitationId>,
) -> Result<NoStore<SentInvitation>, Problem> {
    let sent = identity.invite_again(&ctx, id).await?;
    Ok(NoStore(SentInvitation::new(sent, ctx.now())))
}
