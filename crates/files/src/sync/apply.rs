//! Doing what was decided: what is new first, from above downwards; then what is removed, from below upwards.

use std::io::{Read, Write};

use super::decide::{Deed, Side};
use super::state::{Known, State};
use super::{Looks, Told, Wishes, told};
use crate::client::{Arrival, Client};
use crate::error::{Code, FilesError};
use crate::message::{Entry, Kind, Meta, Over};
use crate::name::{LONGEST_NAME, join, split};
use crate::send;
use crate::tree::Tree;

/// What both sides are, when something was done.
type Both = Option<Known>;

struct Doing<'a, R, W> {
    client: &'a mut Client<R, W>,
    tree: &'a Tree,
    looks: &'a Looks,
    wishes: &'a Wishes,
}

pub(super) fn all<R: Read, W: Write>(
    client: &mut Client<R, W>,
    tree: &Tree,
    looks: &Looks,
    state: &mut State,
    deeds: &[(String, Deed)],
    wishes: &Wishes,
    tell: &mut dyn FnMut(Told),
) -> Result<(), FilesError> {
    let mut doing = Doing { client, tree, looks, wishes };
    let is_removal = |deed: &Deed| matches!(deed, Deed::RemoveHere | Deed::RemoveThere);
    let (later, now): (Vec<_>, Vec<_>) = deeds.iter().partition(|(_, deed)| is_removal(deed));
    if looks.there.is_empty() {
        doing.client.make_directory("", None)?;
    }
    for (path, deed) in now.into_iter().chain(later.into_iter().rev()) {
        let mut telling = told(path, *deed);
        match doing.one(path, *deed, &mut telling) {
            Ok(Some(known)) => drop(state.known.insert(path.clone(), known)),
            Ok(None) if matches!(deed, Deed::Forget | Deed::RemoveHere | Deed::RemoveThere) => {
                state.known.remove(path);
            }
            Ok(None) => {}
            Err(error) if error.code().is_none() => return Err(error),
            Err(error) => telling.trouble = Some(error.to_string()),
        }
        if deed.is_told() {
            tell(telling);
        }
    }
    Ok(())
}

