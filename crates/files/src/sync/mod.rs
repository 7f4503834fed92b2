//! Keeps a directory here and one there the same: what changed on one side since the last time goes to the other,
//! deletions too; where both changed, the newer wins and the other is kept under a name of its own.
//!
//! What was the same the last time is remembered in a file on this side ([`state`]). What to do about each path is
//! decided without looking at anything but that and two looks ([`decide`]), and done so that nothing is replaced or
//! removed that changed since it was looked at ([`apply`]).

mod apply;
mod decide;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::path::Path;

use crate::client::{Client, MOST_ENTRIES};
use crate::error::{Code, FilesError};
use crate::ignore::Ignore;
use crate::message::Entry;
use crate::tree::Tree;
use crate::walk::{self, Sweep, Walked};

pub use decide::{Deed, Side, Ways};
pub use state::{Known, State};

/// How it is done.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// What is left out, on both sides.
    pub ignore: Ignore,
    /// Both ways, or only from here to there.
    pub ways: Ways,
    /// Whether nothing is done, only told.
    pub dry_run: bool,
    /// Whether everything may be removed on one side because the other is empty.
    pub delete_all: bool,
    /// What the loser of a conflict gets behind its name: the time, as `20260102T030405Z`.
    pub stamp: String,
    /// What the other side is called in such names.
    pub there: String,
}

/// What is told of each path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The path.
    pub path: String,
    /// What is done, or would be.
    pub deed: Deed,
    /// Under which name the loser is kept.
    pub kept_as: Option<String>,
    /// Why it was not done.
    pub trouble: Option<String>,
}

/// Two looks, and what must not be touched.
#[derive(Debug, Default)]
struct Looks {
    here: BTreeMap<String, Entry>,
    there: BTreeMap<String, Entry>,
    /// What could not be looked at: nothing at or below it counts as gone.
    unseen: BTreeSet<String>,
}

/// Makes both the same. What was done is remembered in `state` also when it could not be done to the end.
///
/// # Errors
/// [`FilesError`] when it cannot go on; what concerns one path is told.
pub fn sync<R: Read, W: Write>(
    client: &mut Client<R, W>,
    tree: &Tree,
    state: &Path,
    wishes: &Wishes,
    tell: &mut dyn FnMut(Told),
) -> Result<(), FilesError> {
    let mut state = State::open(state)?;
    let looks = look(client, tree, &wishes.ignore, tell)?;
    guard(&looks, &state, wishes)?;
    let deeds = decide::all(&looks, &state, wishes.ways);
    if wishes.dry_run {
        deeds.iter().filter(|(_, deed)| deed.is_told()).for_each(|(path, deed)| tell(told(path, *deed)));
        return Ok(());
    }
    let done = apply::all(client, tree, &looks, &mut state, &deeds, wishes, tell);
    let saved = state.save();
    done.and(saved)
}

fn told(path: &str, deed: Deed) -> Told {
    Told { path: path.to_owned(), deed, kept_as: None, trouble: None }
}

fn look<R: Read, W: Write>(
    client: &mut Client<R, W>,
    tree: &Tree,
    ignore: &Ignore,
    tell: &mut dyn FnMut(Told),
) -> Result<Looks, FilesError> {
    let mut looks = Looks::default();
    let (mut here, mut there) = (BTreeMap::new(), BTreeMap::new());
    let mut note = |walked: Walked, side: &mut BTreeMap<String, Entry>, whose: &str| {
        match walked {
            Walked::Entry(entry) => drop(side.insert(entry.path.clone(), entry)),
            Walked::Skipped(skipped) => {
                let trouble = Some(format!("{whose}: {}", skipped.why));
                tell(Told { path: skipped.path.clone(), deed: Deed::LeaveOut, kept_as: None, trouble });
                looks.unseen.insert(skipped.path);
            }
        }
        if side.len() > MOST_ENTRIES {
            let words = format!("more than {MOST_ENTRIES} files are not kept the same in one go");
            return Err(FilesError::refused(Code::TooLarge, words));
        }
        Ok(())
    };
    walk::walk(tree, "", ignore, Sweep::NOT, &mut |walked| note(walked, &mut here, "here"))?;
    let walked = client.walk("", ignore, &mut |walked| note(walked, &mut there, "there"));
    match walked {
        Err(error) if error.code() == Some(Code::Absent) => {}
        other => other?,
    }
    (looks.here, looks.there) = (here, there);
    Ok(looks)
}

/// A side that is empty was perhaps not mounted, or is another one: it does not empty the other.
fn guard(looks: &Looks, state: &State, wishes: &Wishes) -> Result<(), FilesError> {
    let empty = match (looks.here.is_empty(), looks.there.is_empty()) {
        _ if wishes.delete_all || state.known.is_empty() => return Ok(()),
        (true, false) => "here",
        (false, true) if wishes.ways == Ways::Both => "there",
        _ => return Ok(()),
    };
    let words = format!(
        "nothing is {empty} where {} files were the last time: everything would be removed on the other side",
        state.known.len()
    );
    Err(FilesError::refused(Code::Changed, words))
}
