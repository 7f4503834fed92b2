//! The signed checkpoints.

use diwan_kernel::db::{Db, DbError, Row, Tx};
use diwan_kernel::{Timestamp, params};

use crate::canonical::Hash;
use crate::checkpoint::Checkpoint;

/// A row that somebody damaged still has a number and a place, so that it can be named.
fn read(row: &Row) -> Result<Checkpoint, DbError> {
    Ok(Checkpoint {
        number: row.get("number")?,
        seq: row.get("seq").unwrap_or_default(),
        hash: row.get("hash").unwrap_or_default(),
        at: row.get("at").unwrap_or_default(),
        previous: row.get("previous").unwrap_or_default(),
        key_id: row.get("key_id").unwrap_or_default(),
        signature: row.get("signature").unwrap_or_default(),
    })
}

/// The latest checkpoint.
pub(crate) async fn find_latest(db: &Db) -> Result<Option<Checkpoint>, DbError> {
    let row = db.query_opt("SELECT * FROM audit_checkpoint ORDER BY number DESC LIMIT 1", vec![]).await?;
    row.map(|row| read(&row)).transpose()
}

/// The latest checkpoint that was signed before a moment.
pub(crate) async fn find_latest_before(db: &Db, at: Timestamp) -> Result<Option<Checkpoint>, DbError> {
    let sql = "SELECT * FROM audit_checkpoint WHERE at < $1 ORDER BY number DESC LIMIT 1";
    db.query_opt(sql, params![at]).await?.map(|row| read(&row)).transpose()
}

/// The checkpoint with this number.
pub(crate) async fn find(db: &Db, number: i64) -> Result<Option<Checkpoint>, DbError> {
    let row = db.query_opt("SELECT * FROM audit_checkpoint WHERE number = $1", params![number]).await?;
    row.map(|row| read(&row)).transpose()
}

/// The checkpoints after `number`, oldest first.
pub(crate) async fn list_after(db: &Db, number: i64, limit: i64) -> Result<Vec<Checkpoint>, DbError> {
    let sql = "SELECT * FROM audit_checkpoint WHERE number > $1 ORDER BY number LIMIT $2";
    db.query(sql, params![number, limit]).await?.iter().map(read).collect()
}

/// The checkpoints before `number`, newest first.
pub(crate) async fn list_before(db: &Db, number: i64, limit: usize) -> Result<Vec<Checkpoint>, DbError> {
    let sql = "SELECT * FROM audit_checkpoint WHERE number < $1 ORDER BY number DESC LIMIT $2";
    db.query(sql, params![number, limit as i64]).await?.iter().map(read).collect()
}

/// The last checkpoint below `seq`, if any: entries after it are the ones in question.
pub(crate) async fn find_last_below(db: &Db, seq: i64) -> Result<Option<Checkpoint>, DbError> {
    let sql = "SELECT * FROM audit_checkpoint WHERE seq < $1 ORDER BY seq DESC LIMIT 1";
    db.query_opt(sql, params![seq]).await?.map(|row| read(&row)).transpose()
}

/// Saves a checkpoint; false when another node was first.
pub(crate) async fn insert(tx: &mut Tx, checkpoint: &Checkpoint) -> Result<bool, DbError> {
    let sql = "INSERT INTO audit_checkpoint (number, seq, hash, at, previous, key_id, signature)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (number) DO NOTHING";
    let Checkpoint { number, seq, hash, at, previous, key_id, signature } = checkpoint;
    let values = params![*number, *seq, *hash, *at, *previous, key_id, signature.clone()];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Removes the checkpoints before `number`.
pub(crate) async fn remove_before(tx: &mut Tx, number: i64) -> Result<u64, DbError> {
    tx.execute("DELETE FROM audit_checkpoint WHERE number < $1", params![number]).await
}

/// Place and hash of the checkpoints from `first` to `last`, as far as checkpoint `number`.
pub(crate) async fn list_within(db: &Db, first: i64, last: i64, number: i64) -> Result<Vec<(i64, Hash)>, DbError> {
    let sql = "SELECT seq, hash FROM audit_checkpoint
        WHERE seq >= $1 AND seq <= $2 AND number <= $3 ORDER BY seq";
    let rows = db.query(sql, params![first, last, number]).await?;
    Ok(rows.iter().filter_map(|row| Some((row.get("seq").ok()?, row.get("hash").ok()?))).collect())
}

/// The furthest checkpoint after number `from`, up to number `to`, whose place is not beyond `seq`;
/// or the next one, however far it reaches.
pub(crate) async fn find_step(db: &Db, from: i64, to: i64, seq: i64) -> Result<Option<Checkpoint>, DbError> {
    let sql = "SELECT * FROM audit_checkpoint WHERE number > $1 AND number <= $2 AND seq <= $3
        ORDER BY number DESC LIMIT 1";
    let furthest = db.query_opt(sql, params![from, to, seq]).await?;
    let next = "SELECT * FROM audit_checkpoint WHERE number > $1 AND number <= $2 ORDER BY number LIMIT 1";
    let row = match furthest {
        Some(row) => Some(row),
        None => db.query_opt(next, params![from, to]).await?,
    };
    row.map(|row| read(&row)).transpose()
}
