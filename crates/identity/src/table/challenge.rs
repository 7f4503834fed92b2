//! Sign-ins that wait for a second factor.

use diwan_kernel::id::UserId;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

use super::word;
use crate::sign_in::SignInMethod;

/// A sign-in that waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Challenge {
    pub(crate) user: UserId,
    /// How the first factor was proved.
    pub(crate) method: SignInMethod,
}

/// Adds one.
pub(crate) async fn insert(
    tx: &mut Tx,
    hash: [u8; 32],
    challenge: Challenge,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    let sql = "INSERT INTO challenge (hash, user_id, method, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
    let Challenge { user, method } = challenge;
    tx.execute(sql, params![hash, user, method.as_str(), now, expires_at]).await.map(drop)
}

/// The one with this hash, if it still counts.
pub(crate) async fn find(db: &Db, hash: [u8; 32], now: Timestamp) -> Result<Option<Challenge>, DbError> {
    let sql = "SELECT user_id, method FROM challenge WHERE hash = $1 AND expires_at > $2";
    let Some(row) = db.query_opt(sql, params![hash, now]).await? else { return Ok(None) };
    Ok(Some(Challenge { user: row.get("user_id")?, method: word(&row, "method", SignInMethod::parse)? }))
}

/// Uses one up. True for whoever is first.
pub(crate) async fn use_up(tx: &mut Tx, hash: [u8; 32], now: Timestamp) -> Result<bool, DbError> {
    let sql = "DELETE FROM challenge WHERE hash = $1 AND expires_at > $2";
    Ok(tx.execute(sql, params![hash, now]).await? == 1)
}

/// Voids all that wait for this person.
pub(crate) async fn delete_of(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    tx.execute("DELETE FROM challenge WHERE user_id = $1", params![user]).await.map(drop)
}
