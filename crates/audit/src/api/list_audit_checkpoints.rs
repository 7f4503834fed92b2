//! Lists the signed checkpoints.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::{Page, PageQuery, Problem};

use super::answers::GuardedRead;
use crate::audit::Audit;
use crate::checkpoint::AuditCheckpoint;
use crate::table::audit_checkpoint;

/// List the signed checkpoints, newest first.
#[utoipa::path(
    get,
    path = "/audit/checkpoints",
    operation_id = "list_audit_checkpoints",
    tag = "audit",
    params(PageQuery),
    responses((status = 200, description = "The checkpoints", body = Page<AuditCheckpoint>), GuardedRead),
    extensions(("x-permission" = json!("audit.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_audit_checkpoints(
    _ctx: Allowed<may::AuditRead>,
    State(audit): State<Audit>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<AuditCheckpoint>>, Problem> {
    let (limit, before) = (page.limit()?, page.position()?);
    let found = audit_checkpoint::list_before(audit.db(), before.unwrap_or(i64::MAX), limit + 1).await?;
    Ok(Json(Page::cut(found, limit, |c| c.number).map(|c| AuditCheckpoint::from(&c))))
}
