//! Whether somebody sealed the vault by hand: it then stays sealed over restarts.

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

/// Since when it is sealed by hand, if it is.
pub(crate) async fn sealed_at(db: &Db) -> Result<Option<Timestamp>, DbError> {
    let row = db.query_opt("SELECT sealed_at FROM vault_switch WHERE id = 1", params![]).await?;
    row.map_or(Ok(None), |row| row.get("sealed_at"))
}

/// Seals or unseals it.
pub(crate) async fn set(tx: &mut Tx, sealed_at: Option<Timestamp>, by: Option<String>) -> Result<(), DbError> {
    let sql = "INSERT INTO vault_switch (id, sealed_at, sealed_by) VALUES (1, $1, $2)
         ON CONFLICT (id) DO UPDATE SET sealed_at = excluded.sealed_at, sealed_by = excluded.sealed_by";
    tx.execute(sql, params![sealed_at, by]).await.map(drop)
}
