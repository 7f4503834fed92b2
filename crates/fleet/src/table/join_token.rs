//! Join tokens: only what they hash to is here, and what became of each.

use diwan_kernel::db::{BuiltSql, Row};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

use super::{rows, word};
use crate::join_token::{JoinTokenId, MachinePolicy};
use crate::label::Labels;
use crate::machine::MachineId;

/// A join token.
#[derive(Debug, Clone)]
pub(crate) struct JoinToken {
    pub(crate) id: JoinTokenId,
    pub(crate) hash: [u8; 32],
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) policy: MachinePolicy,
    /// The machine that joins anew with it.
    pub(crate) rejoins: Option<MachineId>,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: Option<String>,
    pub(crate) expires_at: Timestamp,
    pub(crate) withdrawn_at: Option<Timestamp>,
    pub(crate) used_at: Option<Timestamp>,
    /// SHA-256 of the key that used it.
    pub(crate) key_hash: Option<Vec<u8>>,
    /// The machine that joined with it.
    pub(crate) machine: Option<MachineId>,
}

fn read(row: &Row) -> Result<JoinToken, DbError> {
    Ok(JoinToken {
        id: row.get("id")?,
        hash: row.get("hash")?,
        name: row.get("name")?,
        labels: Labels::parse(&row.get::<String>("labels")?),
        policy: word(row, "policy", MachinePolicy::parse)?,
        rejoins: row.get("rejoins")?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
        expires_at: row.get("expires_at")?,
        withdrawn_at: row.get("withdrawn_at")?,
        used_at: row.get("used_at")?,
        key_hash: row.get("key_hash")?,
        machine: row.get("machine_id")?,
    })
}

/// The token that hashes to this.
pub(crate) async fn find_hashed(db: &Db, hash: [u8; 32]) -> Result<Option<JoinToken>, DbError> {
    let sql = "SELECT * FROM fleet_join_token WHERE hash = $1";
    db.query_opt(sql, params![hash]).await?.as_ref().map(read).transpose()
}

/// The token with this id.
pub(crate) async fn find(db: &Db, id: JoinTokenId) -> Result<Option<JoinToken>, DbError> {
    let sql = "SELECT * FROM fleet_join_token WHERE id = $1";
    db.query_opt(sql, params![id]).await?.as_ref().map(read).transpose()
}

/// Tokens before this one, newest first.
pub(crate) async fn list(db: &Db, before: Option<JoinTokenId>, limit: usize) -> Result<Vec<JoinToken>, DbError> {
    let sql = BuiltSql::new("SELECT * FROM fleet_join_token WHERE 1 = 1")
        .push_if(" AND id < ?", before)
        .push(" ORDER BY id DESC LIMIT ?", params![rows(limit)]);
    db.query_built(sql).await?.iter().map(read).collect()
}

/// Adds one.
pub(crate) async fn insert(tx: &mut Tx, token: &JoinToken) -> Result<(), DbError> {
    let sql = "INSERT INTO fleet_join_token
             (id, hash, name, labels, policy, rejoins, created_at, created_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = params![
        token.id,
        token.hash,
        token.name.clone(),
        token.labels.stored(),
        token.policy.as_str(),
        token.rejoins,
        token.created_at,
        token.created_by.clone(),
        token.expires_at,
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Spends a token. False when it was spent or withdrawn before, or has expired: of many at once one is first.
pub(crate) async fn spend(tx: &mut Tx, id: JoinTokenId, key_hash: [u8; 32], now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_join_token SET used_at = $1, key_hash = $2
         WHERE id = $3 AND used_at IS NULL AND withdrawn_at IS NULL AND expires_at > $1";
    Ok(tx.execute(sql, params![now, key_hash, id]).await? == 1)
}

/// Notes who joined with it.
pub(crate) async fn set_machine(tx: &mut Tx, id: JoinTokenId, machine: MachineId) -> Result<(), DbError> {
    let sql = "UPDATE fleet_join_token SET machine_id = $1 WHERE id = $2";
    tx.execute(sql, params![machine, id]).await.map(drop)
}

/// Withdraws a token. False when it was spent or withdrawn before.
pub(crate) async fn withdraw(tx: &mut Tx, id: JoinTokenId, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_join_token SET withdrawn_at = $1
         WHERE id = $2 AND used_at IS NULL AND withdrawn_at IS NULL";
    Ok(tx.execute(sql, params![now, id]).await? == 1)
}

/// Forgets tokens that ended before this.
pub(crate) async fn forget(tx: &mut Tx, before: Timestamp) -> Result<(), DbError> {
    tx.execute("DELETE FROM fleet_join_token WHERE expires_at < $1", params![before]).await.map(drop)
}
