//! The entries of the trail.

use std::ops::ControlFlow;

use diwan_kernel::Timestamp;
use diwan_kernel::db::{BuiltSql, Cell, Db, DbError, Row, RowRef, Tx, Value, like_pattern};
use diwan_kernel::params;

use crate::canonical::{FIELDS, Hash, encode};
use crate::entry::{AuditEntry, Link};
use crate::filter::Filter;
use crate::suspicion::{COUNT, NEW_ADDRESS};

const INSERT: &str = "INSERT INTO audit_entry (seq, id, at, actor_kind, actor_id, actor_name, action,
    resource_kind, resource_id, outcome, command, machine, address, user_agent, request_id, duration_ms,
    error, metadata, hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";

const LINKS: &str = "SELECT seq, hash, id, at, actor_kind, actor_id, actor_name, action, resource_kind, resource_id,
    outcome, command, machine, address, user_agent, request_id, duration_ms, error, metadata
    FROM audit_entry WHERE seq >= $1 AND seq <= $2 ORDER BY seq LIMIT $3";

const LIST: &str = "SELECT seq, id, at, actor_kind, actor_id, actor_name, action, resource_kind, resource_id,
    outcome, command, machine, address, user_agent, request_id, duration_ms, error, metadata, hash
    FROM audit_entry WHERE 1 = 1";

/// An entry as it is inserted.
pub(crate) fn row(seq: i64, fields: Vec<Value>, hash: Hash) -> Vec<Value> {
    let mut values = Vec::with_capacity(fields.len() + 2);
    values.push(seq.into());
    values.extend(fields);
    values.push(hash.into());
    values
}

/// Appends entries.
pub(crate) async fn insert(tx: &mut Tx, rows: &[Vec<Value>]) -> Result<(), DbError> {
    tx.execute_many(INSERT, rows).await
}

/// The rows after `seq`, as they stand, oldest first.
pub(crate) async fn links_after(db: &Db, seq: i64, limit: i64) -> Result<Vec<Link>, DbError> {
    let first = seq.saturating_add(1);
    db.scan(LINKS, params![first, i64::MAX, limit], vec![], |links, row| {
        links.push(link(row));
        ControlFlow::Continue(())
    })
    .await
}

/// Looks at the rows from `first` to `last` as they stand, one after the other; `look` is given the
/// place, the canonical bytes and the hash, and may stop.
pub(crate) async fn look_through<S: Send + 'static>(
    db: &Db,
    (first, last): (i64, i64),
    state: S,
    mut look: impl FnMut(&mut S, i64, &[u8], Option<Hash>) -> ControlFlow<()> + Send + 'static,
) -> Result<S, DbError> {
    let mut bytes = Vec::with_capacity(1024);
    db.scan(LINKS, params![first, last, i64::MAX], state, move |state, row| {
        bytes.clear();
        encode_fields(row, &mut bytes);
        look(state, seq(row), &bytes, hash(row))
    })
    .await
}

fn link(row: &RowRef<'_>) -> Link {
    let mut bytes = Vec::with_capacity(512);
    encode_fields(row, &mut bytes);
    Link { seq: seq(row), bytes, hash: hash(row) }
}

/// The fields stand behind the place and the hash, in the order in which they are hashed.
fn encode_fields(row: &RowRef<'_>, bytes: &mut Vec<u8>) {
    encode((2..2 + FIELDS.len()).map(|at| row.cell(at)), bytes);
}

/// The key of the table is always a whole number.
fn seq(row: &RowRef<'_>) -> i64 {
    if let Cell::Int(seq) = row.cell(0) { seq } else { i64::MIN }
}

fn hash(row: &RowRef<'_>) -> Option<Hash> {
    if let Cell::Blob(bytes) = row.cell(1) { bytes.try_into().ok() } else { None }
}

/// The hash of the entry at `seq`.
pub(crate) async fn find_hash(db: &Db, seq: i64) -> Result<Option<Hash>, DbError> {
    let row = db.query_opt("SELECT hash FROM audit_entry WHERE seq = $1", params![seq]).await?;
    Ok(row.and_then(|row| row.get("hash").ok()))
}

/// The lowest place that is taken.
pub(crate) async fn first_seq(db: &Db) -> Result<Option<i64>, DbError> {
    let row = db.query_opt("SELECT MIN(seq) AS seq FROM audit_entry", vec![]).await?;
    row.map_or(Ok(None), |row| row.get("seq"))
}

/// The highest place that is taken; 0 when there is none.
pub(crate) async fn last_seq(db: &Db) -> Result<i64, DbError> {
    let row = db.query_opt("SELECT COALESCE(MAX(seq), 0) AS seq FROM audit_entry", vec![]).await?;
    row.map_or(Ok(0), |row| row.get("seq"))
}

