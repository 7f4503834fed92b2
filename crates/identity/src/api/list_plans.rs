//! Lists the plans.

use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use serde::Serialize;

use super::answers::GuardedRead;
use crate::plan::{Plan, PlanQuotas};

/// The plans.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Plans {
    /// From the smallest to the largest.
    items: Vec<PlanQuotas>,
}

/// Which plans there are and what they bound.
#[utoipa::path(
    get,
    path = "/plans",
    operation_id = "list_plans",
    tag = "identity",
    responses((status = 200, description = "The plans", body = Plans), GuardedRead),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn list_plans(_: Allowed<may::ProfileSelf>) -> Json<Plans> {
    Json(Plans { items: Plan::ALL.iter().copied().map(PlanQuotas::from).collect() })
}
