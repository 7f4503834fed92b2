//! Copying whole directories, in either direction. What is there already and looks the same is left as it is;
//! nothing is removed.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use crate::ahead::{self, ASKED_AT_ONCE, SMALL};
use crate::client::{Arrival, Client, Settled};
use crate::error::{Code, FilesError};
use crate::ignore::Ignore;
use crate::message::{Entry, Kind, Meta, Over};
use crate::name::{join, shown, split};
use crate::tree::{Tree, same_content};
use crate::walk::{self, Sweep, Walked};

/// What is told while files are copied.
pub trait Watch {
    /// So many bytes more were dealt with.
    fn moved(&mut self, bytes: u64);
    /// This was copied; `is_new` unless it was there and the same.
    fn copied(&mut self, path: &str, meta: &Meta, is_new: bool);
    /// This was not.
    fn left(&mut self, path: &str, why: &str);
}

/// Sends everything below a directory of this machine.
///
/// # Errors
/// [`FilesError`] when it cannot go on; what concerns one file is told to `watch`.
pub fn send<R: Read, W: Write>(
    client: &mut Client<R, W>,
    (tree, from): (&Tree, &str),
    to: &str,
    ignore: &Ignore,
    watch: &mut dyn Watch,
) -> Result<(), FilesError> {
    client.make_directory(to, None)?;
    let there = look(client, to, ignore)?;
    walk::walk(tree, from, ignore, Sweep::NOT, &mut |walked| {
        match walked {
            Walked::Skipped(skipped) => watch.left(&skipped.path, &skipped.why),
            Walked::Entry(entry) => send_one(client, (tree, from), to, (&entry, &there), watch)?,
        }
        Ok(())
    })?;
    ahead::all(client, &mut |settled| tell(settled, watch))
}

fn look<R: Read, W: Write>(
    client: &mut Client<R, W>,
    path: &str,
    ignore: &Ignore,
) -> Result<BTreeMap<String, Entry>, FilesError> {
    let mut there = BTreeMap::new();
    client.walk(path, ignore, &mut |walked| {
        if let Walked::Entry(entry) = walked {
            there.insert(entry.path.clone(), entry);
        }
        Ok(())
    })?;
    Ok(there)
}

fn send_one<R: Read, W: Write>(
    client: &mut Client<R, W>,
    (tree, from): (&Tree, &str),
    to: &str,
    (entry, there): (&Entry, &BTreeMap<String, Entry>),
    watch: &mut dyn Watch,
) -> Result<(), FilesError> {
    let (here, path) = (join(from, &entry.path), join(to, &entry.path));
    let there = there.get(&entry.path);
    if there.is_some_and(|there| is_same(there, entry)) {
        watch.moved(entry.meta.size);
        watch.copied(&entry.path, &entry.meta, false);
        return Ok(());
    }
    let over = if there.is_some() { Over::Anything } else { Over::Nothing };
    ahead::make_room(client, &mut |settled| tell(settled, watch))?;
    let done = match (entry.meta.kind, &entry.target) {
        (Kind::Directory, _) => return client.make_directory_ahead(&path, entry.meta.mode),
        (Kind::File, _) => match tree.file(&here) {
            Ok((open, meta)) if there.is_none() && meta.size <= SMALL => {
                return client.put_ahead((&here, open, meta), &path, over, &mut |bytes| watch.moved(bytes));
            }
            Ok((open, meta)) => {
                ahead::all(client, &mut |settled| tell(settled, watch))?;
                let arrival = Arrival { with_basis: true, ..Arrival::like(&meta, over) };
                client.put((&here, open, meta), &path, &arrival, &mut |bytes| watch.moved(bytes))
            }
            Err(error) => Err(error),
        },
        (_, Some(target)) => {
            ahead::all(client, &mut |settled| tell(settled, watch))?;
            let over = there.map_or(Over::Nothing, |there| Over::Seen(there.meta));
            client.make_link(&path, target, &over)
        }
        _ => Ok(None),
    };
    if let Err(error) = &done
        && error.code().is_none()
    {
        return done.map(drop);
    }
    tell((entry.path.clone(), done), watch);
    Ok(())
}

fn is_same(one: &Entry, other: &Entry) -> bool {
    let links = (one.meta.kind, other.meta.kind) == (Kind::Link, Kind::Link);
    (links || same_content(&one.meta, &other.meta))
        && one.target == other.target
        && (links || one.meta.mode == other.meta.mode)
}

fn tell((path, done): Settled, watch: &mut dyn Watch) {
    match done {
        Ok(Some(meta)) => watch.copied(&path, &meta, true),
        Ok(None) => {}
        Err(error) => watch.left(&shown(&path), &error.to_string()),
    }
}

