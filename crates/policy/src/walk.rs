//! The way to a file, step by step and through every link.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use crate::machine::{Machine, Seen, What};
use crate::text::{Flaw, shown};

/// More links than these are a circle.
const MOST_LINKS: usize = 40;

/// Where a path leads in the end, each step having been shown to `visit`.
pub(crate) fn walk(
    machine: &dyn Machine,
    path: &Path,
    visit: &mut dyn FnMut(&Path, &Seen) -> Result<(), Flaw>,
) -> Result<(PathBuf, Seen), Flaw> {
    let (mut at, mut ahead) = split(path);
    let mut seen = look(machine, &at)?;
    visit(&at, &seen)?;
    let mut links = 0;
    while let Some(step) = ahead.pop_front() {
        if step == ".." {
            at.pop();
            seen = look(machine, &at)?;
            continue;
        }
        let next = at.join(&step);
        seen = look(machine, &next)?;
        visit(&next, &seen)?;
        let What::Link(target) = &seen.what else {
            at = next;
            continue;
        };
        links += 1;
        if links > MOST_LINKS {
            return Flaw::of("circle", format!("{} leads in a circle", shown(&path.to_string_lossy())));
        }
        let (start, mut steps) = split(target);
        if target.is_absolute() {
            at = start;
        }
        seen = look(machine, &at)?;
        steps.append(&mut ahead);
        ahead = steps;
    }
    Ok((at, seen))
}

/// Where a path leads in the end.
pub(crate) fn resolve(machine: &dyn Machine, path: &Path) -> Result<(PathBuf, Seen), Flaw> {
    walk(machine, path, &mut |_, _| Ok(()))
}

fn look(machine: &dyn Machine, path: &Path) -> Result<Seen, Flaw> {
    machine.look(path).ok_or_else(|| Flaw::new("absent", format!("{} is not there", shown(&path.to_string_lossy()))))
}

/// What a path begins with, and its steps.
fn split(path: &Path) -> (PathBuf, VecDeque<OsString>) {
    let mut start = PathBuf::new();
    let mut steps = VecDeque::new();
    for part in path.components() {
        match part {
            Component::Prefix(_) | Component::RootDir => start.push(part),
            Component::ParentDir => steps.push_back("..".into()),
            Component::Normal(name) => steps.push_back(name.to_owned()),
            Component::CurDir => {}
        }
    }
    (start, steps)
}

/// A path as the policy says it, with the home of the bridge's user in the place of `~`.
pub(crate) fn at_home(machine: &dyn Machine, path: &str) -> Option<PathBuf> {
    match path.strip_prefix("~/") {
        Some(rest) => Some(machine.home()?.join(rest)),
        None => Some(PathBuf::from(path)),
    }
}
