//! Passkey ceremonies under way: what the server must remember between question and answer.

use diwan_kernel::id::User;
use diwan_kernel::seal::Place;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{DbError, Id, Tx, params};

/// A ceremony, as stored.
#[derive(Debug, Clone)]
pub(crate) struct Ceremony {
    /// Whose it is; nobody's while somebody signs in.
    pub(crate) user: Option<Id<User>>,
    /// What the server must remember, sealed.
    pub(crate) state: Vec<u8>,
}

/// Where a ceremony is sealed.
pub(crate) const fn place(id: &str) -> Place<'_> {
    Place { table: "passkey_ceremony", column: "state", row: id }
}

/// More than this are never under way at once: whoever asks and does not answer cannot fill the disk.
const MOST: u32 = 50_000;

/// Remembers a ceremony; false when there are too many.
pub(crate) async fn insert(
    tx: &mut Tx,
    id_hash: [u8; 32],
    purpose: &'static str,
    ceremony: Ceremony,
    expires_at: Timestamp,
) -> Result<bool, DbError> {
    let sql = "INSERT INTO passkey_ceremony (id_hash, purpose, user_id, state, expires_at)
        SELECT $1, CAST($2 AS TEXT), CAST($3 AS TEXT), $4, CAST($5 AS BIGINT)
        WHERE (SELECT count(*) FROM passkey_ceremony) < CAST($6 AS BIGINT)";
    let Ceremony { user, state } = ceremony;
    Ok(tx.execute(sql, params![id_hash, purpose, user, state, expires_at, MOST]).await? == 1)
}

/// Takes a ceremony out of memory: it is there once.
pub(crate) async fn take(
    tx: &mut Tx,
    id_hash: [u8; 32],
    purpose: &'static str,
    now: Timestamp,
) -> Result<Option<Ceremony>, DbError> {
    let sql = "SELECT user_id, state FROM passkey_ceremony WHERE id_hash = $1 AND purpose = $2 AND expires_at > $3";
    let Some(row) = tx.query_opt(sql, params![id_hash, purpose, now]).await? else { return Ok(None) };
    let ceremony = Ceremony { user: row.get("user_id")?, state: row.get("state")? };
    let taken = tx.execute("DELETE FROM passkey_ceremony WHERE id_hash = $1", params![id_hash]).await? == 1;
    Ok(taken.then_some(ceremony))
}

/// Forgets what has run out.
pub(crate) async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    tx.execute("DELETE FROM passkey_ceremony WHERE expires_at <= $1", params![now]).await
}
