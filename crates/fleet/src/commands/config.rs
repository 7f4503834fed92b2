//! What can be set about the output of commands.

use std::time::Duration;

use diwan_kernel::config::Section;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much of what commands say is kept, and for how long.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OutputsConfig {
    /// For how many days the output of a command is kept after its end; 0 keeps it as long as there is room.
    #[schema(minimum = 0, maximum = 36_525)]
    pub keep_days: u32,
    /// How much room the output of all ended commands may take, in gigabytes (of 1024 megabytes), packed as it is; the
    /// oldest goes first.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub most_total_gb: u32,
    /// How much one command may say, in megabytes (of 1024 kilobytes); whatever says more is stopped.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub most_per_command_mb: u32,
}

impl Default for OutputsConfig {
    fn default() -> Self {
        Self { keep_days: 30, most_total_gb: 10, most_per_command_mb: 8192 }
    }
}

const MEGABYTE: u64 = 1024 * 1024;

impl OutputsConfig {
    /// For how long, if not as long as there is room.
    pub(crate) fn longest(&self) -> Option<Duration> {
        (self.keep_days > 0).then(|| Duration::from_secs(u64::from(self.keep_days) * 24 * 60 * 60))
    }

    /// How many bytes of all commands.
    pub(crate) fn most_total(&self) -> u64 {
        u64::from(self.most_total_gb) * 1024 * MEGABYTE
    }

    /// How many bytes of one command.
    pub(crate) fn most_per_command(&self) -> u64 {
        u64::from(self.most_per_command_mb) * MEGABYTE
    }
}

impl Section for OutputsConfig {
    const NAME: &'static str = "outputs";
}