impl<R: Read, W: Write> Doing<'_, R, W> {
    fn one(&mut self, path: &str, deed: Deed, telling: &mut Told) -> Result<Both, FilesError> {
        let (here, there) = (self.looks.here.get(path), self.looks.there.get(path));
        match (deed, here, there) {
            (Deed::Remember, Some(here), Some(there)) => Ok(both(here, &here.meta, &there.meta)),
            (Deed::Send, Some(here), there) => self.send(path, here, &over(there)),
            (Deed::Fetch, here, Some(there)) => self.fetch(path, there, &over(here)),
            (Deed::RemoveHere, Some(here), None) => self.not_empty(self.tree.remove(path, &here.meta), here),
            (Deed::RemoveThere, None, Some(there)) => {
                let removed = self.client.remove(path, &there.meta);
                self.not_empty(removed, there)
            }
            (Deed::Conflict(winner), Some(here), Some(there)) => self.settle(path, winner, (here, there), telling),
            _ => Ok(None),
        }
    }

    /// A directory in which something new is stays.
    fn not_empty(&self, removed: Result<(), FilesError>, entry: &Entry) -> Result<Both, FilesError> {
        match removed {
            Err(error) if entry.meta.kind == Kind::Directory && error.code() == Some(Code::Exists) => Ok(None),
            other => other.map(|()| None),
        }
    }

    fn send(&mut self, path: &str, here: &Entry, over: &Over) -> Result<Both, FilesError> {
        let there = match (here.meta.kind, &here.target) {
            (Kind::Directory, _) => self.client.make_directory(path, Some(here.meta.mode))?,
            (Kind::Link, Some(target)) => self.client.make_link(path, target, over)?,
            _ => {
                let (open, meta) = self.tree.file(path)?;
                let there =
                    self.client.put((path, open, meta), path, &Arrival::like(&meta, over.clone()), &mut |_| {})?;
                return Ok(there.and_then(|there| both(here, &meta, &there)));
            }
        };
        Ok(there.and_then(|there| both(here, &here.meta, &there)))
    }

    fn fetch(&mut self, path: &str, there: &Entry, over: &Over) -> Result<Both, FilesError> {
        match (there.meta.kind, &there.target) {
            (Kind::Directory, _) => self.tree.make_directory(path, Some(there.meta.mode), true)?,
            (Kind::Link, Some(target)) => self.tree.make_link(path, target, over)?,
            _ => {
                let here = self.client.get(path, (self.tree, path), over, &mut |_| {})?;
                // What came is as it is there: it was the file's own look that came with it.
                let there = Meta { mode: here.mode, ..here };
                return Ok(Some(Known { here, there, target: None }));
            }
        }
        let here = self.tree.stat(path)?;
        Ok(here.and_then(|here| both(there, &here, &there.meta)))
    }

    /// Both changed. The same content is no conflict; otherwise the loser gets another name on its own side.
    fn settle(
        &mut self,
        path: &str,
        winner: Side,
        (here, there): (&Entry, &Entry),
        telling: &mut Told,
    ) -> Result<Both, FilesError> {
        if self.has_same_content(path, here, there)? {
            telling.deed = Deed::Remember;
            return match winner {
                Side::Here => {
                    let there = self.client.set_meta(path, &there.meta, &here.meta)?;
                    Ok(there.and_then(|there| both(here, &here.meta, &there)))
                }
                Side::There => {
                    self.tree.set_meta(path, &here.meta, &there.meta)?;
                    Ok(self.tree.stat(path)?.and_then(|now| both(there, &now, &there.meta)))
                }
            };
        }
        let loser = if winner == Side::Here { self.wishes.there.as_str() } else { "local" };
        let kept = conflict_name(path, &self.wishes.stamp, loser);
        let done = match winner {
            Side::Here => {
                self.client.rename(path, &kept, &there.meta)?;
                self.send(path, here, &Over::Nothing)
            }
            Side::There => {
                self.tree.rename(path, &kept, &here.meta)?;
                self.fetch(path, there, &Over::Nothing)
            }
        };
        telling.kept_as = Some(kept);
        done
    }

    fn has_same_content(&mut self, path: &str, here: &Entry, there: &Entry) -> Result<bool, FilesError> {
        let files = (here.meta.kind, there.meta.kind) == (Kind::File, Kind::File);
        if !files || here.meta.size != there.meta.size {
            return Ok(false);
        }
        let own = send::hash(path, self.tree.file(path)?.0)?;
        Ok(self.client.hash(path)? == (own.size, *own.hash()))
    }
}

fn over(there: Option<&Entry>) -> Over {
    there.map_or(Over::Nothing, |there| Over::Seen(there.meta))
}

fn both(entry: &Entry, here: &Meta, there: &Meta) -> Both {
    Some(Known { here: *here, there: *there, target: entry.target.clone() })
}

/// The name under which a loser is kept, beside the winner.
fn conflict_name(path: &str, stamp: &str, loser: &str) -> String {
    let (above, name) = split(path);
    let tail = format!(".conflict-{stamp}-{loser}");
    let mut end = name.len().min(LONGEST_NAME.saturating_sub(tail.len()));
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    join(above, &format!("{}{tail}", &name[..end]))
}

#[cfg(test)]
mod tests {
    use super::conflict_name;

    #[test]
    fn the_name_of_a_loser_fits_beside_the_winner() {
        assert_eq!(conflict_name("a/b.txt", "20260102T030405Z", "web-1"), "a/b.txt.conflict-20260102T030405Z-web-1");
        assert!(conflict_name(&"ä".repeat(127), "20260102T030405Z", "local").len() <= 255);
    }
}
