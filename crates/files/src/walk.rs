//! What is in a directory: one page of it, or all below it.

use std::collections::BTreeSet;

use crate::error::FilesError;
use crate::ignore::Ignore;
use crate::message::{Entry, Kind, Meta};
use crate::name::{check_name, join, shown, stays_inside};
use crate::tree::{Tree, look, raw_names};

/// Something that does not travel, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its path, made plain.
    pub path: String,
    /// For people.
    pub why: String,
}

/// What a walk comes upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Walked {
    /// Something.
    Entry(Entry),
    /// Something that does not travel.
    Skipped(Skipped),
}

/// What was cut off and not taken up for so long is not taken up any more.
const FORGOTTEN_AFTER_S: i64 = 7 * 24 * 60 * 60;

/// Whether what was cut off long ago is removed on the way, and what time it is then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sweep(pub(crate) Option<i64>);

impl Sweep {
    /// It stays.
    pub(crate) const NOT: Self = Self(None);

    fn look_at(self, tree: &Tree, path: &str, name: &str) {
        let Some(now) = self.0 else { return };
        let (above, _) = crate::name::split(path);
        // One that is being written was written just now. What cannot be removed stays.
        if let Ok(directory) = tree.directory(above)
            && let Ok(Some(meta)) = look(&directory, name)
            && meta.kind != Kind::Directory
            && meta.seconds < now.saturating_sub(FORGOTTEN_AFTER_S)
        {
            let _ = rustix::fs::unlinkat(&directory, name, rustix::fs::AtFlags::empty());
        }
    }
}

/// One page of a directory, in the order of names, and whether there is more. No more than the page is kept in
/// memory, however large the directory is.
pub(crate) fn page(
    tree: &Tree,
    path: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<Entry>, bool), FilesError> {
    let directory = tree.directory(path)?;
    let mut names = BTreeSet::new();
    let mut more = false;
    for name in raw_names(&directory, path)? {
        let Ok(name) = String::from_utf8(name?) else { continue };
        if check_name(&name).is_ok() && after.is_none_or(|after| name.as_str() > after) {
            names.insert(name);
            if names.len() > limit {
                names.pop_last();
                more = true;
            }
        }
    }
    let seen = |name: String| {
        // What is gone since is not there.
        let meta = look(&directory, &name).ok()??;
        let target = if meta.kind == Kind::Link { tree.target(&join(path, &name)).ok()? } else { None };
        Some(Entry { path: name, meta, target: target.filter(|target| target.len() <= 4096) })
    };
    Ok((names.into_iter().filter_map(seen).collect(), more))
}

/// Shows everything below a directory, what contains something before what is in it. Paths are told from that
/// directory on.
///
/// # Errors
/// What `show` says, or the directory itself.
pub(crate) fn walk(
    tree: &Tree,
    path: &str,
    ignore: &Ignore,
    sweep: Sweep,
    show: &mut dyn FnMut(Walked) -> Result<(), FilesError>,
) -> Result<(), FilesError> {
    let mut open = vec![level(tree, path, "", show)?];
    while let Some(names) = open.last_mut() {
        let Some((above, name)) = names.next() else {
            open.pop();
            continue;
        };
        let below = join(&above, &name);
        match see(tree, path, &below, &name, (ignore, sweep))? {
            None => {}
            Some(Walked::Entry(entry)) if entry.meta.kind == Kind::Directory => {
                show(Walked::Entry(entry))?;
                match level(tree, path, &below, show) {
                    Ok(level) => open.push(level),
                    Err(FilesError::Refused { words, .. }) => show(skipped(&below, &words))?,
                    Err(error) => return Err(error),
                }
            }
            Some(walked) => show(walked)?,
        }
    }
    Ok(())
}

type Level = Box<dyn Iterator<Item = (String, String)>>;

fn level(
    tree: &Tree,
    path: &str,
    below: &str,
    show: &mut dyn FnMut(Walked) -> Result<(), FilesError>,
) -> Result<Level, FilesError> {
    let (_, names, odd) = tree.names(&join(path, below))?;
    if odd > 0 {
        show(skipped(&join(below, "…"), &format!("{odd} names here are no text")))?;
    }
    let above = below.to_owned();
    Ok(Box::new(names.into_iter().map(move |name| (above.clone(), name))))
}

fn see(
    tree: &Tree,
    path: &str,
    below: &str,
    name: &str,
    (ignore, sweep): (&Ignore, Sweep),
) -> Result<Option<Walked>, FilesError> {
    if name.starts_with(crate::name::PART) {
        sweep.look_at(tree, &join(path, below), name);
        return Ok(None);
    }
    if let Err(why) = check_name(name) {
        return Ok(Some(skipped(below, why)));
    }
    let whole = join(path, below);
    let meta = match tree.stat(&whole) {
        Ok(Some(meta)) => meta,
        Ok(None) => return Ok(None),
        Err(FilesError::Refused { words, .. }) => return Ok(Some(skipped(below, &words))),
        Err(error) => return Err(error),
    };
    if ignore.covers(below, meta.kind == Kind::Directory) {
        return Ok(None);
    }
    Ok(match meta.kind {
        Kind::File | Kind::Directory => Some(entry(below, meta, None)),
        Kind::Other => Some(skipped(below, "it is a device, a socket or a pipe")),
        Kind::Link => Some(match tree.target(&whole) {
            Ok(Some(target)) if stays_inside(below, &target) => entry(below, meta, Some(target)),
            _ => skipped(below, "it is a link that could lead out of the directory"),
        }),
    })
}

fn entry(path: &str, meta: Meta, target: Option<String>) -> Walked {
    Walked::Entry(Entry { path: path.to_owned(), meta, target })
}

fn skipped(path: &str, why: &str) -> Walked {
    Walked::Skipped(Skipped { path: shown(path), why: shown(why) })
}
