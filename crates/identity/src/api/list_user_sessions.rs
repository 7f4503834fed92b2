//! Lists somebody's sessions.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path, Query};
use diwan_kernel::id::UserId;
use diwan_kernel::{Page, PageQuery, Problem};

use super::answers::GuardedReadOne;
use crate::identity::Identity;
use crate::view::Session;

/// Where somebody is signed in, newest first.
#[utoipa::path(
    get,
    path = "/users/{id}/sessions",
    operation_id = "list_user_sessions",
    tag = "identity",
    params(("id" = UserId, Path, description = "Who"), PageQuery),
    responses((status = 200, description = "Their sessions", body = Page<Session>), GuardedReadOne),
    extensions(("x-permission" = json!("users.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn list_user_sessions(
    ctx: Allowed<may::UsersManage>,
    State(identity): State<Identity>,
    Path(id): Path<UserId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Session>>, Problem> {
    let user = identity.get_user(id).await?;
    Ok(Json(identity.list_sessions(&ctx, user.id, &query).await?))
}
