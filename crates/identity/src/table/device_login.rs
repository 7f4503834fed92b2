//! Command lines that wait to be approved in a browser.

use diwan_kernel::db::Row;
use diwan_kernel::id::UserId;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

use super::word;
use crate::person::words;

words! {
    /// How far a device login is.
    pub(crate) Stage {
        /// Nobody has looked at it.
        Pending = "pending",
        /// Somebody approved it.
        Approved = "approved",
        /// Somebody denied it.
        Denied = "denied",
        /// The tokens were fetched.
        Done = "done",
    }
}

/// A device login, as stored.
#[derive(Debug, Clone)]
pub(crate) struct DeviceLogin {
    pub(crate) user_code: String,
    pub(crate) client_name: String,
    pub(crate) address: Option<String>,
    pub(crate) stage: Stage,
    pub(crate) user: Option<UserId>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

fn read(row: &Row) -> Result<DeviceLogin, DbError> {
    Ok(DeviceLogin {
        user_code: row.get("user_code")?,
        client_name: row.get("client_name")?,
        address: row.get("address")?,
        stage: word(row, "status", Stage::parse)?,
        user: row.get("user_id")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
    })
}

/// Adds one.
pub(crate) async fn insert(tx: &mut Tx, hash: [u8; 32], login: &DeviceLogin, interval_ms: i64) -> Result<(), DbError> {
    let sql = "INSERT INTO device_login (device_hash, user_code, client_name, address, status, interval_ms,
            last_polled_at, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)";
    let values = params![
        hash,
        &login.user_code,
        &login.client_name,
        login.address.clone(),
        login.stage.as_str(),
        interval_ms,
        login.created_at,
        login.expires_at,
    ];
    tx.execute(sql, values).await.map(drop)
}

/// How many wait for somebody to look at them.
pub(crate) async fn count_pending(tx: &mut Tx, now: Timestamp) -> Result<i64, DbError> {
    let sql = "SELECT COUNT(*) AS n FROM device_login WHERE expires_at > $1";
    tx.query_opt(sql, params![now]).await?.ok_or(DbError::Busy)?.get("n")
}

/// The one that waits under this code.
pub(crate) async fn find_pending(db: &Db, user_code: &str, now: Timestamp) -> Result<Option<DeviceLogin>, DbError> {
    let sql = "SELECT * FROM device_login WHERE user_code = $1 AND status = 'pending' AND expires_at > $2";
    db.query_opt(sql, params![user_code, now]).await?.as_ref().map(read).transpose()
}

/// Decides about the one that waits under this code. True for whoever is first.
pub(crate) async fn decide(
    tx: &mut Tx,
    user_code: &str,
    stage: Stage,
    user: UserId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let sql = "UPDATE device_login SET status = $1, user_id = $2
         WHERE user_code = $3 AND status = 'pending' AND expires_at > $4";
    Ok(tx.execute(sql, params![stage.as_str(), user, user_code, now]).await? == 1)
}

/// Notes a poll. False when it came before its time; then the next one must wait longer.
pub(crate) async fn poll(tx: &mut Tx, hash: [u8; 32], now: Timestamp, slower_by_ms: i64) -> Result<bool, DbError> {
    let sql =
        "UPDATE device_login SET last_polled_at = $1 WHERE device_hash = $2 AND last_polled_at + interval_ms <= $1";
    if tx.execute(sql, params![now, hash]).await? == 1 {
        return Ok(true);
    }
    let sql = "UPDATE device_login SET last_polled_at = $1, interval_ms = interval_ms + $2 WHERE device_hash = $3";
    tx.execute(sql, params![now, slower_by_ms, hash]).await?;
    Ok(false)
}

/// The one that this program asked for.
pub(crate) async fn find_by_hash(db: &Db, hash: [u8; 32]) -> Result<Option<DeviceLogin>, DbError> {
    let sql = "SELECT * FROM device_login WHERE device_hash = $1";
    db.query_opt(sql, params![hash]).await?.as_ref().map(read).transpose()
}

/// Forgets those that this person approved and whose tokens were not fetched.
pub(crate) async fn delete_approved(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    let sql = "DELETE FROM device_login WHERE user_id = $1 AND status = 'approved'";
    tx.execute(sql, params![user]).await.map(drop)
}

/// Fetches what was approved. True for whoever is first.
pub(crate) async fn finish(tx: &mut Tx, hash: [u8; 32], now: Timestamp) -> Result<bool, DbError> {
    let sql =
        "UPDATE device_login SET status = 'done' WHERE device_hash = $1 AND status = 'approved' AND expires_at > $2";
    Ok(tx.execute(sql, params![hash, now]).await? == 1)
}
