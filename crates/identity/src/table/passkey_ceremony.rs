//! Passkey ceremonies under way of people who are signed in: what the server must remember between
//! question and answer. And the tickets of sign-ins that were used up, until they would have run out.

use diwan_kernel::id::User;
use diwan_kernel::seal::Place;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Id, Tx, params};

/// A ceremony, as stored.
#[derive(Debug, Clone)]
pub(crate) struct Ceremony {
    /// Whose it is.
    pub(crate) user: Id<User>,
    /// What the server must remember, sealed.
    pub(crate) state: Vec<u8>,
}

/// Where a ceremony is sealed.
pub(crate) const fn place(id: &str) -> Place<'_> {
    Place { table: "passkey_ceremony", column: "state", row: id }
}

/// As what a sign-in's ticket is sealed. It is in no row.
pub(crate) const TICKET: Place<'static> = Place { table: "passkey_ceremony", column: "ticket", row: "sign_in" };

/// More than this are never under way at once for one person: whoever asks and does not answer cannot
/// fill the disk, nor keep anybody else from asking.
const MOST: u32 = 50;

/// Remembers a ceremony; false when its person has too many.
pub(crate) async fn insert(
    tx: &mut Tx,
    id_hash: [u8; 32],
    purpose: &'static str,
    ceremony: Ceremony,
    expires_at: Timestamp,
) -> Result<bool, DbError> {
    let sql = "INSERT INTO passkey_ceremony (id_hash, purpose, user_id, state, expires_at)
        SELECT $1, CAST($2 AS TEXT), CAST($3 AS TEXT), $4, CAST($5 AS BIGINT)
        WHERE (SELECT count(*) FROM passkey_ceremony WHERE user_id = $3) < CAST($6 AS BIGINT)";
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

/// Whether a sign-in's ticket was used up.
pub(crate) async fn is_ticket_used(db: &Db, digest: [u8; 32]) -> Result<bool, DbError> {
    let sql = "SELECT 1 AS one FROM passkey_ceremony WHERE id_hash = $1";
    Ok(db.query_opt(sql, params![digest]).await?.is_some())
}

/// Uses a sign-in's ticket up. True for whoever is first.
pub(crate) async fn use_ticket_up(tx: &mut Tx, digest: [u8; 32], expires_at: Timestamp) -> Result<bool, DbError> {
    let sql = "INSERT INTO passkey_ceremony (id_hash, purpose, user_id, state, expires_at)
        VALUES ($1, 'sign_in', NULL, $1, $2) ON CONFLICT (id_hash) DO NOTHING";
    Ok(tx.execute(sql, params![digest, expires_at]).await? == 1)
}

/// Forgets what has run out.
pub(crate) async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    tx.execute("DELETE FROM passkey_ceremony WHERE expires_at <= $1", params![now]).await
}
