//! Takes a request for rules back.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Done, Path};

use crate::fleet::Fleet;
use crate::rules::RuleRequestId;

/// Take back rules that you asked for.
#[utoipa::path(
    delete,
    path = "/rule-requests/{id}",
    operation_id = "withdraw_rule_request",
    tag = "machines",
    params(("id" = RuleRequestId, Path, description = "Which request")),
    responses((status = 204, description = "Done"), GuardedWrite),
    extensions(("x-permission" = json!("commands.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn withdraw_rule_request(
    ctx: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<RuleRequestId>,
) -> Result<Done, Problem> {
    fleet.withdraw_rules(&ctx, id).await?;
    Ok(Done)
}
