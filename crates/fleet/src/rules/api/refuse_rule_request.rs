//! Says no to a request for rules.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use serde::Deserialize;

use super::view::RuleRequestView;
use crate::fleet::Fleet;
use crate::rules::RuleRequestId;

const LONGEST_WHY: usize = 300;

/// Why not.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefuseRuleRequest {
    /// Whoever asks is shown it.
    #[serde(default)]
    #[schema(max_length = 300)]
    why: String,
}

/// Say no to rules that somebody asks for; the machine's owner is not asked any longer.
#[utoipa::path(
    post,
    path = "/rule-requests/{id}/refuse",
    operation_id = "refuse_rule_request",
    tag = "machines",
    params(("id" = RuleRequestId, Path, description = "Which request")),
    request_body = RefuseRuleRequest,
    responses((status = 200, description = "The request", body = RuleRequestView), GuardedWrite),
    extensions(("x-permission" = json!("machines.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn refuse_rule_request(
    ctx: Allowed<may::MachinesManage>,
    State(fleet): State<Fleet>,
    Path(id): Path<RuleRequestId>,
    Json(body): Json<RefuseRuleRequest>,
) -> Result<Json<RuleRequestView>, Problem> {
    let why = body.why.trim();
    if why.chars().count() > LONGEST_WHY {
        return Err(Problem::invalid_field("why", "too_long", format!("It has at most {LONGEST_WHY} characters.")));
    }
    fleet.refuse_rules(&ctx, id, why).await?;
    Ok(Json(fleet.get_rule_request(id).await?.into()))
}
