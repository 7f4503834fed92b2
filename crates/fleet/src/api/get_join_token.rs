//! Says what became of a join token.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};

use super::body::JoinTokenView;
use crate::fleet::Fleet;
use crate::join_token::JoinTokenId;
use crate::table::join_token;

/// What became of a join token: whether its machine has joined, and is connected.
#[utoipa::path(
    get,
    path = "/join-tokens/{id}",
    operation_id = "get_join_token",
    tag = "machines",
    params(("id" = JoinTokenId, Path, description = "Which token")),
    responses((status = 200, description = "The token", body = JoinTokenView), GuardedReadOne),
    extensions(("x-permission" = json!("machines.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn get_join_token(
    _: Allowed<may::MachinesManage>,
    State(fleet): State<Fleet>,
    Path(id): Path<JoinTokenId>,
) -> Result<Json<JoinTokenView>, Problem> {
    let token = join_token::find(fleet.db(), id).await?.ok_or_else(|| Problem::not_found("join token"))?;
    Ok(Json(JoinTokenView::new(&fleet, token)))
}
