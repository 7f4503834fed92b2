//! The seeds of authenticator apps: one a person, sealed, pending until confirmed.

use diwan_kernel::id::User;
use diwan_kernel::seal::Place;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Id, Tx, params};

/// A seed, as stored.
#[derive(Debug, Clone)]
pub(crate) struct Totp {
    /// The sealed seed.
    pub(crate) seed: Vec<u8>,
    /// When it was made: tells it from one made later.
    pub(crate) created_at: Timestamp,
    /// Since when it counts; `None` while it is pending.
    pub(crate) confirmed_at: Option<Timestamp>,
}

/// Where a person's seed is sealed.
pub(crate) const fn place(user: &str) -> Place<'_> {
    Place { table: "totp", column: "seed", row: user }
}

/// This person's seed, pending or not.
pub(crate) async fn find(db: &Db, user: Id<User>) -> Result<Option<Totp>, DbError> {
    let sql = "SELECT seed, created_at, confirmed_at FROM totp WHERE user_id = $1";
    let Some(row) = db.query_opt(sql, params![user]).await? else { return Ok(None) };
    let (seed, created_at) = (row.get("seed")?, row.get("created_at")?);
    Ok(Some(Totp { seed, created_at, confirmed_at: row.get("confirmed_at")? }))
}

/// Keeps a pending seed in place of another pending one; false when one counts already.
pub(crate) async fn put_pending(tx: &mut Tx, user: Id<User>, seed: Vec<u8>, now: Timestamp) -> Result<bool, DbError> {
    let sql = "INSERT INTO totp (user_id, seed, last_step, created_at, confirmed_at) VALUES ($1, $2, -1, $3, NULL)
        ON CONFLICT (user_id) DO UPDATE SET seed = excluded.seed, last_step = -1, created_at = excluded.created_at
        WHERE totp.confirmed_at IS NULL";
    Ok(tx.execute(sql, params![user, seed, now]).await? == 1)
}

/// Makes the pending seed count from now on, its first step used; false when it is no longer that seed.
pub(crate) async fn confirm(
    tx: &mut Tx,
    user: Id<User>,
    created_at: Timestamp,
    step: i64,
    now: Timestamp,
) -> Result<bool, DbError> {
    let sql = "UPDATE totp SET confirmed_at = $1, last_step = $2
        WHERE user_id = $3 AND created_at = $4 AND confirmed_at IS NULL";
    Ok(tx.execute(sql, params![now, step, user, created_at]).await? == 1)
}

/// Uses a step up, and with it all before it; false when it was used before.
pub(crate) async fn use_step(tx: &mut Tx, user: Id<User>, created_at: Timestamp, step: i64) -> Result<bool, DbError> {
    let sql = "UPDATE totp SET last_step = $1
        WHERE user_id = $2 AND created_at = $3 AND confirmed_at IS NOT NULL AND last_step < $1";
    Ok(tx.execute(sql, params![step, user, created_at]).await? == 1)
}

/// Forgets the seed; false when there was none that counted.
pub(crate) async fn delete(tx: &mut Tx, user: Id<User>) -> Result<bool, DbError> {
    let counted = "DELETE FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL";
    let counted = tx.execute(counted, params![user]).await? == 1;
    tx.execute("DELETE FROM totp WHERE user_id = $1", params![user]).await?;
    Ok(counted)
}
