//! Takes an invitation back.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Done, Path};

use super::answers::GuardedWrite;
use crate::identity::Identity;
use crate::invitation::InvitationId;

/// Take an invitation back. Its link is void at once.
#[utoipa::path(
    delete,
    path = "/invitations/{id}",
    operation_id = "revoke_invitation",
    tag = "identity",
    params(("id" = InvitationId, Path, description = "Which one")),
    responses((status = 204, description = "It is void"), GuardedWrite),
    extensions(("x-permission" = json!("invitations.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn revoke_invitation(
    ctx: Allowed<may::InvitationsManage>,
    State(identity): State<Identity>,
    Path(id): Path<InvitationId>,
) -> Result<Done, Problem> {
    identity.revoke_invitation(&ctx, id).await?;
    Ok(Done)
}
