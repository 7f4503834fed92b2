//! Changes the owner's policy file as a whole: by the owner with `diwan bridge policy grant`, or by the bridge
//! where the policy takes approvals from afar.

use std::fs::File;
use std::path::{Path, PathBuf};

use diwan_kernel::World;
use diwan_policy::LONGEST_POLICY;
use rustix::fs::FlockOperation;

/// What the policy before the change is kept as, beside it.
const BEFORE: &str = "before";

/// Why a policy stays as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AmendError<E> {
    /// The change itself says so.
    #[error("{0}")]
    Refused(E),
    #[error("somebody else changes the policy at this moment")]
    Busy,
    #[error("the policy would be too long")]
    TooLong,
    #[error("the policy is no text")]
    NoText,
    #[error("{0}")]
    Disk(String),
}

/// Puts another text in the place of a policy, in one step; the one before is kept beside it. Owner and mode stay.
pub(crate) fn amend<E>(
    world: &World,
    path: &Path,
    change: impl FnOnce(&str) -> Result<String, E>,
) -> Result<PathBuf, AmendError<E>> {
    let disk = |e: &dyn std::fmt::Display| AmendError::Disk(e.to_string());
    let real = world.disk().follow(path);
    let _alone = alone(&real)?;
    let before = world.disk().read(&real).map_err(|e| disk(&e))?;
    let text = std::str::from_utf8(&before).map_err(|_| AmendError::NoText)?;
    let after = change(text).map_err(AmendError::Refused)?;
    if after.len() > LONGEST_POLICY {
        return Err(AmendError::TooLong);
    }
    let aside = beside(&real, BEFORE);
    world.disk().replace(&aside, &before).map_err(|e| disk(&e))?;
    world.disk().replace(&real, after.as_bytes()).map_err(|e| disk(&e))?;
    Ok(aside)
}

/// A file beside the policy, which belongs to whoever may write the policy.
pub(crate) fn beside(policy: &Path, word: &str) -> PathBuf {
    let mut name = policy.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(word);
    policy.with_file_name(name)
}

/// Of two who change the same policy, one waits for another time.
fn alone<E>(policy: &Path) -> Result<File, AmendError<E>> {
    let failed = |e: std::io::Error| AmendError::Disk(format!("{}: {e}", policy.display()));
    let dir = policy.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let dir = File::open(dir).map_err(failed)?;
    match rustix::fs::flock(&dir, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(dir),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(AmendError::Busy),
        Err(error) => Err(failed(error.into())),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_policy_is_changed_whole_and_the_one_before_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("policy.toml"), dir.path().join("link.toml"));
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let aside = amend::<String>(&World::real(), &link, |text| Ok(format!("{text} and new"))).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old and new");
        assert_eq!(std::fs::read_to_string(aside).unwrap(), "old");
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn what_is_refused_too_long_or_busy_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("policy.toml");
        std::fs::write(&path, "old").unwrap();
        let world = World::real();
        assert!(matches!(amend(&world, &path, |_| Err("no")), Err(AmendError::Refused("no"))));
        let long = |_: &str| Ok::<_, ()>("x".repeat(LONGEST_POLICY + 1));
        assert!(matches!(amend(&world, &path, long), Err(AmendError::TooLong)));
        let _held = alone::<()>(&path).unwrap();
        assert!(matches!(amend(&world, &path, |_| Ok::<_, ()>(String::new())), Err(AmendError::Busy)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert!(!beside(&path, BEFORE).exists());
    }
}
