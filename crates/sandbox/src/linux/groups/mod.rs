//! Control groups: limits and counts of all processes of a command together, where this process may make
//! them. Both generations of the interface are known.

mod found;
mod made;

use std::path::PathBuf;

pub(super) use found::Groups;
pub(super) use made::Group;

use super::steps::{Said, because};

/// Enters a group by the file that takes processes in.
pub(super) fn join(door: Option<&PathBuf>) -> Said {
    let door = door.ok_or("none was made")?;
    std::fs::write(door, "0").map_err(because(door.display()))?;
    Ok(door.display().to_string())
}