/// Entries that fit the filter, newest first, those before `before` only.
pub(crate) async fn list(
    db: &Db,
    filter: &Filter,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<AuditEntry>, DbError> {
    let sql =
        filtered(filter).push_if(" AND seq < ?", before).push(" ORDER BY seq DESC LIMIT ?", params![limit as i64]);
    db.query_built(sql).await?.iter().map(AuditEntry::from_row).collect()
}

/// Entries that fit the filter with their hashes, oldest first, from after `after` up to `last`.
pub(crate) async fn list_for_export(
    db: &Db,
    filter: &Filter,
    after: i64,
    last: i64,
    limit: i64,
) -> Result<Vec<(AuditEntry, Option<Hash>)>, DbError> {
    let range = filtered(filter).push(" AND seq > ? AND seq <= ?", params![after, last]);
    let rows = db.query_built(range.push(" ORDER BY seq LIMIT ?", params![limit])).await?;
    rows.iter().map(|row| Ok((AuditEntry::from_row(row)?, row.get("hash").ok()))).collect()
}

fn filtered(filter: &Filter) -> BuiltSql {
    let Filter { actor, action, resource, outcome, since, until, search } = filter;
    let mut sql = BuiltSql::new(LIST);
    if let Some(actor) = actor {
        let named = like_pattern(&actor.to_lowercase());
        sql = sql.push(" AND (actor_id = ? OR lower(actor_name) LIKE ? ESCAPE '\\')", params![actor, named]);
    }
    if let Some(resource) = resource {
        let (kind, id) = resource.split_once(':').map_or((&**resource, None), |(kind, id)| (kind, Some(id)));
        sql = match id {
            Some(id) => sql.push(" AND resource_kind = ? AND resource_id = ?", params![kind, id]),
            None => sql.push(" AND (resource_kind = ? OR resource_id = ?)", params![kind, kind]),
        };
    }
    if let Some(search) = search {
        sql = sql.push(SEARCH, vec![like_pattern(&search.to_lowercase()).into(); 8]);
    }
    sql.push_if(" AND action LIKE ? ESCAPE '\\'", action.as_deref().map(beginning))
        .push_if(" AND outcome = ?", outcome.map(|o| o.as_str()))
        .push_if(" AND at >= ?", *since)
        .push_if(" AND at < ?", *until)
}

const SEARCH: &str = " AND (lower(action) LIKE ? ESCAPE '\\' OR lower(actor_name) LIKE ? ESCAPE '\\'
    OR lower(actor_id) LIKE ? ESCAPE '\\' OR lower(resource_id) LIKE ? ESCAPE '\\'
    OR lower(address) LIKE ? ESCAPE '\\' OR lower(error) LIKE ? ESCAPE '\\'
    OR lower(request_id) LIKE ? ESCAPE '\\' OR lower(metadata) LIKE ? ESCAPE '\\')";

/// The pattern of everything that begins with this text.
fn beginning(text: &str) -> String {
    like_pattern(text).split_off(1)
}

/// Removes the oldest entries, up to and including `seq`; says how many there were.
pub(crate) async fn remove_up_to(tx: &mut Tx, seq: i64) -> Result<u64, DbError> {
    tx.execute("DELETE FROM audit_entry WHERE seq <= $1", params![seq]).await
}

/// Entries after `seq` that may be part of something suspicious: refusals, failures, and whoever
/// came in from a new address.
pub(crate) async fn noteworthy_after(db: &Db, seq: i64, limit: i64) -> Result<Vec<AuditEntry>, DbError> {
    let sql = "SELECT * FROM audit_entry
        WHERE seq > $1 AND (outcome <> 'ok' OR metadata LIKE $2) ORDER BY seq LIMIT $3";
    let flagged = format!("%\"{NEW_ADDRESS}\":true%");
    db.query(sql, params![seq, flagged, limit]).await?.iter().map(AuditEntry::from_row).collect()
}

/// What somebody was called when they last did something.
pub(crate) async fn latest_name_of(db: &Db, actor: &str) -> Result<Option<String>, DbError> {
    let sql = "SELECT actor_name FROM audit_entry
        WHERE actor_id = $1 AND actor_name <> '' ORDER BY seq DESC LIMIT 1";
    db.query_opt(sql, params![actor]).await?.map(|row| row.get("actor_name")).transpose()
}

/// By what entries belong together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// Whoever did it.
    Actor(String),
    /// Where it came from.
    Address(String),
    /// The account that somebody unknown tried to enter.
    Account(String),
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Actor(id) => write!(f, "actor:{id}"),
            Self::Address(address) => write!(f, "address:{address}"),
            Self::Account(id) => write!(f, "account:{id}"),
        }
    }
}

/// How often, and since when, something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
}

/// Counts the refusals or the failures of a subject between two moments. One entry may stand for
/// many refusals: then it says how many.
pub(crate) async fn tally(
    db: &Db,
    subject: &Subject,
    refusals: bool,
    since: Timestamp,
    until: Timestamp,
) -> Result<Tally, DbError> {
    let sql = BuiltSql::new("SELECT at, metadata FROM audit_entry WHERE outcome <> 'ok'")
        .push(" AND at >= ? AND at <= ?", params![since, until]);
    let sql = if refusals { sql.push(" AND outcome = 'denied'", vec![]) } else { sql };
    let sql = match subject {
        Subject::Actor(id) => sql.push(" AND actor_id = ?", params![id]),
        Subject::Address(address) => sql.push(" AND address = ?", params![address]),
        Subject::Account(id) => {
            sql.push(" AND actor_kind = 'anonymous' AND resource_kind = 'user' AND resource_id = ?", params![id])
        }
    };
    let rows = db.query_built(sql.push(" ORDER BY seq DESC LIMIT ?", params![MOST_COUNTED])).await?;
    let counted = |row: &Row| {
        let metadata = row.get::<serde_json::Value>("metadata").unwrap_or_default();
        metadata.get(COUNT).and_then(serde_json::Value::as_i64)
    };
    let mut tally = Tally { count: 0, first_at: until };
    for row in &rows {
        let count = match counted(row) {
            // What was refused before anything was tried is no failure.
            Some(_) if !refusals => continue,
            Some(count) => count.max(1),
            None => 1,
        };
        tally.count = tally.count.saturating_add(count);
        tally.first_at = row.get("at").unwrap_or(until);
    }
    Ok(tally)
}

/// Enough to know that it is suspicious; a flood must not make the count itself slow.
const MOST_COUNTED: i64 = 2000;
