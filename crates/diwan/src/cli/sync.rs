//! `diwan sync`: keeps a directory here and one on a machine the same.

use std::path::{Path, PathBuf};

use clap::Args;
use diwan_client::Client;
use diwan_files::sync::{self, Deed, Side, Told, Ways, Wishes};
use diwan_files::{FilesError, Ignore, Tree};
use diwan_kernel::World;
use serde_json::json;

use super::door::Door;
use super::failure::{Done, Failure};
use super::files::place::{self, Place, Spot};
use super::files::way::{Kind, talk};
use super::files::{Trouble, failed, failed_here};
use super::screen::{safe, size};

const AFTER_HELP: &str = "\
Examples:
  diwan sync shop web-1:projects/shop
  diwan sync shop web-1:projects/shop --dry-run
  diwan sync site web-1:site --one-way --exclude '*.map'

What changed on one side since the last time goes to the other; what was removed
on one is removed on the other. Where both changed, the newer wins, and the other
is kept beside it as NAME.conflict-TIME-WHOSE. The first time nothing is removed.
A side that is empty all at once does not empty the other, unless --delete-all.

A file .diwanignore in the directory names what is left out, one pattern a line,
as in a .gitignore; .git is always left out. What was the same the last time is
remembered below ~/.local/state/diwan/sync, for each pair of directories.";

/// Patterns of what is left out.
const IGNORE_FILE: &str = ".diwanignore";

/// Keep a directory here and one on a machine the same
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Sync {
    /// The directory here
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The directory there: MACHINE:PATH
    #[arg(value_name = "MACHINE:PATH")]
    there: String,
    /// Only tell what would be done
    #[arg(long)]
    dry_run: bool,
    /// Bring nothing here, and remove nothing here
    #[arg(long)]
    one_way: bool,
    /// Leave out what fits, as in a .gitignore; may be given several times
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Remove everything on one side if the other is empty
    #[arg(long)]
    delete_all: bool,
}

struct Synced {
    told: Vec<Told>,
    travelled: u64,
    ended: Result<(), FilesError>,
}

impl Sync {
    pub(in crate::cli) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let Place::There { machine, path } = Place::read(&self.there) else {
            let next = "Name the machine and the directory there: diwan sync DIR MACHINE:PATH.";
            return Err(Failure::usage("the second one is on a machine", next));
        };
        let client = door.client()?;
        let spot = place::find(&client, &machine, &path).await?;
        let synced = self.sync(&client, &spot).await?;
        // Of one that was not begun there is nothing else to say.
        if synced.ended.is_ok() || !synced.told.is_empty() {
            self.tell(door, &synced, &spot)?;
        }
        synced.ended.map_err(|error| {
            let failure = failed(&error);
            if error.to_string().contains("everything would be removed") {
                return failure.with_next("Look whether the right directory is there; --delete-all removes it all.");
            }
            failure
        })?;
        let is_well = synced.told.iter().all(|told| told.trouble.is_none() && told.deed != Deed::Clash);
        Ok(if is_well { Done::Well } else { Done::Found })
    }

    async fn sync(&self, client: &Client, spot: &Spot) -> Result<Synced, Failure> {
        let dir = self.dir.canonicalize();
        let dir =
            dir.map_err(|e| Failure::usage(format!("{}: {e}", self.dir.display()), "Make it, or name another."))?;
        let wishes = Wishes {
            ignore: self.ignore(&dir)?,
            ways: if self.one_way { Ways::ToThere } else { Ways::Both },
            dry_run: self.dry_run,
            delete_all: self.delete_all,
            stamp: stamp(&World::real().now().to_string()),
            there: spot.machine.clone(),
        };
        let state = state_of(&dir, spot)?;
        talk(client, spot, Kind::Sync, move |agent| {
            let tree = Tree::open(&dir).map_err(|e| Trouble::Here(failed_here(&dir, &e)))?;
            let mut told = vec![];
            let ended = sync::sync(agent, &tree, &state, &wishes, &mut |one| told.push(one));
            Ok(Synced { told, travelled: agent.moved(), ended })
        })
        .await
    }

    fn ignore(&self, dir: &Path) -> Result<Ignore, Failure> {
        let kept = match std::fs::read_to_string(dir.join(IGNORE_FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            // Without it, what is to be left out would travel.
            Err(error) => {
                return Err(Failure::refused(format!("{IGNORE_FILE}: {error}"), "Make it readable, or remove it."));
            }
        };
        let read = Ignore::read(kept.lines().chain(self.exclude.iter().map(String::as_str)));
        read.map_err(|why| Failure::usage(why, "Give fewer or shorter patterns."))
    }

    fn tell(&self, door: &Door<'_>, synced: &Synced, spot: &Spot) -> Result<(), Failure> {
        if door.screen.is_json() {
            let paths: Vec<_> = synced.told.iter().map(in_json).collect();
            let report = json!({"dry_run": self.dry_run, "travelled_bytes": synced.travelled, "paths": paths});
            return door.screen.json(&report.to_string());
        }
        for told in &synced.told {
            door.screen.line(&safe(&in_words(told, spot)))?;
        }
        let done = synced.told.iter().filter(|told| told.trouble.is_none()).count();
        let verb = if self.dry_run { "would be done" } else { "done" };
        let travelled = size(synced.travelled);
        match synced.told.len() {
            0 => door.screen.line(&format!("both are the same; {travelled} travelled to see that")),
            _ => door.screen.line(&format!("{done} {verb}, {} not; {travelled} travelled", synced.told.len() - done)),
        }
    }
}

