//! What is to be done about each path: a pure question about how it was the last time and how it is on both sides.

use std::collections::BTreeSet;

use super::Looks;
use super::state::{Known, State};
use crate::message::{Entry, Kind, Meta};
use crate::tree::same_content;

/// Which directions are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ways {
    /// Both.
    Both,
    /// Only from here to there.
    ToThere,
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// This machine.
    Here,
    /// The other one.
    There,
}

/// What is done about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Nothing: it is the same on both sides.
    Nothing,
    /// Nothing, but from now on it is known that it is the same.
    Remember,
    /// It is gone on both sides.
    Forget,
    /// It goes there.
    Send,
    /// It comes here.
    Fetch,
    /// It was removed there, and is removed here.
    RemoveHere,
    /// It was removed here, and is removed there.
    RemoveThere,
    /// Both changed: this side's wins, the other's is kept under another name.
    Conflict(Side),
    /// It is a directory on one side and none on the other: people decide.
    Clash,
    /// It changed there, and that way is not gone.
    Leave,
    /// It does not travel.
    LeaveOut,
}

impl Deed {
    /// Whether people want to know.
    #[must_use]
    pub const fn is_told(self) -> bool {
        !matches!(self, Self::Nothing | Self::Remember | Self::Forget)
    }

    /// For programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing | Self::Remember | Self::Forget => "same",
            Self::Send => "send",
            Self::Fetch => "fetch",
            Self::RemoveHere => "remove_here",
            Self::RemoveThere => "remove_there",
            Self::Conflict(_) => "conflict",
            Self::Clash => "clash",
            Self::Leave => "leave",
            Self::LeaveOut => "leave_out",
        }
    }
}

/// What is done about every path, those above first. What could not be looked at, or clashes, is not touched, nor
/// what is below it.
pub(super) fn all(looks: &Looks, state: &State, ways: Ways) -> Vec<(String, Deed)> {
    let paths: BTreeSet<&String> = looks.here.keys().chain(looks.there.keys()).chain(state.known.keys()).collect();
    let mut closed = looks.unseen.clone();
    let mut deeds = vec![];
    for path in paths {
        if is_at_or_below(path, &closed) {
            continue;
        }
        let deed = one((looks.here.get(path), looks.there.get(path)), state.known.get(path), ways);
        if deed == Deed::Clash {
            closed.insert(path.clone());
        }
        deeds.push((path.clone(), deed));
    }
    deeds
}

fn is_at_or_below(path: &str, closed: &BTreeSet<String>) -> bool {
    let ends = path.char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| at).chain([path.len()]);
    !closed.is_empty() && (closed.contains("") || ends.into_iter().any(|end| closed.contains(&path[..end])))
}

fn one((here, there): (Option<&Entry>, Option<&Entry>), known: Option<&Known>, ways: Ways) -> Deed {
    let both = ways == Ways::Both;
    match (here, there, known) {
        (None, None, _) => Deed::Forget,
        (Some(_), None, None) => Deed::Send,
        (None, Some(_), None) => {
            if both {
                Deed::Fetch
            } else {
                Deed::Leave
            }
        }
        (Some(here), None, Some(known)) => match is_changed(here, &known.here, known) {
            false if both => Deed::RemoveHere,
            _ => Deed::Send,
        },
        (None, Some(there), Some(known)) => match is_changed(there, &known.there, known) {
            false => Deed::RemoveThere,
            true if both => Deed::Fetch,
            true => Deed::Leave,
        },
        (Some(here), Some(there), known) => on_both(here, there, known, both),
    }
}

fn on_both(here: &Entry, there: &Entry, known: Option<&Known>, both: bool) -> Deed {
    let kinds = (here.meta.kind, there.meta.kind);
    match kinds {
        (Kind::Directory, Kind::Directory) => return if known.is_some() { Deed::Nothing } else { Deed::Remember },
        (Kind::Directory, _) | (_, Kind::Directory) => return Deed::Clash,
        _ => {}
    }
    let here_changed = known.is_none_or(|known| is_changed(here, &known.here, known));
    let there_changed = known.is_none_or(|known| is_changed(there, &known.there, known));
    match (here_changed, there_changed) {
        (false, false) => Deed::Nothing,
        (true, false) => Deed::Send,
        (false, true) if both => Deed::Fetch,
        (false, true) => Deed::Leave,
        (true, true) if is_same(here, there) => Deed::Remember,
        (true, true) => Deed::Conflict(if both { newer(&here.meta, &there.meta) } else { Side::Here }),
    }
}

