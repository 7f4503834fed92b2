//! A program that is trusted: where it is, and that nobody else could have put something else there.

use std::path::{Path, PathBuf};

use crate::machine::{Machine, Seen, User, What};
use crate::text::{Flaw, shown};
use crate::walk::{at_home, resolve, walk};

/// A program of the policy.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// Its name in the policy.
    pub(crate) name: String,
    /// Other names that it may be called by.
    pub(crate) also: Vec<String>,
    /// Where it may be, in order.
    pub(crate) paths: Vec<String>,
    /// The digests that it may have; any, when there are none.
    pub(crate) digests: Vec<[u8; 32]>,
    /// Whether it takes `--`.
    pub(crate) double_dash: bool,
}

/// A program that was found and can be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// As the policy names it: what the program is told that it was called as.
    pub(crate) called: PathBuf,
    /// Where that leads: what is run.
    pub(crate) real: PathBuf,
}

impl Program {
    /// Whether a command that begins with this word means this program: by its name or a whole path of it.
    pub(crate) fn is_called(&self, word: &str) -> bool {
        word == self.name
            || self.also.iter().any(|name| name == word)
            || (word.starts_with('/') && self.paths.iter().any(|path| path == word))
    }

    /// Whether it is the program that goes by this name everywhere.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.paths.iter().any(|path| path.rsplit('/').next() == Some(name))
    }

    /// The first place where it is. What is found there must be trusted: a later place is no way out.
    pub(crate) fn find(&self, machine: &dyn Machine) -> Result<Found, Flaw> {
        let there = self.paths.iter().filter_map(|path| at_home(machine, path)).find(|path| is_there(machine, path));
        let Some(called) = there else {
            return Flaw::of(
                "program_absent",
                format!("{} is at none of its places on this machine: {}", shown(&self.name), self.paths.join(", ")),
            );
        };
        let user = machine.user();
        let (real, seen) = walk(machine, &called, &mut |path, seen| check_step(path, seen, user))?;
        if seen.what != What::File || seen.mode & 0o111 == 0 {
            return Flaw::of("program_no_file", format!("{} is no program", shown(&real.to_string_lossy())));
        }
        let fits = |digest: [u8; 32]| self.digests.contains(&digest);
        if !self.digests.is_empty() && !machine.digest(&real).is_some_and(fits) {
            return Flaw::of(
                "program_changed",
                format!("{} is not the file of the policy", shown(&real.to_string_lossy())),
            );
        }
        Ok(Found { called, real })
    }
}

/// Whether anything is there, be it a link that leads in a circle.
fn is_there(machine: &dyn Machine, path: &Path) -> bool {
    !resolve(machine, path).is_err_and(|flaw| flaw.code == "absent")
}

/// Whether only root and the bridge's user could change what lies here.
fn check_step(path: &Path, seen: &Seen, user: Option<User>) -> Result<(), Flaw> {
    let Some(user) = user else {
        return Flaw::of("owners_unknown", "on this system it cannot be told whose a file is");
    };
    let path = shown(&path.to_string_lossy());
    if seen.owner != 0 && seen.owner != user.id {
        return Flaw::of("program_foreign", format!("{path} belongs to user {}", seen.owner));
    }
    let is_link = matches!(seen.what, What::Link(_));
    let group_is_ours = seen.group == 0 || (seen.owner == user.id && seen.group == user.group);
    if !is_link && (seen.mode & 0o002 != 0 || (seen.mode & 0o020 != 0 && !group_is_ours)) {
        return Flaw::of("program_writable", format!("others may write to {path}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::MadeUp;

    fn git() -> Program {
        let paths = ["/usr/local/bin/git", "/usr/bin/git"].map(str::to_owned).to_vec();
        Program { name: "git".into(), also: vec![], paths, digests: vec![], double_dash: true }
    }

    #[test]
    fn f79_a_look_alike_is_not_the_program() {
        for word in
            ["/tmp/git", "./git", "../git", "bin/git", "Git", "git ", "/usr/bin/../bin/git", "/usr/bin//git", "gıt"]
        {
            assert!(!git().is_called(word), "{word}");
        }
        assert!(git().is_called("git") && git().is_called("/usr/bin/git"));
    }

    #[test]
    fn f79_every_step_to_a_program_is_trusted() {
        let mut machine = MadeUp::usual();
        assert_eq!(git().find(&machine).unwrap().real, Path::new("/usr/bin/git"));
        for (path, what, owner, mode, code) in [
            ("/usr/bin/git", What::File, 0, 0o757, "program_writable"),
            ("/usr/bin/git", What::File, 1001, 0o755, "program_foreign"),
            ("/usr/bin/git", What::File, 0, 0o644, "program_no_file"),
            ("/usr/bin/git", What::Other, 0, 0o755, "program_no_file"),
            ("/usr/bin", What::Directory, 0, 0o1777, "program_writable"),
            ("/usr/bin/git", What::Link("/usr/bin/git".into()), 0, 0o777, "circle"),
            ("/usr/bin/git", What::Link("../../tmp/git".into()), 0, 0o777, "program_writable"),
        ] {
            let mut machine = machine.clone();
            machine.put("/tmp/git", What::File, 0, 0o755);
            machine.put("/tmp", What::Directory, 0, 0o1777);
            machine.put(path, what, owner, mode);
            assert_eq!(git().find(&machine).unwrap_err().code, code, "{path} {mode:o}");
        }
        machine.put("/usr/bin/git", What::Link("../lib/git/git".into()), 0, 0o777);
        machine.put("/usr/lib/git/git", What::File, 0, 0o755);
        let found = git().find(&machine).unwrap();
        assert_eq!((found.called, found.real), ("/usr/bin/git".into(), "/usr/lib/git/git".into()));
        machine.put("/usr/local/bin/git", What::File, 1001, 0o755);
        assert_eq!(git().find(&machine).unwrap_err().code, "program_foreign", "a later place is no way out");
    }

    #[test]
    fn f79_a_program_with_a_digest_is_that_file() {
        let mut machine = MadeUp::usual();
        let pinned = Program { digests: vec![[7; 32]], ..git() };
        assert_eq!(pinned.find(&machine).unwrap_err().code, "program_changed");
        machine.put_digest("/usr/bin/git", [7; 32]);
        assert!(pinned.find(&machine).is_ok());
    }
}
