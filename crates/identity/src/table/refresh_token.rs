//! Refresh tokens: a chain in each program's session, of which only the last one is good.

use diwan_kernel::id::{SessionId, UserId};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

/// A refresh token, as stored.
#[derive(Debug, Clone)]
pub(crate) struct RefreshToken {
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
}

/// The token with this hash, good or not.
pub(crate) async fn find(db: &Db, hash: [u8; 32]) -> Result<Option<RefreshToken>, DbError> {
    let sql = "SELECT r.session_id, s.user_id FROM refresh_token r
         JOIN session s ON s.id = r.session_id WHERE r.hash = $1";
    let Some(row) = db.query_opt(sql, params![hash]).await? else { return Ok(None) };
    Ok(Some(RefreshToken { session: row.get("session_id")?, user: row.get("user_id")? }))
}

/// When the token with this hash was exchanged for the next one.
pub(crate) async fn used_at(tx: &mut Tx, hash: [u8; 32]) -> Result<Option<Timestamp>, DbError> {
    let row = tx.query_opt("SELECT used_at FROM refresh_token WHERE hash = $1", params![hash]).await?;
    row.map_or(Ok(None), |row| row.get("used_at"))
}

/// Whether the token with this hash is there and good.
pub(crate) async fn is_unused(tx: &mut Tx, hash: [u8; 32]) -> Result<bool, DbError> {
    let sql = "SELECT 1 AS one FROM refresh_token WHERE hash = $1 AND used_at IS NULL";
    Ok(tx.query_opt(sql, params![hash]).await?.is_some())
}

/// Adds the first token of a session, or the next one.
pub(crate) async fn insert(tx: &mut Tx, session: SessionId, hash: [u8; 32], now: Timestamp) -> Result<(), DbError> {
    let sql = "INSERT INTO refresh_token (hash, session_id, created_at) VALUES ($1, $2, $3)";
    tx.execute(sql, params![hash, session, now]).await.map(drop)
}

/// Uses a token up. True for whoever is first.
pub(crate) async fn use_up(tx: &mut Tx, hash: [u8; 32], now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE refresh_token SET used_at = $1 WHERE hash = $2 AND used_at IS NULL";
    Ok(tx.execute(sql, params![now, hash]).await? == 1)
}
