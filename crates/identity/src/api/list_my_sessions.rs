//! Lists the caller's sessions.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::{Page, PageQuery, Problem};

use super::answers::GuardedRead;
use crate::identity::Identity;
use crate::view::Session;

/// Where you are signed in, newest first.
#[utoipa::path(
    get,
    path = "/me/sessions",
    operation_id = "list_my_sessions",
    tag = "identity",
    params(PageQuery),
    responses((status = 200, description = "Your sessions", body = Page<Session>), GuardedRead),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn list_my_sessions(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Session>>, Problem> {
    Ok(Json(identity.list_sessions(&ctx, ctx.user_id()?, &query).await?))
}