/// Fetches everything below a directory of the other machine.
///
/// # Errors
/// As [`send`].
pub fn fetch<R: Read, W: Write>(
    client: &mut Client<R, W>,
    from: &str,
    (tree, to): (&Tree, &str),
    ignore: &Ignore,
    watch: &mut dyn Watch,
) -> Result<(), FilesError> {
    tree.make_directory(to, None, true)?;
    let (mut entries, mut modes) = (vec![], vec![]);
    client.walk(from, ignore, &mut |walked| {
        match walked {
            Walked::Skipped(skipped) => watch.left(&skipped.path, &skipped.why),
            Walked::Entry(entry) => entries.push(entry),
        }
        Ok(())
    })?;
    let mut rest = &entries[..];
    while let Some((entry, after)) = rest.split_first() {
        let asked = rest.iter().take(ASKED_AT_ONCE).take_while(|entry| is_small_and_new(tree, to, entry)).count();
        if asked > 0 {
            let (now, later) = rest.split_at(asked);
            fetch_together(client, from, (tree, to), now, watch)?;
            rest = later;
            continue;
        }
        fetch_one(client, from, (tree, to), entry, &mut modes, watch)?;
        rest = after;
    }
    // What was told to be read-only is made so when all is in it.
    for (path, seen, meta) in modes {
        if let Err(error) = tree.set_meta(&path, &seen, &meta) {
            watch.left(&shown(&path), &error.to_string());
        }
    }
    Ok(())
}

fn is_small_and_new(tree: &Tree, to: &str, entry: &Entry) -> bool {
    let is_small = entry.meta.kind == Kind::File && entry.meta.size <= SMALL;
    is_small && matches!(tree.stat(&join(to, &entry.path)), Ok(None))
}

fn fetch_together<R: Read, W: Write>(
    client: &mut Client<R, W>,
    from: &str,
    (tree, to): (&Tree, &str),
    entries: &[Entry],
    watch: &mut dyn Watch,
) -> Result<(), FilesError> {
    for entry in entries {
        client.ask(&join(from, &entry.path))?;
    }
    for entry in entries {
        let here = join(to, &entry.path);
        let done = client.take_asked((tree, &here), &Over::Nothing, &mut |bytes| watch.moved(bytes));
        go_on(done, &entry.path, watch)?;
    }
    Ok(())
}

fn fetch_one<R: Read, W: Write>(
    client: &mut Client<R, W>,
    from: &str,
    (tree, to): (&Tree, &str),
    entry: &Entry,
    modes: &mut Vec<(String, Meta, Meta)>,
    watch: &mut dyn Watch,
) -> Result<(), FilesError> {
    let (there, here) = (join(from, &entry.path), join(to, &entry.path));
    let now = match tree.stat(&here) {
        Ok(now) => now,
        Err(error) => return go_on(Err(error), &entry.path, watch),
    };
    if now.is_some_and(|now| {
        entry.meta.kind == Kind::File && same_content(&now, &entry.meta) && now.mode == entry.meta.mode
    }) {
        watch.moved(entry.meta.size);
        watch.copied(&entry.path, &entry.meta, false);
        return Ok(());
    }
    let done = match (entry.meta.kind, &entry.target) {
        (Kind::Directory, _) => {
            let made = tree.make_directory(&here, Some(entry.meta.mode), false);
            if now.is_none() && entry.meta.mode & 0o700 != 0o700 {
                modes.push((here.clone(), entry.meta, entry.meta));
            }
            made.map(|()| entry.meta)
        }
        (Kind::File, _) => {
            let over = if now.is_some() { Over::Anything } else { Over::Nothing };
            client.get(&there, (tree, &here), &over, &mut |bytes| watch.moved(bytes))
        }
        (_, Some(target)) => {
            let over = now.map_or(Over::Nothing, Over::Seen);
            tree.make_link(&here, target, &over).map(|()| entry.meta)
        }
        _ => Err(FilesError::refused(Code::OtherKind, "it does not travel")),
    };
    go_on(done, &entry.path, watch)
}

fn go_on(done: Result<Meta, FilesError>, path: &str, watch: &mut dyn Watch) -> Result<(), FilesError> {
    match done {
        Ok(meta) => watch.copied(path, &meta, true),
        Err(error) if error.code().is_some() => watch.left(&shown(path), &error.to_string()),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// The name that something copied gets when it goes into a directory: its last name.
#[must_use]
pub fn last_name(path: &str) -> &str {
    split(path.trim_end_matches('/')).1
}
