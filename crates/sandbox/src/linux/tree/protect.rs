//! What decides what runs later, outside of any sandbox, stays as it is: hooks and settings of every project that
//! lies in a writable root.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsStr;
use std::fs::{DirEntry, read_dir};
use std::path::{Path, PathBuf};

use rustix::fs::FileType;

use super::super::plan::Plan;
use super::bind::{self, Access, Place, show};

/// So deep below a root projects are looked for, and in so many directories at most: it is done before every
/// command. The way to the directory of the command is always looked at.
const DEPTH: usize = 3;
const MOST_DIRECTORIES: usize = 4096;
/// What is made by tools, and holds no projects of anybody.
const MADE: [&str; 3] = ["node_modules", "target", ".git"];

/// Makes it read-only. The directories on the way to it become mounts themselves: those cannot be renamed, so
/// that nobody puts another one in their place.
pub(super) fn protect(root: &Path, plan: &Plan) -> Result<(), String> {
    let mut held: BTreeSet<PathBuf> = BTreeSet::new();
    for project in projects(root, plan) {
        for below in &plan.profile.protected {
            hold(root, &project.join(below), &project, &mut held)?;
        }
    }
    Ok(())
}

fn hold(root: &Path, below: &Path, project: &Path, held: &mut BTreeSet<PathBuf>) -> Result<(), String> {
    let parts: Vec<_> = below.ancestors().filter(|part| !part.as_os_str().is_empty()).collect();
    for part in parts.into_iter().rev() {
        let path = root.join(part);
        let Some(kind) = bind::kind(&path) else { return Ok(()) };
        // A file in the place of a directory says where that is: `.git` of a further work tree.
        let is_last = part == below || kind != FileType::Directory;
        if is_last {
            return show(&path, Place::Exact, &path, Access::Read);
        }
        // Without anything to protect in it, a directory is not held.
        let leads_there = !project.starts_with(part) || bind::kind(&root.join(below)).is_some();
        if leads_there && held.insert(path.clone()) {
            show(&path, Place::Exact, &path, Access::Write)?;
        }
    }
    Ok(())
}

/// The directories below the root that hold something protected, seen from there; those on the way to the directory
/// of the command are always among them.
fn projects(root: &Path, plan: &Plan) -> BTreeSet<PathBuf> {
    let own = plan.profile.directory.strip_prefix(root).unwrap_or(Path::new(""));
    let mut found: BTreeSet<PathBuf> = own.ancestors().map(Path::to_path_buf).collect();
    found.insert(PathBuf::new());
    let names: Vec<&OsStr> = plan.profile.protected.iter().filter_map(|path| path.iter().next()).collect();
    let mut waiting = VecDeque::from([(PathBuf::new(), 0)]);
    for _ in 0..MOST_DIRECTORIES {
        let Some((directory, depth)) = waiting.pop_front() else { break };
        // What the bridge may not look into, the command, who may not do more, cannot change either.
        let Ok(entries) = read_dir(root.join(&directory)) else { continue };
        let entries: Vec<DirEntry> = entries.flatten().collect();
        let has = |name: &OsStr| entries.iter().any(|entry| entry.file_name() == name);
        if names.iter().any(|name| has(name)) {
            found.insert(directory.clone());
        }
        // Only in the command's own project further ones are looked for.
        let is_own = own.starts_with(&directory) || own.iter().next().is_none_or(|first| directory.starts_with(first));
        if depth < DEPTH && (is_own || !has(OsStr::new(".git"))) {
            let below = entries.iter().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            let names = below.map(DirEntry::file_name).filter(|name| !MADE.iter().any(|made| name == made));
            waiting.extend(names.map(|name| (directory.join(name), depth + 1)));
        }
    }
    found
}
