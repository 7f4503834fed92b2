//! Says yes to a request for rules.

use axum::extract::State;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::{Permission, Problem};

use super::view::RuleRequestView;
use crate::fleet::Fleet;
use crate::rules::RuleRequestId;

/// Grant rules that somebody else asks for, where the machine's policy takes a signed yes from afar and the rules
/// stay in the sandbox. The machine adds them to its policy.
#[utoipa::path(
    post,
    path = "/rule-requests/{id}/approve",
    operation_id = "approve_rule_request",
    tag = "machines",
    params(("id" = RuleRequestId, Path, description = "Which request")),
    responses((status = 200, description = "The request", body = RuleRequestView), GuardedKept),
    extensions(("x-permission" = json!("machines.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn approve_rule_request(
    ctx: Allowed<SteppedUp<may::MachinesManage>>,
    State(fleet): State<Fleet>,
    Path(id): Path<RuleRequestId>,
) -> Result<Json<RuleRequestView>, Problem> {
    ctx.require(Permission::CommandsRun)?;
    let (ctx, this) = ((*ctx).clone(), fleet.clone());
    let request = fleet.to_the_end(async move { this.approve_rules(&ctx, id).await }).await?;
    Ok(Json(request.into()))
}
