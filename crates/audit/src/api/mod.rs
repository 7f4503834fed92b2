//! The operations of the audit trail.

mod export_audit_entries;
mod get_audit_key;
mod list_audit_checkpoints;
mod list_audit_entries;
mod list_suspicious_activities;
mod verify_audit_chain;

use diwan_kernel::answers;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::audit::Audit;

impl Audit {
    /// The operations of the audit trail, below `/api/v1`.
    pub fn routes(&self) -> OpenApiRouter {
        OpenApiRouter::new()
            .routes(routes!(list_audit_entries::list_audit_entries))
            .routes(routes!(export_audit_entries::export_audit_entries))
            .routes(routes!(verify_audit_chain::verify_audit_chain))
            .routes(routes!(list_audit_checkpoints::list_audit_checkpoints))
            .routes(routes!(get_audit_key::get_audit_key))
            .routes(routes!(list_suspicious_activities::list_suspicious_activities))
            .with_state(self.clone())
    }
}
