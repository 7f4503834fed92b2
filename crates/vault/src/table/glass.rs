//! Values that were taken out past the policies, for as long as everybody is reminded of it.

use diwan_kernel::db::Row;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Id, Tx, World, id_kinds, params};

use super::rows;
use crate::vault::Broken;

id_kinds! {
    /// A value that was taken out past the policies.
    GlassKind = "gls",
}

fn read(row: &Row) -> Result<Broken, DbError> {
    Ok(Broken {
        secret: row.get("secret_name")?,
        who: row.get("who")?,
        reason: row.get("reason")?,
        at: row.get("broken_at")?,
    })
}

/// Remembers it.
pub(crate) async fn insert(tx: &mut Tx, world: &World, broken: &Broken) -> Result<(), DbError> {
    let sql = "INSERT INTO vault_glass (id, secret_name, who, reason, broken_at) VALUES ($1, $2, $3, $4, $5)";
    let id = Id::<GlassKind>::new(world);
    tx.execute(sql, params![id, &broken.secret, &broken.who, &broken.reason, broken.at]).await.map(drop)
}

/// What happened after a moment, newest first.
pub(crate) async fn list(db: &Db, after: Timestamp, limit: usize) -> Result<Vec<Broken>, DbError> {
    let sql = "SELECT * FROM vault_glass WHERE broken_at > $1 ORDER BY broken_at DESC, id DESC LIMIT $2";
    db.query(sql, params![after, rows(limit)]).await?.iter().map(read).collect()
}

/// Forgets what happened before a moment; the audit trail does not.
pub(crate) async fn sweep(tx: &mut Tx, before: Timestamp) -> Result<(), DbError> {
    tx.execute("DELETE FROM vault_glass WHERE broken_at <= $1", params![before]).await.map(drop)
}
