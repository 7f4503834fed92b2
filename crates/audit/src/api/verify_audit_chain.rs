//! Verifies the whole trail.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;

use super::answers::GuardedWork;
use crate::audit::Audit;
use crate::verify::AuditVerification;

/// Prove that nothing in the trail was changed or removed, or say where it was.
#[utoipa::path(
    post,
    path = "/audit/verify",
    operation_id = "verify_audit_chain",
    tag = "audit",
    responses((status = 200, description = "What was found", body = AuditVerification), GuardedWork),
    extensions(("x-permission" = json!("audit.read")), ("x-time-limit-s" = json!(600))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn verify_audit_chain(
    ctx: Allowed<may::AuditRead>,
    State(audit): State<Audit>,
) -> Result<Json<AuditVerification>, Problem> {
    audit.verify(&ctx).await.map(Json)
}
