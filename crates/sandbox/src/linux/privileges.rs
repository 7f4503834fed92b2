//! Privileges: kept just long enough to build the room, then given up for good.

use std::io;

use nix::unistd::{Gid, Uid, getuid, setgroups, setresgid, setresuid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set, configure_capability_in_ambient_set,
    remove_capability_from_bounding_set, set_capabilities,
};

use super::plan::Plan;
use super::steps::{Said, because};

/// What a process without root needs, inside its own user namespace, to build the room.
const TO_BUILD: CapabilitySet = CapabilitySet::SYS_ADMIN.union(CapabilitySet::NET_ADMIN).union(CapabilitySet::SETPCAP);

/// Lets the next program that is started keep what it needs to build the room.
pub(super) fn hand_on() -> io::Result<()> {
    let own = capabilities(None)?;
    set_capabilities(None, CapabilitySets { inheritable: TO_BUILD, ..own })?;
    TO_BUILD.iter().try_for_each(|one| Ok(configure_capability_in_ambient_set(one, true)?))
}

/// Becomes the user of the plan, if root, and gives up every capability.
pub(super) fn give_up(plan: &Plan) -> Said {
    clear_ambient_capability_set().map_err(because("ambient capabilities"))?;
    if capabilities(None).map_err(because("capabilities"))?.effective.contains(CapabilitySet::SETPCAP) {
        for number in 0..u64::BITS {
            // Numbers that this kernel does not know are refused, and nothing is lost with them.
            let _ = remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number));
        }
    }
    if getuid().is_root() {
        become_user(plan)?;
    }
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
        .map_err(because("capabilities"))?;
    Ok(format!("user {}", getuid()))
}

fn become_user(plan: &Plan) -> Result<(), String> {
    let user = plan.profile.user.ok_or("the profile does not say whom to become")?;
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    setgroups(&[]).map_err(because("groups"))?;
    setresgid(gid, gid, gid).map_err(because(format!("group {gid}")))?;
    setresuid(uid, uid, uid).map_err(because(format!("user {uid}")))?;
    if setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)).is_ok() {
        return Err("root could be become again".to_owned());
    }
    Ok(())
}
