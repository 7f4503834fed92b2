//! What can be set about the audit trail.

use diwan_kernel::config::Section;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long the audit trail is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuditConfig {
    /// Audit entries older than this many days are removed; 0 keeps all.
    // A hundred years: more is a slip of the finger.
    #[schema(minimum = 0, maximum = 36_525)]
    pub retention_days: u32,
}

impl Section for AuditConfig {
    const NAME: &'static str = "audit";
}
