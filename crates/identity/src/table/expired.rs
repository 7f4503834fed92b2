//! Rows that ran out, all over this capability.

use diwan_kernel::world::Timestamp;
use diwan_kernel::{DbError, Tx, params};

/// How long tries and places are remembered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Horizon {
    pub(crate) now: Timestamp,
    /// Tries from before then are forgotten.
    pub(crate) attempts: Timestamp,
    /// Places from before then are forgotten.
    pub(crate) places: Timestamp,
}

/// Removes what ran out. Sessions are not among it: their end is announced.
pub(crate) async fn delete(tx: &mut Tx, horizon: Horizon) -> Result<u64, DbError> {
    let Horizon { now, attempts, places } = horizon;
    let mut rows = tx.execute("DELETE FROM challenge WHERE expires_at <= $1", params![now]).await?;
    rows += tx.execute("DELETE FROM device_login WHERE expires_at <= $1", params![now]).await?;
    rows += tx.execute("DELETE FROM rescue WHERE expires_at <= $1", params![now]).await?;
    let sql = "DELETE FROM attempt WHERE last_at < $1 AND blocked_until < $2";
    rows += tx.execute(sql, params![attempts, now]).await?;
    rows += tx.execute("DELETE FROM seen_from WHERE last_at < $1", params![places]).await?;
    Ok(rows)
}