fn is_changed(now: &Entry, then: &Meta, known: &Known) -> bool {
    match now.meta.kind {
        Kind::Directory => then.kind != Kind::Directory,
        Kind::Link => then.kind != Kind::Link || now.target != known.target,
        _ => !same_content(&now.meta, then) || now.meta.mode != then.mode,
    }
}

fn is_same(here: &Entry, there: &Entry) -> bool {
    match (here.meta.kind, there.meta.kind) {
        (Kind::Link, Kind::Link) => here.target == there.target,
        _ => same_content(&here.meta, &there.meta) && here.meta.mode == there.meta.mode,
    }
}

fn newer(here: &Meta, there: &Meta) -> Side {
    let when = |meta: &Meta| (meta.seconds, meta.nanoseconds);
    if when(there) > when(here) { Side::There } else { Side::Here }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(size: u64, seconds: i64) -> Entry {
        let meta = Meta { kind: Kind::File, size, seconds, nanoseconds: 0, mode: 0o644 };
        Entry { path: "f".to_owned(), meta, target: None }
    }

    fn known() -> Known {
        let meta = entry(1, 1).meta;
        Known { here: meta, there: meta, target: None }
    }

    #[test]
    fn what_changed_on_one_side_goes_to_the_other() {
        let (old, new, known) = (entry(1, 1), entry(2, 2), known());
        let both = |here, there| one((here, there), Some(&known), Ways::Both);
        assert_eq!(both(Some(&old), Some(&old)), Deed::Nothing);
        assert_eq!(both(Some(&new), Some(&old)), Deed::Send);
        assert_eq!(both(Some(&old), Some(&new)), Deed::Fetch);
        assert_eq!(both(Some(&old), None), Deed::RemoveHere);
        assert_eq!(both(None, Some(&old)), Deed::RemoveThere);
        assert_eq!(both(None, None), Deed::Forget);
    }

    #[test]
    fn work_is_never_removed_by_a_deletion_and_the_newer_wins() {
        let (newer, newest, known) = (entry(2, 2), entry(3, 3), known());
        let both = |here, there| one((here, there), Some(&known), Ways::Both);
        assert_eq!(both(Some(&newer), None), Deed::Send);
        assert_eq!(both(None, Some(&newer)), Deed::Fetch);
        assert_eq!(both(Some(&newer), Some(&newest)), Deed::Conflict(Side::There));
        assert_eq!(both(Some(&newest), Some(&newer)), Deed::Conflict(Side::Here));
        assert_eq!(both(Some(&newer), Some(&newer)), Deed::Remember);
        assert_eq!(one((Some(&newer), Some(&newest)), None, Ways::Both), Deed::Conflict(Side::There));
    }

    #[test]
    fn one_way_brings_nothing_here_and_removes_nothing_here() {
        let (old, new, known) = (entry(1, 1), entry(2, 2), known());
        let to = |here, there, known: Option<&Known>| one((here, there), known, Ways::ToThere);
        assert_eq!(to(None, Some(&new), None), Deed::Leave);
        assert_eq!(to(Some(&old), Some(&new), Some(&known)), Deed::Leave);
        assert_eq!(to(Some(&old), None, Some(&known)), Deed::Send);
        assert_eq!(to(None, Some(&old), Some(&known)), Deed::RemoveThere);
        assert_eq!(to(None, Some(&new), Some(&known)), Deed::Leave);
        assert_eq!(to(Some(&new), Some(&entry(9, 9)), Some(&known)), Deed::Conflict(Side::Here));
    }

    #[test]
    fn what_could_not_be_looked_at_is_not_gone() {
        let closed = BTreeSet::from(["a/b".to_owned()]);
        assert!(is_at_or_below("a/b", &closed) && is_at_or_below("a/b/c", &closed));
        assert!(!is_at_or_below("a/bc", &closed) && !is_at_or_below("a", &closed));
        assert!(is_at_or_below("x", &BTreeSet::from([String::new()])));
    }
}
