//! What every program needs of the machine: its programs and libraries, and the harmless devices.

use std::fs::{create_dir, read_link, symlink_metadata};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};

use super::super::plan::Plan;
use super::super::steps::because;
use super::bind::{Access, Place, show};
use super::{OLD, etc, in_memory, scratch};
use crate::layers::Layer;

/// Programs and libraries.
const SYSTEM: [&str; 9] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store"];

/// Terminals that programs in the room open.
const TERMINALS: &str = "/dev/pts";
/// The terminal that the program was given.
const GIVEN_TERMINAL: &str = "/dev/console";

const DEVICES: [&str; 6] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

/// Everything that may be read: what is shown of the machine.
pub(in super::super) fn shown(plan: &Plan) -> Vec<PathBuf> {
    let system = SYSTEM.iter().map(PathBuf::from).chain(etc::files(plan));
    system.chain(plan.profile.readable.iter().cloned()).collect()
}

/// The devices that may be used.
pub(in super::super) fn devices(plan: &Plan) -> Vec<PathBuf> {
    let terminals = plan.profile.terminal.then(|| PathBuf::from(TERMINALS));
    // Outside of the tree that is made here, this name is the machine's own console.
    let given = (plan.profile.terminal && plan.has(Layer::MountNamespace)).then(|| PathBuf::from(GIVEN_TERMINAL));
    DEVICES.iter().map(PathBuf::from).chain(terminals).chain(given).collect()
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
    create_dir(TERMINALS).map_err(because(TERMINALS))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    let options = Some("newinstance,ptmxmode=0666,mode=620");
    mount(Some("devpts"), TERMINALS, Some("devpts"), flags, options).map_err(because(TERMINALS))?;
    symlink("pts/ptmx", "/dev/ptmx").map_err(because("/dev/ptmx"))?;
    name_given_terminal()
}

/// The terminal that the program was given is one of the machine's. It has a name here as well, for programs that
/// ask for it before they believe that they are in a terminal.
fn name_given_terminal() -> Result<(), String> {
    let old = Path::new(OLD);
    let Ok(given) = read_link(old.join("proc/self/fd/0")) else { return Ok(()) };
    let given = given.strip_prefix(old).map_or(given.clone(), |below| Path::new("/").join(below));
    if !given.starts_with(TERMINALS) {
        return Ok(());
    }
    show(&given, Place::Exact, Path::new(GIVEN_TERMINAL), Access::Device)
}
