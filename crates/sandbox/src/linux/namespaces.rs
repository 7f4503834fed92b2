//! Leaving the namespaces of the machine.

use std::fs::{File, write};
use std::io::{self, Read, Write};

use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
use nix::unistd::{getgid, getuid, sethostname};

use super::plan::Plan;
use super::privileges;
use super::steps::{Failed, Said, Steps, because};
use crate::layers::Layer;
use crate::profile::Network;

/// How the machine is called inside.
const HOST: &str = "sandbox";

/// What is said where a user without privileges gets no namespace, or one without power in it.
const FORBIDDEN: &str = "user namespaces are forbidden to this user (by kernel.unprivileged_userns_clone, \
                         user.max_user_namespaces, AppArmor or a container)";

/// Leaves all that the plan names. The process namespace takes effect for the next child.
pub(super) fn leave(steps: &mut Steps) -> Result<(), Failed> {
    steps.layer(Layer::UserNamespace, |_| own_user())?;
    steps.layer(Layer::GroupNamespace, |_| leave_one(CloneFlags::CLONE_NEWCGROUP))?;
    steps.layer(Layer::IpcNamespace, |_| leave_one(CloneFlags::CLONE_NEWIPC))?;
    steps.layer(Layer::HostNamespace, |_| own_host_name())?;
    steps.layer(Layer::NetworkNamespace, own_network)?;
    steps.layer(Layer::MountNamespace, |_| leave_one(CloneFlags::CLONE_NEWNS))?;
    steps.layer(Layer::ProcessNamespace, |_| leave_one(CloneFlags::CLONE_NEWPID))
}

fn leave_one(flag: CloneFlags) -> Said {
    unshare(flag).map(|()| String::new()).map_err(because("unshare"))
}

/// A namespace in which this user, and nobody else, exists.
fn own_user() -> Said {
    let (uid, gid) = (getuid(), getgid());
    if uid.is_root() {
        return Err("not needed: the bridge is root and becomes another user".to_owned());
    }
    unshare(CloneFlags::CLONE_NEWUSER).map_err(because(FORBIDDEN))?;
    write("/proc/self/setgroups", "deny").map_err(because("setgroups"))?;
    write("/proc/self/uid_map", format!("{uid} {uid} 1")).map_err(because("uid_map"))?;
    write("/proc/self/gid_map", format!("{gid} {gid} 1")).map_err(because("gid_map"))?;
    privileges::hand_on().map_err(because(FORBIDDEN))?;
    Ok(format!("user {uid}"))
}

fn own_host_name() -> Said {
    leave_one(CloneFlags::CLONE_NEWUTS)?;
    // A service whose supervisor forbids names to be changed keeps them apart all the same.
    Ok(sethostname(HOST).map_or_else(|error| format!("shows the machine's own name: {error}"), |()| String::new()))
}

fn own_network(plan: &Plan) -> Said {
    if plan.profile.network == Network::Host {
        return Ok(String::new());
    }
    leave_one(CloneFlags::CLONE_NEWNET)?;
    loopback_up().map_err(because("loopback"))?;
    Ok(String::new())
}

/// Asks the kernel to set the first interface, which is the loopback, up: tests of programs talk to
/// themselves over it.
fn loopback_up() -> io::Result<()> {
    const LENGTH: usize = 32;
    const RTM_NEWLINK: u16 = 16;
    const REQUEST_AND_ACKNOWLEDGE: u16 = 1 | 4;
    const UP: u32 = 1;
    let route = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
    let mut message = Vec::with_capacity(LENGTH);
    message.extend(u32::try_from(LENGTH).map_err(io::Error::other)?.to_ne_bytes());
    message.extend(RTM_NEWLINK.to_ne_bytes());
    message.extend(REQUEST_AND_ACKNOWLEDGE.to_ne_bytes());
    // Sequence number, sender, and then: any family, any type.
    message.extend([0; 12]);
    // The first interface, which flags it is to have, and which of them are meant.
    message.extend(1_u32.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    let mut route = File::from(route);
    route.write_all(&message)?;
    let mut answer = [0; 256];
    let length = route.read(&mut answer)?;
    let code = answer.get(16..20).filter(|_| length >= 20).and_then(|bytes| bytes.try_into().ok());
    match code.map(i32::from_ne_bytes) {
        Some(0) => Ok(()),
        Some(code) => Err(io::Error::from_raw_os_error(-code)),
        None => Err(io::Error::other("no answer")),
    }
}
