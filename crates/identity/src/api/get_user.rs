//! Shows somebody.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::id::UserId;

use super::answers::GuardedReadOne;
use crate::identity::Identity;
use crate::view::User;

/// Somebody.
#[utoipa::path(
    get,
    path = "/users/{id}",
    operation_id = "get_user",
    tag = "identity",
    params(("id" = UserId, Path, description = "Who")),
    responses((status = 200, description = "Them", body = User), GuardedReadOne),
    extensions(("x-permission" = json!("users.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn get_user(
    _: Allowed<may::UsersRead>,
    State(identity): State<Identity>,
    Path(id): Path<UserId>,
) -> Result<Json<User>, Problem> {
    Ok(Json(identity.get_user(id).await?.into()))
}
