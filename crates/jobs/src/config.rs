//! What can be set about jobs.

use diwan_kernel::config::Section;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How jobs are worked off, and how long they are remembered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JobsConfig {
    /// How many jobs a machine works on at once, unless that was decided for the machine itself.
    #[schema(minimum = 1, maximum = 64)]
    pub at_once: u32,
    /// Jobs that ended longer ago than this many days are removed, but those that wait for somebody to look at them.
    #[schema(minimum = 1, maximum = 3650)]
    pub keep_days: u32,
}

impl Default for JobsConfig {
    fn default() -> Self {
        Self { at_once: 4, keep_days: 30 }
    }
}

impl Section for JobsConfig {
    const NAME: &'static str = "jobs";
}
