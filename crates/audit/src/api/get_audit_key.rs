//! Shows the public key that the checkpoints are signed with.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use serde::{Deserialize, Serialize};

use super::answers::GuardedRead;
use crate::audit::Audit;

/// The public key that the checkpoints are signed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(super) struct AuditKey {
    /// Its id, as checkpoints name it.
    key_id: String,
    /// The Ed25519 public key, in base 64.
    public_key: String,
}

/// Show the public key that the checkpoints are signed with.
#[utoipa::path(
    get,
    path = "/audit/key",
    operation_id = "get_audit_key",
    tag = "audit",
    responses((status = 200, description = "The key", body = AuditKey), GuardedRead),
    extensions(("x-permission" = json!("audit.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn get_audit_key(_ctx: Allowed<may::AuditRead>, State(audit): State<Audit>) -> Json<AuditKey> {
    let vouching = audit.vouching();
    Json(AuditKey { key_id: vouching.key_id().to_owned(), public_key: vouching.public_key() })
}
