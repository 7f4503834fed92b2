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
        return Err("nothing runs as root here: name a user with run_as in the policy, or give the root's directory \
            another owner and another group than root"
            .to_owned());
    }
    Ok(Some(user))
}

/// What tells a program whose it is: of this user, or of the bridge's own.
pub(super) fn variables(uid: Option<u32>) -> Vec<(String, String)> {
    let uid = uid.unwrap_or_else(|| rustix::process::geteuid().as_raw());
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let Some((name, home)) = named(&passwd, uid) else { return vec![("HOME".to_owned(), "/".to_owned())] };
    [("USER", &name), ("LOGNAME", &name), ("HOME", &home)].map(|(key, value)| (key.to_owned(), value.clone())).into()
}

/// The name and the home of a user.
fn named(passwd: &str, uid: u32) -> Option<(String, String)> {
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let is_it = fields.get(2)?.parse() == Ok(uid);
        is_it.then_some(((*fields.first()?).to_owned(), (*fields.get(5)?).to_owned()))
    })
}

/// A user of this machine, with a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) user: User,
    pub(super) home: String,
}

/// The user of this name.
pub(super) fn account(name: &str) -> Option<Account> {
    let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
    let user = read(&passwd, name)?;
    let home = named_home(&passwd, name)?;
    Some(Account { user, home })
}

fn named_home(passwd: &str, name: &str) -> Option<String> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    line.split(':').nth(5).filter(|home| home.starts_with('/')).map(str::to_owned)
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
        assert_eq!(named(passwd, 1001), Some(("work".to_owned(), "/home/work".to_owned())));
        assert_eq!(named(passwd, 1002), None);
        assert_eq!(named_home(passwd, "work").as_deref(), Some("/home/work"));
        assert_eq!(named_home(passwd, "broken"), None);
        assert_eq!(read(passwd, "wor"), None);
        assert_eq!(read(passwd, ""), None);
    }
}
