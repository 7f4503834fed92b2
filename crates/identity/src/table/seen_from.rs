//! Where people signed in from: networks, and browsers by their mark.

use diwan_kernel::id::UserId;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

/// Whether an account (by its id or its address) was signed in to from this place before.
pub(crate) async fn is_known_to_account(db: &Db, account: &str, place: &str) -> Result<bool, DbError> {
    let sql = "SELECT 1 AS one FROM seen_from s JOIN users u ON u.id = s.user_id
         WHERE (u.id = $1 OR u.email = $1) AND s.place = $2";
    Ok(db.query_opt(sql, params![account, place]).await?.is_some())
}

/// Notes that somebody signed in from this place. Says whether it is new.
pub(crate) async fn note(tx: &mut Tx, user: UserId, place: &str, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE seen_from SET last_at = $1 WHERE user_id = $2 AND place = $3";
    if tx.execute(sql, params![now, user, place]).await? == 1 {
        return Ok(false);
    }
    let sql = "INSERT INTO seen_from (user_id, place, first_at, last_at) VALUES ($1, $2, $3, $3)
         ON CONFLICT (user_id, place) DO NOTHING";
    Ok(tx.execute(sql, params![user, place, now]).await? == 1)
}

/// Whether somebody signed in from anywhere before.
pub(crate) async fn has_any(tx: &mut Tx, user: UserId) -> Result<bool, DbError> {
    let sql = "SELECT 1 AS one FROM seen_from WHERE user_id = $1 LIMIT 1";
    Ok(tx.query_opt(sql, params![user]).await?.is_some())
}

/// Forgets the browsers that somebody signed in with, but one.
pub(crate) async fn forget_devices(tx: &mut Tx, user: UserId, keep: &str) -> Result<(), DbError> {
    let sql = "DELETE FROM seen_from WHERE user_id = $1 AND place LIKE 'device:%' AND place <> $2";
    tx.execute(sql, params![user, keep]).await.map(drop)
}
