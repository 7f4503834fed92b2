//! What the owner said no to: lines in a file beside the policy, which only whoever may write the policy can
//! write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use diwan_kernel::World;
use diwan_protocol::rules::is_id;

use super::amend::beside;

const REFUSED: &str = "refused";
/// So many are remembered, the newest.
const MOST: usize = 200;
/// Of what the owner says about it.
pub(crate) const LONGEST_WHY: usize = 300;

/// Where they are written.
pub(crate) fn place(policy: &Path) -> PathBuf {
    beside(policy, REFUSED)
}

/// What was refused, and why. Where it cannot be read, nothing was.
pub(crate) fn read(world: &World, policy: &Path) -> BTreeMap<String, String> {
    lines(world, policy).into_iter().collect()
}

/// Writes a no down.
pub(crate) fn add(world: &World, policy: &Path, id: &str, why: &str) -> Result<(), String> {
    let real = world.disk().follow(policy);
    let mut all = lines(world, &real);
    all.retain(|(known, _)| known != id);
    all.push((id.to_owned(), one_line(why)));
    let newest = all.iter().skip(all.len().saturating_sub(MOST));
    let text: String = newest.map(|(id, why)| format!("{id} {why}\n")).collect();
    let path = place(&real);
    world.disk().replace(&path, text.as_bytes()).map_err(|e| e.to_string())?;
    // The bridge, which may be another user, reads it like the policy.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&path, mode).map_err(|e| format!("{}: {e}", path.display()))
}

fn lines(world: &World, policy: &Path) -> Vec<(String, String)> {
    let bytes = world.disk().read(&place(&world.disk().follow(policy))).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let entries = text.lines().map(|line| line.split_once(' ').unwrap_or((line, "")));
    entries.filter(|(id, _)| is_id(id)).map(|(id, why)| (id.to_owned(), one_line(why))).collect()
}

fn one_line(why: &str) -> String {
    why.chars().map(|c| if diwan_policy::is_hidden(c) { ' ' } else { c }).take(LONGEST_WHY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_refusals_are_remembered_each_in_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let (world, policy) = (World::real(), dir.path().join("policy.toml"));
        assert!(read(&world, &policy).is_empty());
        for at in 0..=MOST {
            add(&world, &policy, &format!("rrq_{at:03}"), "not\nrrq_x here\u{1b}[2J").unwrap();
        }
        let all = read(&world, &policy);
        assert_eq!((all.len(), all.contains_key("rrq_000"), all.contains_key("rrq_x")), (MOST, false, false));
        assert_eq!(all["rrq_200"], "not rrq_x here [2J");
    }
}
