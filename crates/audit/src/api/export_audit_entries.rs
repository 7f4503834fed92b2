//! Takes entries away as a file.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Query;
use diwan_kernel::{Entry, Problem};
use serde::Deserialize;

use super::answers::GuardedRead;
use crate::audit::Audit;
use crate::export::{self, ExportFormat};
use crate::filter::Filter;
use crate::table::audit_entry;

/// In which form.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportQuery {
    /// The form of the file.
    #[serde(default)]
    #[param(inline, required = false)]
    format: ExportFormat,
}

/// Download what was done, oldest first.
#[utoipa::path(
    get,
    path = "/audit/export",
    operation_id = "export_audit_entries",
    tag = "audit",
    params(ExportQuery, Filter),
    responses(
        (status = 200, description = "The file", content(
            (String = "application/x-ndjson"),
            (String = "text/csv"),
        )),
        GuardedRead,
    ),
    extensions(("x-permission" = json!("audit.export"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn export_audit_entries(
    ctx: Allowed<may::AuditExport>,
    State(audit): State<Audit>,
    Query(ExportQuery { format }): Query<ExportQuery>,
    Query(filter): Query<Filter>,
) -> Result<Response, Problem> {
    let filter = filter.checked()?;
    // The export itself is the last thing before it: who took the trail away is known for ever.
    let entry = Entry::done("audit.export").with("format", format.extension()).with("filter", filter.described());
    audit.db().begin(&ctx).await?.commit(entry).await?;
    let last = audit_entry::last_seq(audit.db()).await?;
    let day = ctx.now().to_string().split('T').next().unwrap_or_default().to_owned();
    let name = format!("attachment; filename=\"diwan-audit-{day}.{}\"", format.extension());
    let headers = [
        (CONTENT_TYPE, format.media_type().to_owned()),
        (CONTENT_DISPOSITION, name),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    let body = Body::from_stream(export::stream(audit.db().clone(), filter, format, last));
    Ok((headers, body).into_response())
}
