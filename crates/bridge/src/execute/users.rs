//! Users of this machine, as `/etc/passwd` has them.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use diwan_sandbox::User;

/// Whom a command runs as: the user that the policy names, or else, where the bridge is root, whoever owns the
/// root that it works in. Nothing runs as root.
///
/// # Errors
/// What the policy's owner has to do.
pub(super) fn for_plan(named: Option<&str>, root: Option<&Path>) -> Result<Option<User>, String> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let user = match (named, root) {
        (Some(name), _) => find(name).ok_or_else(|| format!("the policy's user {name} is not on this machine"))?,
        (None, Some(root)) => owner(root).map_err(|e| format!("{}: {e}", root.display()))?,
        (None, None) => return Err("the bridge is root, and the policy names no user with run_as".to_owned()),
    };
    if user.uid == 0 || user.gid == 0 {
        return Err("nothing runs as root here: name a user with run_as in the policy, or give the root another owner"
            .to_owned());
    }
    Ok(Some(user))
}

fn owner(root: &Path) -> std::io::Result<User> {
    let seen = std::fs::metadata(root)?;
    Ok(User { uid: seen.uid(), gid: seen.gid() })
}

fn find(name: &str) -> Option<User> {
    read(&std::fs::read_to_string("/etc/passwd").ok()?, name)
}

fn read(passwd: &str, name: &str) -> Option<User> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_it = fields.next() == Some(name);
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        is_it.then_some(User { uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_their_whole_name() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\nwork:x:1001:1002::/home/work:/bin/sh\n";
        assert_eq!(read(passwd, "work"), Some(User { uid: 1001, gid: 1002 }));
        assert_eq!(read(passwd, "wor"), None);
        assert_eq!(read(passwd, ""), None);
    }
}
