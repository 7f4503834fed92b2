//! Attempts on the kernel.

use std::fs::File;

use nix::libc;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::chroot;

use crate::Done;
use crate::raw::{call, call_with, reached, script};

const NOTHING: Option<&str> = None;
const EFAULT: i32 = libc::EFAULT;
const EINVAL: i32 = libc::EINVAL;

/// In a namespace of one's own, a user without privileges could do much of what follows.
fn with_privileges_of_ones_own() {
    let _ = unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS);
}

pub(super) fn mount_anything() -> Done<String> {
    with_privileges_of_ones_own();
    mount(Some("tmpfs"), "/tmp", Some("tmpfs"), MsFlags::empty(), NOTHING)?;
    Ok("mounted".to_owned())
}

pub(super) fn umount_anything() -> Done<String> {
    with_privileges_of_ones_own();
    for path in ["/proc", "/tmp", "/usr", "/etc/passwd"] {
        if umount2(path, MntFlags::MNT_DETACH).is_ok() {
            return Ok(path.to_owned());
        }
    }
    Err("none".into())
}

pub(super) fn remount_writable() -> Done<String> {
    with_privileges_of_ones_own();
    for path in ["/usr", "/", "/proc"] {
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
        if mount(NOTHING, path, NOTHING, flags, NOTHING).is_ok() {
            return Ok(path.to_owned());
        }
    }
    Err("none".into())
}

pub(super) fn chroot_anywhere() -> Done<String> {
    with_privileges_of_ones_own();
    chroot("/tmp")?;
    Ok("changed".to_owned())
}

pub(super) fn new_user_namespace() -> Done<String> {
    unshare(CloneFlags::CLONE_NEWUSER)?;
    Ok("made".to_owned())
}

/// Its flags lie in memory, where no filter sees them. A size of zero is refused by the kernel itself.
pub(super) fn clone3() -> Done<String> {
    reached(call(libc::SYS_clone3, "$b, 0")?, &[EINVAL])
}

pub(super) fn enter_namespace() -> Done<String> {
    setns(File::open("/proc/1/ns/mnt").or_else(|_| File::open("/proc/self/ns/uts"))?, CloneFlags::empty())?;
    Ok("entered".to_owned())
}

pub(super) fn io_uring() -> Done<String> {
    reached(call(libc::SYS_io_uring_setup, "1, $b")?, &[EFAULT, EINVAL])
}

pub(super) fn bpf() -> Done<String> {
    // A map of arrays: type 2, keys of 4 bytes, values of 4 bytes, one entry.
    let script =
        format!("my $b = pack('L4', 2, 4, 4, 1) . (\"\\0\" x 100); my $r = syscall({}, 0, $b, 72);", libc::SYS_bpf);
    reached(self::script(&script)?, &[EFAULT, EINVAL])
}

pub(super) fn perf_events() -> Done<String> {
    // A software event of this process, in user mode only.
    let attributes = "pack('L2Q', 1, 112, 0) . (\"\\0\" x 24) . pack('Q', 0x60) . (\"\\0\" x 64)";
    let script = format!("my $b = {attributes}; my $r = syscall({}, $b, 0, -1, -1, 0);", libc::SYS_perf_event_open);
    reached(self::script(&script)?, &[EFAULT, EINVAL])
}

pub(super) fn userfaultfd() -> Done<String> {
    const USER_MODE_ONLY: i32 = 1;
    reached(call(libc::SYS_userfaultfd, &USER_MODE_ONLY.to_string())?, &[EINVAL])
}

pub(super) fn keyring() -> Done<String> {
    // Asks for the number of the session's keyring.
    reached(call(libc::SYS_keyctl, "0, -3, 0")?, &[libc::ENOKEY])
}

pub(super) fn add_key() -> Done<String> {
    reached(call_with(libc::SYS_add_key, "user", "$t, $t, $t, 1, -2")?, &[libc::EDQUOT])
}

pub(super) fn kexec() -> Done<String> {
    // Without a segment this only unloads, and without privileges nothing.
    reached(call(libc::SYS_kexec_load, "0, 0, 0, 0")?, &[])
}

pub(super) fn unload_module() -> Done<String> {
    reached(call_with(libc::SYS_delete_module, "diwan_no_such_module", "$t, 0")?, &[libc::ENOENT])
}

/// With the wrong magic numbers, so that whoever may is told so and nothing happens.
pub(super) fn reboot() -> Done<String> {
    reached(call(libc::SYS_reboot, "1, 2, 0, 0")?, &[EINVAL])
}

pub(super) fn open_by_handle() -> Done<String> {
    reached(call(libc::SYS_open_by_handle_at, "-100, $b, 0")?, &[EFAULT, EINVAL, libc::ESTALE])
}

/// A personality under which all that can be read can be run.
pub(super) fn executable_data() -> Done<String> {
    const READ_IMPLIES_EXEC: i32 = 0x0040_0000;
    reached(call(libc::SYS_personality, &READ_IMPLIES_EXEC.to_string())?, &[])
}

/// The other numbering of x86-64, under which `ptrace` is 521: a filter that knows one only is gone round.
pub(super) fn other_call_numbers() -> Done<String> {
    reached(call(0x4000_0000 + 521, "0, 0, 0, 0")?, &[libc::EPERM])
}

pub(super) fn type_into_terminal() -> Done<String> {
    const TIOCSTI: i32 = 0x5412;
    let script = format!("my $b = 'x'; my $r = syscall({}, 0, {TIOCSTI}, $b);", libc::SYS_ioctl);
    reached(self::script(&script)?, &[libc::ENOTTY, EINVAL])
}
