//! Sign-in links that went out by mail.

use diwan_kernel::id::User;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Id, Tx, params};

/// A link that is still good.
#[derive(Debug, Clone)]
pub(crate) struct MagicLink {
    /// Whom it signs in.
    pub(crate) user: Id<User>,
    /// The browser that asked for it, as a hash of its cookie.
    pub(crate) browser_hash: [u8; 32],
}

/// Remembers a link unless `most` were asked for since then; false in that case.
pub(crate) async fn insert(
    tx: &mut Tx,
    token_hash: [u8; 32],
    link: &MagicLink,
    (created_at, expires_at): (Timestamp, Timestamp),
    (most, since): (u32, Timestamp),
) -> Result<bool, DbError> {
    let sql = "INSERT INTO magic_link (token_hash, user_id, browser_hash, created_at, expires_at, used_at)
        SELECT $1, CAST($2 AS TEXT), $3, CAST($4 AS BIGINT), CAST($5 AS BIGINT), NULL
        WHERE (SELECT count(*) FROM magic_link WHERE user_id = $2 AND created_at > CAST($6 AS BIGINT)) < CAST($7 AS BIGINT)";
    let row = params![token_hash, link.user, link.browser_hash, created_at, expires_at, since, most];
    Ok(tx.execute(sql, row).await? == 1)
}

/// The link with this token, if it is still good.
pub(crate) async fn find(db: &Db, token_hash: [u8; 32], now: Timestamp) -> Result<Option<MagicLink>, DbError> {
    let sql = "SELECT user_id, browser_hash FROM magic_link
        WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2";
    let Some(row) = db.query_opt(sql, params![token_hash, now]).await? else { return Ok(None) };
    Ok(Some(MagicLink { user: row.get("user_id")?, browser_hash: row.get("browser_hash")? }))
}

/// Uses a link up, and all others of the same person; false when it was used or ran out meanwhile.
pub(crate) async fn use_up(tx: &mut Tx, token_hash: [u8; 32], user: Id<User>, now: Timestamp) -> Result<bool, DbError> {
    let this = "UPDATE magic_link SET used_at = $1 WHERE token_hash = $2 AND used_at IS NULL AND expires_at > $1";
    let used = tx.execute(this, params![now, token_hash]).await? == 1;
    if used {
        let others = "UPDATE magic_link SET used_at = $1 WHERE user_id = $2 AND used_at IS NULL";
        tx.execute(others, params![now, user]).await?;
    }
    Ok(used)
}

/// Forgets all links of a person.
pub(crate) async fn delete_all(tx: &mut Tx, user: Id<User>) -> Result<(), DbError> {
    tx.execute("DELETE FROM magic_link WHERE user_id = $1", params![user]).await.map(drop)
}

/// Forgets what ran out before then.
pub(crate) async fn sweep(tx: &mut Tx, before: Timestamp) -> Result<u64, DbError> {
    tx.execute("DELETE FROM magic_link WHERE expires_at <= $1", params![before]).await
}
