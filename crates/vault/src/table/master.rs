//! Master keys: never the keys themselves, but what brings them back.

use diwan_kernel::db::Row;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

use super::word;
use crate::envelope::MasterId;
use crate::master::MOST_WRAPS;
use crate::unseal::Guard;

/// A master key, as far as the database knows it.
#[derive(Debug, Clone)]
pub(crate) struct Master {
    pub(crate) id: MasterId,
    pub(crate) guard: Guard,
    pub(crate) memo: serde_json::Value,
    pub(crate) is_active: bool,
    pub(crate) vouching: Vec<u8>,
    pub(crate) wraps: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: Option<String>,
    pub(crate) signature: Vec<u8>,
}

fn read(row: &Row) -> Result<Master, DbError> {
    Ok(Master {
        id: word(row, "id", MasterId::parse)?,
        guard: word(row, "guard", Guard::parse)?,
        memo: row.get("memo")?,
        is_active: row.get::<String>("state")? == "active",
        vouching: row.get("vouching")?,
        wraps: row.get("wraps")?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
        signature: row.get::<Option<Vec<u8>>>("signature")?.unwrap_or_default(),
    })
}

const IN_USE: &str = "SELECT * FROM vault_master WHERE state <> 'retired' ORDER BY state, id";

/// The keys in use: the active one first, then those on their way out.
pub(crate) async fn list_in_use(db: &Db) -> Result<Vec<Master>, DbError> {
    db.query(IN_USE, params![]).await?.iter().map(read).collect()
}

/// Which keys are in use, and whether the vault is sealed by hand: what every server must agree about.
#[derive(Debug)]
pub(crate) struct Standing {
    /// The active one first.
    pub(crate) keys: Vec<MasterId>,
    pub(crate) is_sealed: bool,
}

/// How the vault stands in the database.
pub(crate) async fn standing(db: &Db) -> Result<Standing, DbError> {
    let sql = "SELECT s.sealed_at, m.id FROM vault_switch s LEFT JOIN vault_master m ON m.state <> 'retired'
         ORDER BY m.state, m.id";
    let found = db.query(sql, params![]).await?;
    let is_sealed = found.first().map_or(Ok(None), |row| row.get::<Option<Timestamp>>("sealed_at"))?.is_some();
    let ids = found.iter().map(|row| row.get::<Option<String>>("id")).collect::<Result<Vec<_>, _>>()?;
    Ok(Standing { keys: ids.iter().flatten().filter_map(|id| MasterId::parse(id)).collect(), is_sealed })
}

/// Adds a key. There is at most one active one.
pub(crate) async fn insert(tx: &mut Tx, master: &Master) -> Result<(), DbError> {
    let sql = "INSERT INTO vault_master (id, guard, memo, state, vouching, wraps, created_at, created_by, signature)
         VALUES ($1, $2, $3, 'active', $4, $5, $6, $7, $8)";
    let values = params![
        master.id.to_string(),
        master.guard.as_str(),
        master.memo.clone(),
        master.vouching.clone(),
        master.wraps,
        master.created_at,
        master.created_by.clone(),
        master.signature.clone(),
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Counts data keys wrapped under it; says how it is then, still with its old signature. `None` when it is
/// not the active key any more, or has wrapped as many as is safe.
pub(crate) async fn count_wraps(tx: &mut Tx, id: MasterId, n: i64) -> Result<Option<Master>, DbError> {
    let sql = "UPDATE vault_master SET wraps = wraps + $1 WHERE id = $2 AND state = 'active' AND wraps <= $3
         RETURNING *";
    tx.query_opt(sql, params![n, id.to_string(), MOST_WRAPS - n]).await?.as_ref().map(read).transpose()
}

/// Saves its signature.
pub(crate) async fn set_signature(tx: &mut Tx, master: &Master) -> Result<(), DbError> {
    let sql = "UPDATE vault_master SET signature = $1 WHERE id = $2";
    tx.execute(sql, params![master.signature.clone(), master.id.to_string()]).await.map(drop)
}

/// Saves the vouching key as it is wrapped now. False when it was wrapped anew meanwhile.
pub(crate) async fn set_vouching(tx: &mut Tx, id: MasterId, vouching: Vec<u8>, before: &[u8]) -> Result<bool, DbError> {
    let sql = "UPDATE vault_master SET vouching = $1 WHERE id = $2 AND vouching = $3";
    Ok(tx.execute(sql, params![vouching, id.to_string(), before]).await? == 1)
}

/// The active key begins to go. False when it is not the active one.
pub(crate) async fn begin_retiring(tx: &mut Tx, id: MasterId) -> Result<bool, DbError> {
    let sql = "UPDATE vault_master SET state = 'retiring' WHERE id = $1 AND state = 'active'";
    Ok(tx.execute(sql, params![id.to_string()]).await? == 1)
}

/// All keys are given up, with whatever they wrap; so are rotations that were under way.
pub(crate) async fn abandon_all(tx: &mut Tx, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE vault_rewrap SET finished_at = $1 WHERE finished_at IS NULL", params![now]).await?;
    let sql = "UPDATE vault_master SET state = 'retired', retired_at = $1 WHERE state <> 'retired'";
    tx.execute(sql, params![now]).await.map(drop)
}

/// A key is gone. False while anything is still wrapped by it.
pub(crate) async fn retire(tx: &mut Tx, id: MasterId, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE vault_master SET state = 'retired', retired_at = $1
         WHERE id = $2 AND state = 'retiring' AND NOT EXISTS (SELECT 1 FROM vault_version WHERE master_id = $2)
         AND NOT EXISTS (SELECT 1 FROM vault_own_key WHERE master_id = $2)";
    Ok(tx.execute(sql, params![now, id.to_string()]).await? == 1)
}
