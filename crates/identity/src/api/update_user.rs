//! Changes somebody.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::id::UserId;
use diwan_kernel::{Problem, Role};
use serde::Deserialize;

use super::answers::GuardedWrite;
use super::read::Reading;
use crate::identity::Identity;
use crate::people::Change;
use crate::person::{Status, read_name};
use crate::plan::Plan;
use crate::view::User;

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateUser {
    /// What they are here. Only owners make and unmake owners.
    role: Option<Role>,
    /// Which quotas hold for them.
    plan: Option<Plan>,
    /// Whether they may come in.
    status: Option<Status>,
    /// What they are called.
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
}

/// Change somebody. With another role, or disabled, they are signed out everywhere at once.
#[utoipa::path(
    patch,
    path = "/users/{id}",
    operation_id = "update_user",
    tag = "identity",
    params(("id" = UserId, Path, description = "Who")),
    request_body = UpdateUser,
    responses((status = 200, description = "Them, as they are now", body = User), GuardedWrite),
    extensions(("x-permission" = json!("users.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn update_user(
    ctx: Allowed<SteppedUp<may::UsersManage>>,
    State(identity): State<Identity>,
    Path(id): Path<UserId>,
    Json(body): Json<UpdateUser>,
) -> Result<Json<User>, Problem> {
    let mut reading = Reading::default();
    let name = body.name.and_then(|name| reading.take(read_name("name", &name)));
    reading.done()?;
    let change = Change { name, role: body.role, plan: body.plan, status: body.status };
    Ok(Json(identity.change_user(&ctx, id, change).await?.into()))
}
