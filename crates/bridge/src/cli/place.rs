//! Where a bridge keeps what it has.

use std::path::PathBuf;

use clap::Args;

use crate::daemon::RunParams;

/// Where a bridge keeps what it has.
#[derive(Debug, Clone, Args)]
pub(super) struct Place {
    /// The state of the bridge [default: /var/lib/diwan-bridge as root, else ~/.local/state/diwan-bridge]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// The owner's policy [default: /etc/diwan-bridge/policy.toml as root, else ~/.config/diwan-bridge/policy.toml]
    #[arg(long, value_name = "FILE")]
    policy_file: Option<PathBuf>,
}

impl Place {
    /// What was said, and the usual places for what was not.
    pub(super) fn params(&self) -> RunParams {
        let usual = RunParams::usual(home().as_deref());
        RunParams {
            state_dir: self.state_dir.clone().unwrap_or(usual.state_dir),
            policy: self.policy_file.clone().unwrap_or(usual.policy),
        }
    }
}

/// The home of whoever runs this.
pub(super) fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}
