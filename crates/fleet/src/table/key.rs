//! The public halves of the control plane's keys: what was trusted, since when.

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

/// Whether this key is written down.
pub(crate) async fn is_known(db: &Db, id: &str) -> Result<bool, DbError> {
    Ok(db.query_opt("SELECT id FROM fleet_key WHERE id = $1", params![id]).await?.is_some())
}

/// Writes a key down.
pub(crate) async fn insert(tx: &mut Tx, id: &str, kind: &str, public: &[u8], now: Timestamp) -> Result<(), DbError> {
    let sql = "INSERT INTO fleet_key (id, kind, public, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    tx.execute(sql, params![id, kind, public, now]).await.map(drop)
}
