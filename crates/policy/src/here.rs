//! The machine that the program runs on.

use std::io::Read;
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};

use crate::machine::{Machine, Seen, User, What};

/// The machine that the program runs on, seen by this user.
#[derive(Debug, Clone)]
pub struct Here {
    user: Option<User>,
    home: Option<PathBuf>,
}

impl Here {
    /// The machine as this user sees it: the one that the bridge runs as.
    pub fn new(user: Option<User>, home: Option<PathBuf>) -> Self {
        Self { user, home }
    }
}

impl Machine for Here {
    fn look(&self, path: &Path) -> Option<Seen> {
        let seen = std::fs::symlink_metadata(path).ok()?;
        let kind = seen.file_type();
        let what = match () {
            () if kind.is_symlink() => What::Link(std::fs::read_link(path).ok()?),
            () if kind.is_dir() => What::Directory,
            () if kind.is_file() => What::File,
            () => What::Other,
        };
        let (owner, group, mode) = rights(&seen)?;
        Some(Seen { what, owner, group, mode })
    }

    fn digest(&self, path: &Path) -> Option<[u8; 32]> {
        let mut file = std::fs::File::open(path).ok()?;
        let mut context = Context::new(&SHA256);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer).ok()? {
                0 => return context.finish().as_ref().try_into().ok(),
                read => context.update(buffer.get(..read)?),
            }
        }
    }

    fn user(&self) -> Option<User> {
        self.user
    }

    fn home(&self) -> Option<PathBuf> {
        self.home.clone()
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

#[cfg(unix)]
fn rights(seen: &std::fs::Metadata) -> Option<(u32, u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    Some((seen.uid(), seen.gid(), seen.mode() & 0o7777))
}

/// Whose something is cannot be told here, so nothing is trusted.
#[cfg(not(unix))]
fn rights(_: &std::fs::Metadata) -> Option<(u32, u32, u32)> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;
    use crate::program::Program;

    fn program(path: &Path) -> Program {
        let paths = vec![path.to_string_lossy().into_owned()];
        Program { name: "x".into(), also: vec![], paths, digests: vec![], double_dash: false }
    }

    #[test]
    fn f79_what_anybody_could_have_put_there_is_not_run() {
        let dir = tempfile::tempdir().unwrap();
        let (place, link) = (dir.path().join("x"), dir.path().join("link"));
        std::fs::write(&place, "x").unwrap();
        std::fs::set_permissions(&place, PermissionsExt::from_mode(0o755)).unwrap();
        symlink(&place, &link).unwrap();
        let seen = std::fs::metadata(&place).unwrap();
        let here = Here::new(Some(User { id: seen.uid(), group: seen.gid() }), None);
        // Whatever lies below a directory that all may write to is nobody's in particular.
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o777)).unwrap();
        for path in [&place, &link] {
            assert_eq!(program(path).find(&here).unwrap_err().code, "program_writable");
        }
        assert_eq!(program(&dir.path().join("none")).find(&here).unwrap_err().code, "program_absent");
        assert_eq!(program(&place).find(&Here::new(None, None)).unwrap_err().code, "owners_unknown");
        assert_eq!(here.look(&link).unwrap().what, What::Link(place.clone()));
        let digest = ring::digest::digest(&SHA256, b"x");
        assert_eq!(here.digest(&place).unwrap(), digest.as_ref());
    }
}
