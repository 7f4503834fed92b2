//! Tries at secrets, counted.

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

/// How a counted try stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// It is the nth that failed or is being judged.
    Nth(u32),
    /// Nobody may try before then. It was not counted.
    BlockedUntil(Timestamp),
}

/// Until when these two are blocked, as far as that is known without waiting for anybody.
pub(crate) async fn blocked_until(db: &Db, keys: ([u8; 32], [u8; 32])) -> Result<Option<Timestamp>, DbError> {
    let sql = "SELECT MAX(blocked_until) AS until FROM attempt WHERE key = $1 OR key = $2";
    db.query_opt(sql, params![keys.0, keys.1]).await?.map_or(Ok(None), |row| row.get("until"))
}

/// Counts a try before it is judged. Counts from before `window_start` are forgotten.
pub(crate) async fn count(
    tx: &mut Tx,
    key: [u8; 32],
    now: Timestamp,
    window_start: Timestamp,
) -> Result<Counted, DbError> {
    let sql = "INSERT INTO attempt (key, failures, last_at, blocked_until) VALUES ($1, 1, $2, 0)
         ON CONFLICT (key) DO UPDATE SET
            failures = CASE WHEN attempt.last_at < $3 THEN 1 ELSE attempt.failures + 1 END,
            last_at = excluded.last_at
         WHERE attempt.blocked_until <= excluded.last_at
         RETURNING failures";
    if let Some(row) = tx.query_opt(sql, params![key, now, window_start]).await? {
        return row.get("failures").map(Counted::Nth);
    }
    let row = tx.query_opt("SELECT blocked_until FROM attempt WHERE key = $1", params![key]).await?;
    row.map_or(Ok(Counted::BlockedUntil(now)), |row| row.get("blocked_until").map(Counted::BlockedUntil))
}

/// Lets nobody try before then.
pub(crate) async fn block(tx: &mut Tx, key: [u8; 32], until: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE attempt SET blocked_until = $1 WHERE key = $2", params![until, key]).await.map(drop)
}

/// Forgets everything that was counted for a key.
pub(crate) async fn forget(tx: &mut Tx, key: [u8; 32]) -> Result<(), DbError> {
    tx.execute("DELETE FROM attempt WHERE key = $1", params![key]).await.map(drop)
}

/// Takes one count back.
pub(crate) async fn take_back(tx: &mut Tx, key: [u8; 32]) -> Result<(), DbError> {
    let sql = "UPDATE attempt SET failures = failures - 1, blocked_until = 0 WHERE key = $1 AND failures > 0";
    tx.execute(sql, params![key]).await.map(drop)
}
