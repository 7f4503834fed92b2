//! What can be set about the audit trail.

use diwan_kernel::config::{Key, Section};
use serde::{Deserialize, Serialize};

/// A hundred years: more is a slip of the finger.
const MAX_RETENTION_DAYS: u32 = 36_525;

/// The `audit` section.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditConfig {
    /// Entries older than this many days are removed; 0 keeps all.
    pub retention_days: u32,
}

impl Section for AuditConfig {
    const NAME: &'static str = "audit";
    const KEYS: &'static [Key] = &[Key {
        name: "retention_days",
        about: "Remove audit entries older than this many days; 0 keeps all.",
        secret: false,
    }];

    fn validate(&self) -> Result<(), (&'static str, String)> {
        if self.retention_days > MAX_RETENTION_DAYS {
            return Err(("retention_days", format!("it must not be more than {MAX_RETENTION_DAYS}")));
        }
        Ok(())
    }
}
