//! Where the trail stands: one row, and the lock that makes the trail one line on PostgreSQL.

use diwan_kernel::db::{Db, DbError, Row, Tx};
use diwan_kernel::params;

use crate::canonical::Hash;

/// The end of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) seq: i64,
    pub(crate) hash: Hash,
    pub(crate) seal: Vec<u8>,
}

fn read(row: &Row) -> Result<Head, DbError> {
    Ok(Head { seq: row.get("seq")?, hash: row.get("hash")?, seal: row.get("seal")? })
}

/// The end of the trail, if it has one that can be read.
pub(crate) async fn find(db: &Db) -> Result<Option<Head>, DbError> {
    let row = db.query_opt("SELECT seq, hash, seal FROM audit_head WHERE id = 1", vec![]).await?;
    Ok(row.and_then(|row| read(&row).ok()))
}

/// Takes the next places for this unit of work: who comes after waits until it is committed or undone.
/// The head that is given back is the one before; `None` when there is none.
pub(crate) async fn take_next(tx: &mut Tx, count: i64) -> Result<Option<Head>, DbError> {
    let sql = "UPDATE audit_head SET seq = seq + $1 WHERE id = 1 RETURNING seq - $1 AS seq, hash, seal";
    tx.query_opt(sql, params![count]).await?.map(|row| read(&row)).transpose()
}

/// Says what the trail ends with now.
pub(crate) async fn set(tx: &mut Tx, hash: &Hash, seal: &Hash) -> Result<(), DbError> {
    tx.execute("UPDATE audit_head SET hash = $1, seal = $2 WHERE id = 1", params![*hash, *seal]).await.map(drop)
}

/// Begins a trail, unless one was begun: where entries or checkpoints are, a missing head is no beginning.
/// Says whether it began.
pub(crate) async fn begin_trail(tx: &mut Tx, hash: &Hash, seal: &Hash) -> Result<bool, DbError> {
    let sql = "INSERT INTO audit_head (id, seq, hash, seal)
        SELECT 1, 0, $1, $2
        WHERE NOT EXISTS (SELECT 1 FROM audit_entry) AND NOT EXISTS (SELECT 1 FROM audit_checkpoint)
        ON CONFLICT (id) DO NOTHING";
    Ok(tx.execute(sql, params![*hash, *seal]).await? == 1)
}
