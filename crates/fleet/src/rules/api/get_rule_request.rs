//! Shows a request for rules.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};

use super::view::RuleRequestView;
use crate::fleet::Fleet;
use crate::rules::RuleRequestId;

/// A request for rules: what it says, what the machine says of it, and where it stands.
#[utoipa::path(
    get,
    path = "/rule-requests/{id}",
    operation_id = "get_rule_request",
    tag = "machines",
    params(("id" = RuleRequestId, Path, description = "Which request")),
    responses((status = 200, description = "The request", body = RuleRequestView), GuardedReadOne),
    extensions(("x-permission" = json!("machines.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn get_rule_request(
    _: Allowed<may::MachinesRead>,
    State(fleet): State<Fleet>,
    Path(id): Path<RuleRequestId>,
) -> Result<Json<RuleRequestView>, Problem> {
    Ok(Json(fleet.get_rule_request(id).await?.into()))
}
