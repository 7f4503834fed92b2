//! Landlock: the kernel's own allow-list of files, sockets and signals, which nothing inside can widen.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::plan::Plan;
use super::steps::{Said, because};
use super::tree;
use crate::layers::Layer;
use crate::profile::{HOME, Network};

/// The newest version that is known here; older kernels enforce what they can.
const NEWEST: ABI = ABI::V9;

/// Allows what the plan names and nothing else, for this process and all that it starts.
pub(super) fn raise(plan: &Plan) -> Said {
    let status = rules(plan).and_then(RulesetCreated::restrict_self).map_err(because("landlock"))?;
    match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, status) => Err(format!("not enforced: {status:?}")),
        (_, LandlockStatus::Available { effective_abi, .. }) => Ok(format!("{effective_abi:?}")),
        (_, status) => Err(format!("{status:?}")),
    }
}

fn rules(plan: &Plan) -> Result<RulesetCreated, RulesetError> {
    let (read, write) = (AccessFs::from_read(NEWEST), writing());
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?;
    if plan.profile.network == Network::None && !plan.has(Layer::NetworkNamespace) {
        ruleset = ruleset.handle_access(AccessNet::from_all(NEWEST))?;
    }
    let rules = ruleset
        .create()?
        .add_rules(path_beneath_rules(tree::shown(plan), read))?
        .add_rules(path_beneath_rules(&plan.profile.writable, read | write))?
        .add_rules(path_beneath_rules(tree::devices(plan), devices()))?;
    if !plan.has(Layer::MountNamespace) {
        return Ok(rules);
    }
    // These are the sandbox's own, and everything that can be listed is what is shown.
    let own = ["/tmp", "/var/tmp", HOME, "/dev/shm"].map(PathBuf::from);
    rules
        .add_rules(path_beneath_rules(own, read | write))?
        .add_rules(path_beneath_rules([Path::new("/proc")], AccessFs::ReadFile))?
        .add_rules(path_beneath_rules([Path::new("/")], AccessFs::ReadDir))
}

/// Everything but devices.
fn writing() -> BitFlags<AccessFs> {
    AccessFs::from_write(NEWEST) & !(AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev)
}

fn devices() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::ReadDir | AccessFs::Truncate | AccessFs::IoctlDev
}
