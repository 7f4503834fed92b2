//! What must be true of what a power cut leaves, before any program has seen it.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, Row};

use super::disk::Image;
use super::journal;
use super::watch::{Carried, Watched};
use crate::job_faults::work::{is_whole, says};

/// What is left of the control plane and of the machine, and when the power was cut.
pub(super) struct Left<'a> {
    pub(super) line: usize,
    pub(super) server: &'a Image,
    pub(super) bridge: &'a Image,
}

/// Looks at what is left, with a directory to lay it out in.
pub(super) fn look(left: &Left<'_>, watched: &Watched, dir: &Path) {
    let path = lay_out(left.server, dir);
    is_whole(&path);
    let database = Connection::open(&path).expect("a database");
    what_was_told_is_so(&database, left.line, watched);
    let orphans = "SELECT COUNT(*) FROM job WHERE state IN ('leased', 'running')
        AND (command_id IS NULL OR command_id NOT IN (SELECT id FROM fleet_command))";
    let orphans: i64 = database.query_row(orphans, [], |row| row.get(0)).expect("a count");
    assert_eq!(orphans, 0, "leased without an errand");
    outputs_are_whole(&database, left.server, &watched.carried);
    machine_knows_what_it_must(&database, left, watched);
}

/// Lays a database out, as it is found after a power cut.
fn lay_out(image: &Image, dir: &Path) -> std::path::PathBuf {
    for name in ["diwan.db", "diwan.db-wal", "diwan.db-shm"] {
        let path = dir.join(name);
        // What is not there may be left from the one before.
        let _ = std::fs::remove_file(&path);
        if let Some(Some(bytes)) = image.get(Path::new(name)) {
            std::fs::write(path, bytes).expect("room");
        }
    }
    dir.join("diwan.db")
}

/// Every job that was told of is there, and one whose end was told has ended so.
fn what_was_told_is_so(database: &Connection, line: usize, watched: &Watched) {
    let jobs = rows(database, "SELECT id, idempotency_key, state FROM job", |row| {
        Ok((row.get::<_, String>(0)?, (row.get::<_, String>(1)?, row.get::<_, String>(2)?)))
    });
    let jobs: BTreeMap<_, _> = jobs.into_iter().collect();
    for (_, told) in watched.record.told.iter().filter(|(at, _)| *at < line) {
        let id = told["id"].as_str().expect("an id");
        let (key, state) = jobs.get(id).unwrap_or_else(|| panic!("acknowledged and lost: {told:#}"));
        assert_eq!(told["idempotency_key"], key.as_str());
        let has_ended = told["ended_at"].is_string();
        assert!(!has_ended || told["state"] == state.as_str(), "{key} is {state} now, and was told as {told:#}");
    }
}

/// What is told to have been said was: as it was said, or packed.
fn outputs_are_whole(database: &Connection, server: &Image, carried: &Carried) {
    let keys: BTreeMap<&str, &str> = carried.iter().map(|(key, command)| (command.as_str(), key.as_str())).collect();
    let ended = "SELECT id, output_bytes FROM fleet_command WHERE state = 'ended'";
    for (command, length) in rows(database, ended, |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))) {
        let (said, length) = (says(keys[command.as_str()]), length as usize);
        let kept = |name: &str| server.get(&Path::new("outputs").join(&command).join(name)).and_then(Option::as_ref);
        let is_plain = kept("1").is_some_and(|kept| kept.get(..length).is_some_and(|kept| said.starts_with(kept)));
        let is_packed = kept("1.packed").is_some_and(|packed| packed_length(packed) == Some(length));
        assert!(length == 0 || is_plain || is_packed, "what {command} has said is lost: {length} bytes");
    }
}

/// How long that was which is packed here; what it was, its own checks say when it is read.
fn packed_length(packed: &[u8]) -> Option<usize> {
    let tail = packed.split_last_chunk::<28>()?.1;
    let length = tail.strip_prefix(b"DIWANPK1")?.first_chunk()?;
    usize::try_from(u64::from_be_bytes(*length)).ok()
}

/// A step that has begun is known where it ran, until its end is known for ever. What it said may be lost there with
/// the power, but what is left is a beginning of it.
fn machine_knows_what_it_must(database: &Connection, left: &Left<'_>, watched: &Watched) {
    let journal = journal::of(left.bridge);
    for (_, key) in watched.record.began.iter().filter(|(at, _)| *at < left.line) {
        let command = watched.carried.get(key).unwrap_or_else(|| panic!("{key} is no job"));
        let is_known = journal.began.contains(command) || journal.forgotten.contains(command);
        assert!(is_known, "{command} of {key} has begun, and its machine does not know it");
        let said = left.bridge.get(&Path::new("spool").join(format!("{command}.1"))).cloned().flatten();
        assert!(says(key).starts_with(&said.unwrap_or_default()), "{command} of {key} has never said that");
    }
    let open = "SELECT id, 0 FROM fleet_command WHERE state IN ('waiting', 'written')";
    for (command, _) in rows(database, open, |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))) {
        assert!(!journal.forgotten.contains(&command), "{command} is open, and its machine has forgotten it");
    }
}

fn rows<T>(database: &Connection, sql: &str, read: impl Fn(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
    let mut statement = database.prepare(sql).expect("a statement");
    let rows = statement.query_map([], |row| read(row)).expect("rows");
    rows.map(|row| row.expect("a row")).collect()
}
