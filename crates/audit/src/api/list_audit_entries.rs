//! Lists entries, newest first.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::{Page, PageQuery, Problem};

use super::answers::GuardedRead;
use crate::audit::Audit;
use crate::entry::AuditEntry;
use crate::filter::Filter;
use crate::table::audit_entry;

/// List what was done, newest first.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "list_audit_entries",
    tag = "audit",
    params(PageQuery, Filter),
    responses((status = 200, description = "The entries", body = Page<AuditEntry>), GuardedRead),
    extensions(("x-permission" = json!("audit.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_audit_entries(
    _ctx: Allowed<may::AuditRead>,
    State(audit): State<Audit>,
    Query(page): Query<PageQuery>,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    let (limit, before) = (page.limit()?, page.position()?);
    let entries = audit_entry::list(audit.db(), &filter.checked()?, before, limit + 1).await?;
    Ok(Json(Page::cut(entries, limit, |entry| entry.seq)))
}
