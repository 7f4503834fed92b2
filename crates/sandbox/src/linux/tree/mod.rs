//! The file tree of the room: made anew of what the profile names, and of nothing else.
//!
//! A small file system in memory becomes the root; what the machine has is reached at `/old` while the
//! tree is built, and is gone before the program starts.

mod bind;
mod etc;
mod protect;
mod system;

use std::fs::{OpenOptions, create_dir, create_dir_all, remove_dir};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};

pub(super) use system::{devices, shown};

use self::bind::{Access, Place, show};
use super::plan::Plan;
use super::steps::{Said, because};
use crate::profile::{GIVEN, HOME};

/// Where the new root is put together.
const STAGE: &str = "/tmp";
/// Where the machine's own tree is while the new one is built.
const OLD: &str = "/old";
const NOWHERE: Option<&str> = None;

/// Makes the new tree and moves into it.
pub(super) fn build(plan: &Plan) -> Said {
    enter_new_root()?;
    for path in ["/proc", "/etc", "/tmp", HOME, "/run", "/var/tmp"] {
        create_dir_all(path).map_err(because(path))?;
    }
    symlink("/run", "/var/run").map_err(because("/var/run"))?;
    scratch("/tmp", plan, "mode=1777")?;
    scratch("/var/tmp", plan, "mode=1777")?;
    scratch(HOME, plan, &home_of(plan))?;
    system::show_system(plan)?;
    system::make_devices(plan)?;
    etc::fill(plan)?;
    show_roots(plan)?;
    give_files(plan)?;
    Ok(String::new())
}

/// They lie in the command's own home, so in memory, and nobody may write to them.
fn give_files(plan: &Plan) -> Result<(), String> {
    if plan.profile.given.is_empty() {
        return Ok(());
    }
    create_dir(GIVEN).map_err(because(GIVEN))?;
    for (name, text) in &plan.profile.given {
        let path = Path::new(GIVEN).join(name);
        let made = OpenOptions::new().write(true).create_new(true).mode(0o444).open(&path);
        made.and_then(|mut file| file.write_all(text.as_bytes())).map_err(because(path.display()))?;
    }
    Ok(())
}

fn enter_new_root() -> Result<(), String> {
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(NOWHERE, "/", NOWHERE, private, NOWHERE).map_err(because("private mounts"))?;
    in_memory(STAGE, "size=4m,nr_inodes=16k,mode=755")?;
    let old = format!("{STAGE}{OLD}");
    create_dir(&old).map_err(because(&old))?;
    rustix::process::pivot_root(STAGE, old.as_str()).map_err(because("pivot_root"))?;
    std::env::set_current_dir("/").map_err(because("/"))
}

fn in_memory(path: &str, options: &str) -> Result<(), String> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("tmpfs"), path, Some("tmpfs"), flags, Some(options)).map_err(because(path))
}

/// A place to write that lies in memory and is limited.
fn scratch(path: &str, plan: &Plan, options: &str) -> Result<(), String> {
    let bytes = plan.profile.limits.scratch_bytes.max(4096);
    let files = (bytes / 4096).clamp(64, 1 << 20);
    in_memory(path, &format!("size={bytes},nr_inodes={files},{options}"))
}

fn home_of(plan: &Plan) -> String {
    let owner = plan.profile.user.map(|user| format!(",uid={},gid={}", user.uid, user.gid));
    format!("mode=700{}", owner.unwrap_or_default())
}

/// Shallow ones first, so that a deeper one is shown inside of them.
fn show_roots(plan: &Plan) -> Result<(), String> {
    let readable = plan.profile.readable.iter().map(|path| (path, Access::Read));
    let writable = plan.profile.writable.iter().map(|path| (path, Access::Write));
    let mut roots: Vec<_> = readable.chain(writable).collect();
    roots.sort_by_key(|(path, _)| path.components().count());
    for (path, access) in roots {
        show(path, Place::Exact, path, access)?;
        if access == Access::Write {
            protect::protect(path, plan)?;
        }
    }
    Ok(())
}

/// Shows the processes of the room, read-only. It needs the machine's own one to be still in sight.
pub(super) fn mount_proc(_: &Plan) -> Said {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC | MsFlags::MS_RDONLY;
    match mount(Some("proc"), "/proc", Some("proc"), flags, NOWHERE) {
        Ok(()) => Ok(String::new()),
        // The kernel then fears that what is covered would be uncovered.
        Err(Errno::EPERM) => Err("where something is mounted over a part of /proc (by a container, or by \
            ProtectKernelLogs or ProtectKernelTunables of a service), only root can mount another one"
            .to_owned()),
        Err(error) => Err(because("/proc")(error)),
    }
}

/// Lets go of the machine's tree, and lets nothing be added to the new root.
pub(super) fn seal() -> Said {
    umount2(OLD, MntFlags::MNT_DETACH).map_err(because("letting go of the old root"))?;
    remove_dir(OLD).map_err(because(OLD))?;
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    for path in ["/", "/dev"] {
        mount(NOWHERE, path, NOWHERE, flags, NOWHERE).map_err(because(path))?;
    }
    Ok(String::new())
}
