//! Lists invitations.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::{Page, PageQuery, Problem};

use super::answers::GuardedRead;
use crate::identity::Identity;
use crate::invitation::InvitationId;
use crate::table::invitation;
use crate::view::Invitation;

/// Who was invited, newest first.
#[utoipa::path(
    get,
    path = "/invitations",
    operation_id = "list_invitations",
    tag = "identity",
    params(PageQuery),
    responses((status = 200, description = "Invitations", body = Page<Invitation>), GuardedRead),
    extensions(("x-permission" = json!("invitations.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn list_invitations(
    ctx: Allowed<may::InvitationsManage>,
    State(identity): State<Identity>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Invitation>>, Problem> {
    let (limit, before) = (query.limit()?, query.position::<InvitationId>()?);
    let invitations = invitation::list(identity.db(), before, limit + 1).await?;
    Ok(Json(Page::cut(invitations, limit, |i| i.id).map(|i| Invitation::new(i, ctx.now()))))
}
