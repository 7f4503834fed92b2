//! Rescue links: one a person, made on the server itself.

use diwan_kernel::id::UserId;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

/// A link that still counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rescue {
    /// Whom it is for.
    pub(crate) user: UserId,
    /// Whether it removes their second factor and passkeys.
    pub(crate) drops_second_factor: bool,
    pub(crate) expires_at: Timestamp,
}

/// Puts a new link in the place of the person's old one.
pub(crate) async fn put(tx: &mut Tx, hash: [u8; 32], rescue: Rescue, now: Timestamp) -> Result<(), DbError> {
    tx.execute("DELETE FROM rescue WHERE user_id = $1", params![rescue.user]).await?;
    let sql = "INSERT INTO rescue (token_hash, user_id, drops_second_factor, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)";
    let values = params![hash, rescue.user, rescue.drops_second_factor, now, rescue.expires_at];
    tx.execute(sql, values).await.map(drop)
}

/// The link with this hash, if it still counts.
pub(crate) async fn find(db: &Db, hash: [u8; 32], now: Timestamp) -> Result<Option<Rescue>, DbError> {
    let sql = "SELECT user_id, drops_second_factor, expires_at FROM rescue WHERE token_hash = $1 AND expires_at > $2";
    let Some(row) = db.query_opt(sql, params![hash, now]).await? else { return Ok(None) };
    let (user, drops_second_factor) = (row.get("user_id")?, row.get("drops_second_factor")?);
    Ok(Some(Rescue { user, drops_second_factor, expires_at: row.get("expires_at")? }))
}

/// Uses a link up. True for whoever is first.
pub(crate) async fn use_up(tx: &mut Tx, hash: [u8; 32], now: Timestamp) -> Result<bool, DbError> {
    let sql = "DELETE FROM rescue WHERE token_hash = $1 AND expires_at > $2";
    Ok(tx.execute(sql, params![hash, now]).await? == 1)
}
