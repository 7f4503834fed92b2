//! Rotations of the master key: how far each has come.

use diwan_kernel::db::Row;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Id, Tx, id_kinds, params};

use super::{rows, word};
use crate::envelope::MasterId;

id_kinds! {
    /// A rotation of the master key.
    RewrapKind = "rwr",
}

/// The id of a rotation of the master key.
pub(crate) type RewrapId = Id<RewrapKind>;

/// A rotation of the master key.
#[derive(Debug, Clone)]
pub(crate) struct Rewrap {
    pub(crate) id: RewrapId,
    pub(crate) from: MasterId,
    pub(crate) to: MasterId,
    pub(crate) total: i64,
    pub(crate) done: i64,
    pub(crate) started_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<Rewrap, DbError> {
    Ok(Rewrap {
        id: row.get("id")?,
        from: word(row, "from_master", MasterId::parse)?,
        to: word(row, "to_master", MasterId::parse)?,
        total: row.get("total")?,
        done: row.get("done")?,
        started_at: row.get("started_at")?,
        finished_at: row.get("finished_at")?,
    })
}

/// Rotations, newest first.
pub(crate) async fn list(db: &Db, limit: usize) -> Result<Vec<Rewrap>, DbError> {
    let sql = "SELECT id, from_master, to_master, total, done, started_at, finished_at FROM vault_rewrap
         ORDER BY id DESC LIMIT $1";
    db.query(sql, params![rows(limit)]).await?.iter().map(read).collect()
}

/// The rotation that is not finished, if there is one.
pub(crate) async fn find_open(db: &Db) -> Result<Option<Rewrap>, DbError> {
    let sql = "SELECT id, from_master, to_master, total, done, started_at, finished_at FROM vault_rewrap
         WHERE finished_at IS NULL ORDER BY id LIMIT 1";
    db.query_opt(sql, params![]).await?.as_ref().map(read).transpose()
}

/// Begins a rotation.
pub(crate) async fn insert(tx: &mut Tx, rewrap: &Rewrap) -> Result<(), DbError> {
    let sql = "INSERT INTO vault_rewrap (id, from_master, to_master, total, done, started_at)
         VALUES ($1, $2, $3, $4, 0, $5)";
    let (from, to) = (rewrap.from.to_string(), rewrap.to.to_string());
    tx.execute(sql, params![rewrap.id, from, to, rewrap.total, rewrap.started_at]).await.map(drop)
}

/// Counts data keys that were wrapped anew.
pub(crate) async fn advance(tx: &mut Tx, id: RewrapId, by: i64) -> Result<(), DbError> {
    tx.execute("UPDATE vault_rewrap SET done = done + $1 WHERE id = $2", params![by, id]).await.map(drop)
}

/// Ends a rotation. False when that was done before.
pub(crate) async fn finish(tx: &mut Tx, id: RewrapId, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE vault_rewrap SET finished_at = $1 WHERE id = $2 AND finished_at IS NULL";
    Ok(tx.execute(sql, params![now, id]).await? == 1)
}
