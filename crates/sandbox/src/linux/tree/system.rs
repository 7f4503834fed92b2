//! What every program needs of the machine: its programs and libraries, and the harmless devices.

use std::fs::{create_dir, read_link, symlink_metadata};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};

use super::super::plan::Plan;
use super::super::steps::because;
use super::bind::{Access, Place, show};
use super::{OLD, etc, in_memory, scratch};

/// Programs and libraries.
const SYSTEM: [&str; 9] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store"];

const DEVICES: [&str; 6] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

/// Everything that may be read: what is shown of the machine.
pub(in super::super) fn shown(plan: &Plan) -> Vec<PathBuf> {
    let system = SYSTEM.iter().map(PathBuf::from).chain(etc::files(plan));
    system.chain(plan.profile.readable.iter().cloned()).collect()
}

/// The devices that may be used.
pub(in super::super) fn devices(plan: &Plan) -> Vec<PathBuf> {
    let terminals = plan.profile.terminal.then(|| PathBuf::from("/dev/pts"));
    DEVICES.iter().map(PathBuf::from).chain(terminals).collect()
}

pub(super) fn show_system(_: &Plan) -> Result<(), String> {
    for path in SYSTEM.map(Path::new) {
        let old = Path::new(OLD).join(path.strip_prefix("/").unwrap_or(path));
        let Ok(found) = symlink_metadata(&old) else { continue };
        if found.is_symlink() {
            let to = read_link(&old).map_err(because(path.display()))?;
            symlink(to, path).map_err(because(path.display()))?;
        } else {
            show(path, Place::Exact, path, Access::Read)?;
        }
    }
    Ok(())
}

pub(super) fn make_devices(plan: &Plan) -> Result<(), String> {
    create_dir("/dev").map_err(because("/dev"))?;
    in_memory("/dev", "size=64k,nr_inodes=64,mode=755")?;
    for path in DEVICES.map(Path::new) {
        show(path, Place::Exact, path, Access::Device)?;
    }
    let links = [("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")];
    for (name, to) in links {
        symlink(to, Path::new("/dev").join(name)).map_err(because(name))?;
    }
    create_dir("/dev/shm").map_err(because("/dev/shm"))?;
    scratch("/dev/shm", plan, "mode=1777")?;
    if plan.profile.terminal { make_terminals() } else { Ok(()) }
}

/// Terminals of the room's own, for programs that open further ones.
fn make_terminals() -> Result<(), String> {
    create_dir("/dev/pts").map_err(because("/dev/pts"))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    let options = Some("newinstance,ptmxmode=0666,mode=620");
    mount(Some("devpts"), "/dev/pts", Some("devpts"), flags, options).map_err(because("/dev/pts"))?;
    symlink("pts/ptmx", "/dev/ptmx").map_err(because("/dev/ptmx"))
}
