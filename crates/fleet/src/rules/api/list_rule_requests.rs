//! Lists the requests for rules of a machine.

use axum::extract::State;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path, Query};
use diwan_kernel::{Page, PageQuery, Problem};

use super::view::RuleRequestView;
use crate::fleet::Fleet;
use crate::machine::MachineId;
use crate::rules::request::RuleRequest;
use crate::rules::table;

/// The rules that a machine's owner was asked for, newest first.
#[utoipa::path(
    get,
    path = "/machines/{id}/rule-requests",
    operation_id = "list_rule_requests",
    tag = "machines",
    params(("id" = MachineId, Path, description = "Which machine"), PageQuery),
    responses((status = 200, description = "Requests for rules", body = Page<RuleRequestView>), GuardedReadOne),
    extensions(("x-permission" = json!("machines.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_rule_requests(
    _: Allowed<may::MachinesRead>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<RuleRequestView>>, Problem> {
    fleet.require_machine(id).await?;
    let (limit, before) = (page.limit()?, page.position()?);
    let found = table::list(fleet.db(), id, before, limit + 1).await?;
    Ok(Json(Page::cut(found, limit, |request: &RuleRequest| request.id).map(RuleRequestView::from)))
}
