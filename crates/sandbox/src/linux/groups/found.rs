//! Where groups can be made.

use std::fs::{create_dir, read_dir, read_to_string, remove_dir, write};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::id;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::steps::because;
use super::made::{Group, Left, Part};
use crate::error::SandboxError;
use crate::profile::Limits;

/// Where this process moves, if its group may not hold processes and groups at once.
const LEAF: &str = "diwan-bridge";

/// Places where groups can be made, or why not.
#[derive(Debug)]
pub(in super::super) struct Groups {
    pub(in super::super) memory: Result<Place, String>,
    pub(in super::super) processes: Result<Place, String>,
    next: AtomicU64,
    left: Arc<Left>,
}

/// A directory in which groups with one controller can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Place {
    pub(super) directory: PathBuf,
    pub(super) unified: bool,
}

impl Groups {
    /// Looks for them, and tries.
    pub(in super::super) fn find() -> Self {
        let place = |controller, file| find(controller).and_then(|place| place.tried(file));
        let groups = Self {
            memory: place("memory", ["memory.max", "memory.limit_in_bytes"]),
            processes: place("pids", ["pids.max", "pids.max"]),
            next: AtomicU64::new(0),
            left: Arc::new(Mutex::new(vec![])),
        };
        groups.places().for_each(|place| place.sweep());
        groups
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        self.memory.iter().chain(&self.processes)
    }

    /// Makes the groups of one command.
    pub(in super::super) fn make(&self, limits: &Limits) -> Result<Group, SandboxError> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).retain(|path| remove_dir(path).is_err());
        let made = |source| SandboxError::System { what: "making a control group", source };
        let mut group = Group::new(self.left.clone());
        if let Ok(place) = &self.memory {
            group.memory = Some(self.new_part(place).map_err(made)?);
        }
        if let Ok(place) = &self.processes {
            let shared = group.memory.as_ref().filter(|part| part.path.parent() == Some(&place.directory)).cloned();
            group.processes = Some(shared.map_or_else(|| self.new_part(place), Ok).map_err(made)?);
        }
        group.limit(limits).map_err(made)?;
        Ok(group)
    }

    fn new_part(&self, place: &Place) -> io::Result<Part> {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let path = place.directory.join(format!("diwan-{}-{number}", id()));
            match create_dir(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => return made.map(|()| Part { path, unified: place.unified }),
            }
        }
    }
}

impl Place {
    /// Itself, if a group that is made here has one of these files.
    fn tried(self, files: [&str; 2]) -> Result<Self, String> {
        let path = self.directory.join(format!("diwan-{}-try", id()));
        create_dir(&path).map_err(because(path.display()))?;
        let has = files.iter().any(|file| path.join(file).exists());
        remove_dir(&path).map_err(because(path.display()))?;
        has.then_some(self).ok_or_else(|| format!("{} has no {}", path.display(), files[0]))
    }

    /// Removes what bridges that are gone have left.
    fn sweep(&self) {
        let entries = read_dir(&self.directory).into_iter().flatten().flatten();
        for entry in entries {
            let name = entry.file_name();
            let pid =
                name.to_str().and_then(|name| name.strip_prefix("diwan-")?.split('-').next()?.parse::<u32>().ok());
            if pid.is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists()) {
                // A group that still holds processes stays.
                let _ = remove_dir(entry.path());
            }
        }
    }
}

/// The group of this process that has the controller: of the first generation if it is there.
fn find(controller: &str) -> Result<Place, String> {
    let own = read_to_string("/proc/self/cgroup").map_err(because("/proc/self/cgroup"))?;
    let mounts = read_to_string("/proc/self/mountinfo").map_err(because("/proc/self/mountinfo"))?;
    let own: Vec<[&str; 3]> =
        own.lines().filter_map(|line| line.splitn(3, ':').collect::<Vec<_>>().try_into().ok()).collect();
    for [_, controllers, path] in &own {
        if controllers.split(',').any(|one| one == controller) {
            let directory = mounted(&mounts, path, |kind, options| kind == "cgroup" && options.contains(&controller))?;
            return Ok(Place { directory, unified: false });
        }
    }
    let path = own.iter().find(|[number, ..]| *number == "0").map(|[.., path]| *path).ok_or("no control groups")?;
    let directory = mounted(&mounts, path, |kind, _| kind == "cgroup2")?;
    let directory =
        if directory.ends_with(LEAF) { directory.parent().unwrap_or(&directory).to_owned() } else { directory };
    hand_down(&directory, controller)?;
    Ok(Place { directory, unified: true })
}

/// Where a path of the hierarchy is seen.
fn mounted(mounts: &str, path: &str, fits: impl Fn(&str, &[&str]) -> bool) -> Result<PathBuf, String> {
    for line in mounts.lines() {
        let Some((left, right)) = line.split_once(" - ") else { continue };
        let (left, right): (Vec<_>, Vec<_>) = (left.split(' ').collect(), right.split(' ').collect());
        let ([_, _, _, root, point, ..], [kind, _, options]) = (left.as_slice(), right.as_slice()) else { continue };
        let options: Vec<_> = options.split(',').collect();
        if fits(kind, &options)
            && let Ok(below) = Path::new(path).strip_prefix(root)
        {
            return Ok(Path::new(point).join(below));
        }
    }
    Err("no control groups are mounted".to_owned())
}

/// Lets groups that are made in the directory have the controller.
fn hand_down(directory: &Path, controller: &str) -> Result<(), String> {
    let offered = read_to_string(directory.join("cgroup.controllers")).map_err(because(directory.display()))?;
    if !offered.split_whitespace().any(|one| one == controller) {
        return Err(format!("{} is not offered in {}", controller, directory.display()));
    }
    let control = directory.join("cgroup.subtree_control");
    let hand_down = || write(&control, format!("+{controller}"));
    match hand_down() {
        Err(error) if error.kind() == ErrorKind::ResourceBusy => {
            step_aside(directory).and_then(|()| hand_down()).map_err(because(control.display()))
        }
        other => other.map_err(because(control.display())),
    }
}

/// A group that hands controllers down may hold no process itself.
fn step_aside(directory: &Path) -> io::Result<()> {
    let leaf = directory.join(LEAF);
    match create_dir(&leaf) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => write(leaf.join("cgroup.procs"), id().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_below_the_root_of_its_mount() {
        let mounts = "30 25 0:26 /docker/a /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory\n";
        let fits = |kind: &str, options: &[&str]| kind == "cgroup" && options.contains(&"memory");
        assert_eq!(mounted(mounts, "/docker/a/b", fits), Ok(PathBuf::from("/sys/fs/cgroup/memory/b")));
        assert!(mounted(mounts, "/elsewhere", fits).is_err());
    }
}
