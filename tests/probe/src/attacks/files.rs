//! Attempts on files.

use std::fs::{File, OpenOptions, create_dir, hard_link, read, read_dir, rename, write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use nix::libc::SYS_mknodat;

use super::planted;
use crate::Done;
use crate::raw::{call_with, reached};

pub(super) fn read_shadow() -> Done<String> {
    Ok(format!("{} bytes", read("/etc/shadow")?.len()))
}

pub(super) fn read_ssh_key() -> Done<String> {
    Ok(format!("{} bytes", read(planted("SSH_KEY")?)?.len()))
}

pub(super) fn read_bridge_key() -> Done<String> {
    Ok(format!("{} bytes", read(planted("BRIDGE_KEY")?)?.len()))
}

/// A copy of this program that belongs to root and would run as root.
pub(super) fn setuid_program() -> Done<String> {
    let output = Command::new(planted("SETUID")?).arg("whoami").output()?;
    match String::from_utf8_lossy(&output.stdout).trim() {
        "0" => Ok("root".to_owned()),
        other => Err(format!("still user {other}").into()),
    }
}

pub(super) fn kernel_setting() -> Done<String> {
    for path in ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sys/kernel/hostname"] {
        if OpenOptions::new().write(true).open(path).is_ok() {
            return Ok(path.to_owned());
        }
    }
    Err("none can be opened for writing".into())
}

/// Leaving one's group, or naming a program that the kernel runs when a group gets empty.
pub(super) fn control_group() -> Done<String> {
    let mounts = std::fs::read_to_string("/proc/self/mounts")?;
    let groups: Vec<_> = mounts.lines().filter(|line| line.contains(" cgroup")).collect();
    for line in &groups {
        let point = line.split(' ').nth(1).unwrap_or_default();
        for file in ["cgroup.procs", "release_agent"] {
            let path = Path::new(point).join(file);
            if OpenOptions::new().write(true).open(&path).is_ok() {
                return Ok(path.display().to_string());
            }
        }
    }
    match read_dir("/sys/fs/cgroup") {
        Ok(_) => Ok("the groups of the machine can be listed".to_owned()),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn make_device() -> Done<String> {
    const CHARACTER_DEVICE: u32 = 0o020_666;
    const MEMORY: u32 = 0x101;
    const HERE: i32 = -100;
    reached(call_with(SYS_mknodat, "/tmp/probe-device", &format!("{HERE}, $t, {CHARACTER_DEVICE}, {MEMORY}"))?, &[17])
}

pub(super) fn raw_disk_or_memory() -> Done<String> {
    for path in ["/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/nvme0n1", "/dev/kvm"]
    {
        if File::open(path).is_ok() {
            return Ok(path.to_owned());
        }
    }
    Err("none can be opened".into())
}

pub(super) fn write_system() -> Done<String> {
    for path in ["/usr/diwan-probe", "/etc/diwan-probe", "/usr/bin/diwan-probe", "/diwan-probe", "/dev/diwan-probe"] {
        if File::create_new(path).is_ok() {
            std::fs::remove_file(path)?;
            return Ok(path.to_owned());
        }
    }
    Err("nothing can be created".into())
}

/// Over a link in the writable root to a place that belongs to the same user.
pub(super) fn write_over_link() -> Done<String> {
    let (root, outside) = (planted("ROOT")?, planted("OUTSIDE")?);
    let link = Path::new(&root).join("link");
    let _ = std::fs::remove_file(&link);
    symlink(outside, &link)?;
    write(link.join("written"), "over a link")?;
    Ok(link.display().to_string())
}

pub(super) fn hard_link_to_secret() -> Done<String> {
    let (root, secret) = (planted("ROOT")?, planted("SSH_KEY")?);
    let link = Path::new(&root).join("hard");
    let _ = std::fs::remove_file(&link);
    hard_link(secret, &link)?;
    Ok(format!("{} bytes", read(link)?.len()))
}

/// A hook runs when the owner of the repository commits, outside of any sandbox: written in place, or in
/// a `.git` that is put in the place of the other.
pub(super) fn exchange_git_hooks() -> Done<String> {
    let git = Path::new(&planted("ROOT")?).join(".git");
    let hook = git.join("hooks/post-commit");
    if write(&hook, "#!/bin/sh\n").is_ok() {
        std::fs::set_permissions(&hook, PermissionsExt::from_mode(0o755))?;
        return Ok("written in place".to_owned());
    }
    rename(git.join("hooks"), git.join("other-hooks")).or_else(|_| rename(&git, git.with_extension("away")))?;
    create_dir(&git)?;
    Ok("put in its place".to_owned())
}

pub(super) fn write_git_config() -> Done<String> {
    let config = Path::new(&planted("ROOT")?).join(".git/config");
    if OpenOptions::new().append(true).open(&config).is_ok() {
        return Ok("in place".to_owned());
    }
    let other = config.with_extension("new");
    write(&other, "[core]\n\tfsmonitor = /tmp/evil\n")?;
    rename(other, &config)?;
    Ok("exchanged".to_owned())
}
