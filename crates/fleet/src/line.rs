//! The lines that join a machine: what a person pastes there.

use diwan_link::tls::Fingerprint;
use serde::Serialize;
use url::{Host, Url};

use crate::install::SCRIPT;
use crate::join_token::{MachinePolicy, TokenText};

/// What the bridge runs in where a container is wanted: Debian with curl. The bridge itself comes from here.
const IMAGE: &str = "buildpack-deps:stable-curl";
/// What a container must be allowed so that commands in it have a sandbox of their own, and what outlives it.
const CONTAINER: &str = "--security-opt seccomp=unconfined --security-opt apparmor=unconfined \
    --security-opt systempaths=unconfined -v diwan-bridge:/var/lib/diwan-bridge -v diwan-projects:/srv/projects";

/// The same thing three times, to choose from.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = JoinLines)]
pub(crate) struct Lines {
    /// Installs the bridge on a machine and joins it. It runs the script only if that is the one meant here.
    script: String,
    /// Runs the bridge in a container and joins it: by the same script, which is kept for when it starts again.
    docker: String,
    /// Joins a machine on which the bridge is already.
    command: String,
}

impl Lines {
    /// The lines for this control plane and this token. All that stands in them is free of what a shell reads. A
    /// machine that joins again gives up its identity from before.
    pub(crate) fn new(
        url: &Url,
        authority: Fingerprint,
        script: &str,
        token: &TokenText,
        policy: MachinePolicy,
        is_again: bool,
    ) -> Self {
        let force = if is_again { " --force" } else { "" };
        // Inside a container that would be the container itself.
        let is_this_machine = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let network = if is_this_machine { " --network host" } else { "" };
        let url = url.as_str().trim_end_matches('/');
        let rest = format!("'{url}#{authority}' --token {} --policy {}{force}", token.text(), policy.in_line());
        Self {
            // In a directory of its own: elsewhere others might exchange it between the look at it and its start.
            script: format!(
                "d=$(mktemp -d) && (curl -fsSL '{url}{SCRIPT}' || wget -qO- '{url}{SCRIPT}') >\"$d/join.sh\" && echo \"{script}  $d/join.sh\" | sha256sum -c && sh \"$d/join.sh\" {rest}"
            ),
            docker: format!(
                "docker run -d --init --name diwan-bridge --restart unless-stopped{network} {CONTAINER} {IMAGE} sh -c \"cd /root && {{ test -e join.sh || {{ curl -fsSL '{url}{SCRIPT}' >new.sh && echo '{script}  new.sh' | sha256sum -c && mv new.sh join.sh; }}; }} && exec sh join.sh {rest} --foreground\""
            ),
            command: format!("diwan bridge join {rest}"),
        }
    }
}
