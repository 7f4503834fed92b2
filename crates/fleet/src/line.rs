//! The lines that join a machine: what a person pastes there.

use diwan_link::tls::Fingerprint;
use serde::Serialize;
use url::Url;

use crate::install::SCRIPT;
use crate::join_token::{MachinePolicy, TokenText};

/// The image that holds the bridge.
const IMAGE: &str = "diwan-bridge";

/// The same thing three times, to choose from.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = JoinLines)]
pub(crate) struct Lines {
    /// Installs the bridge on a machine and joins it. It runs the script only if that is the one meant here.
    script: String,
    /// Runs the bridge in a container and joins it.
    docker: String,
    /// Joins a machine on which the bridge is already.
    command: String,
}

impl Lines {
    /// The lines for this control plane and this token. All that stands in them is free of what a shell reads.
    pub(crate) fn new(
        url: &Url,
        authority: Fingerprint,
        script: &str,
        token: &TokenText,
        policy: MachinePolicy,
    ) -> Self {
        let url = url.as_str().trim_end_matches('/');
        let rest = format!("'{url}#{authority}' --token {} --policy {}", token.text(), policy.in_line());
        Self {
            script: format!(
                "curl -fsSLo diwan-join.sh '{url}{SCRIPT}' && echo '{script}  diwan-join.sh' | sha256sum -c && sh diwan-join.sh {rest}"
            ),
            docker: format!("docker run -d --name diwan-bridge --restart unless-stopped {IMAGE} join {rest}"),
            command: format!("diwan bridge join {rest}"),
        }
    }
}