fn in_json(told: &Told) -> serde_json::Value {
    let winner = match told.deed {
        Deed::Conflict(Side::Here) => Some("here"),
        Deed::Conflict(Side::There) => Some("there"),
        _ => None,
    };
    json!({"path": told.path, "deed": told.deed.as_str(), "winner": winner, "kept_as": told.kept_as,
        "trouble": told.trouble})
}

fn in_words(told: &Told, spot: &Spot) -> String {
    let machine = &spot.machine;
    let what = match told.deed {
        Deed::Send => format!("→ {machine}"),
        Deed::Fetch => format!("← {machine}"),
        Deed::RemoveHere => "removed here".to_owned(),
        Deed::RemoveThere => format!("removed on {machine}"),
        Deed::Conflict(Side::Here) => "both changed: this one is newer".to_owned(),
        Deed::Conflict(Side::There) => format!("both changed: that on {machine} is newer"),
        Deed::Clash => "a directory on one side and none on the other: rename one of them".to_owned(),
        Deed::Leave => format!("changed on {machine}, left as it is"),
        Deed::LeaveOut => "left out".to_owned(),
        Deed::Nothing | Deed::Remember | Deed::Forget => "the same".to_owned(),
    };
    let kept = told.kept_as.as_ref().map(|kept| format!("; the other is kept as {kept}")).unwrap_or_default();
    // What was to be left out was not to be done.
    let label = if told.deed == Deed::LeaveOut { "" } else { "NOT DONE: " };
    let trouble = told.trouble.as_ref().map(|why| format!(": {label}{why}")).unwrap_or_default();
    format!("{}  {what}{kept}{trouble}", told.path)
}

/// `2026-01-02T03:04:05.678Z` as it can stand in a name.
fn stamp(now: &str) -> String {
    let plain: String = now.chars().take(19).filter(|c| c.is_ascii_alphanumeric()).collect();
    format!("{plain}Z")
}

/// Where is remembered what was the same the last time, for this pair of directories.
fn state_of(dir: &Path, spot: &Spot) -> Result<PathBuf, Failure> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state")));
    let base =
        base.ok_or_else(|| Failure::usage("HOME is not set", "Set it: what was synced is remembered below it."))?;
    let place = base.join("diwan/sync");
    std::fs::create_dir_all(&place).map_err(|e| Failure::refused(format!("{}: {e}", place.display()), "Make it."))?;
    let pair = format!("{}\0{}\0{}\0{}", dir.display(), spot.id, spot.root, spot.path);
    Ok(place.join(format!("{}.state", diwan_files::name::digest(&pair))))
}

#[cfg(test)]
mod tests {
    use super::stamp;

    #[test]
    fn a_time_can_stand_in_a_name() {
        assert_eq!(stamp("2026-01-02T03:04:05.678Z"), "20260102T030405Z");
    }
}
