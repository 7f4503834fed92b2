//! `/etc`: a few files of the machine that programs need, and what would name its people made anew.

use std::fs::write;
use std::path::{Path, PathBuf};

use nix::unistd::{getgid, getuid};

use super::super::plan::Plan;
use super::super::steps::because;
use super::bind::{Access, Place, leads_somewhere, show};
use crate::profile::{HOME, Network};

/// What programs need to find their libraries, certificates, names and time.
const ALWAYS: [&str; 21] = [
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/ca-certificates.conf",
    "/etc/crypto-policies",
    "/etc/inputrc",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/openssl.cnf",
    "/etc/protocols",
    "/etc/services",
    // Keys of the machine lie beside these.
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
];

const WITH_NETWORK: [&str; 5] =
    ["/etc/gai.conf", "/etc/host.conf", "/etc/hosts", "/etc/resolv.conf", "/etc/ssh/ssh_known_hosts"];

const MADE: [&str; 3] = ["/etc/passwd", "/etc/group", "/etc/hosts"];

/// All files of this directory that may be read.
pub(super) fn files(plan: &Plan) -> Vec<PathBuf> {
    shown(plan).chain(MADE).map(PathBuf::from).collect()
}

fn shown(plan: &Plan) -> impl Iterator<Item = &'static str> {
    let network = plan.profile.network == Network::Host;
    ALWAYS.into_iter().chain(WITH_NETWORK.into_iter().filter(move |_| network))
}

pub(super) fn fill(plan: &Plan) -> Result<(), String> {
    let user = plan.profile.user.map_or((getuid().as_raw(), getgid().as_raw()), |user| (user.uid, user.gid));
    let (uid, gid) = user;
    let passwd = format!("root:x:0:0::/:/bin/false\ndiwan:x:{uid}:{gid}::{HOME}:/bin/sh\n");
    write("/etc/passwd", passwd).map_err(because("/etc/passwd"))?;
    write("/etc/group", format!("root:x:0:\ndiwan:x:{gid}:\n")).map_err(because("/etc/group"))?;
    write("/etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n").map_err(because("/etc/hosts"))?;
    for path in shown(plan).map(Path::new) {
        // A link that leads nowhere is as good as absent; one that leads somewhere is shown as what it means.
        if leads_somewhere(path) {
            show(path, Place::Linked, path, Access::Read)?;
        }
    }
    Ok(())
}
