//! Lists what looks suspicious.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::{Page, PageQuery, Problem};

use super::answers::GuardedRead;
use crate::audit::Audit;
use crate::suspicion::SuspiciousActivity;
use crate::table::suspicious_activity;

/// List what looks suspicious, the latest first.
#[utoipa::path(
    get,
    path = "/audit/suspicious",
    operation_id = "list_suspicious_activities",
    tag = "audit",
    params(PageQuery),
    responses((status = 200, description = "The activities", body = Page<SuspiciousActivity>), GuardedRead),
    extensions(("x-permission" = json!("audit.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_suspicious_activities(
    _ctx: Allowed<may::AuditRead>,
    State(audit): State<Audit>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<SuspiciousActivity>>, Problem> {
    let (limit, position) = (page.limit()?, page.position()?);
    let found = suspicious_activity::list(audit.db(), position, limit + 1).await?;
    Ok(Json(Page::cut(found, limit, suspicious_activity::position)))
}
