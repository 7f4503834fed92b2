//! What other vaults have to remove: remembered until they did.

use diwan_kernel::db::Row;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, Db, DbError, Id, Tx, id_kinds, params};

use super::secret::Secret;
use super::{rows, word};
use crate::name::SecretName;
use crate::secret::SecretId;

id_kinds! {
    /// Something that another vault has to remove.
    RemovalKind = "rmv",
}

/// The id of a removal.
pub(crate) type RemovalId = Id<RemovalKind>;

/// Something that another vault has to remove.
#[derive(Debug, Clone)]
pub(crate) struct Removal {
    pub(crate) id: RemovalId,
    pub(crate) secret: SecretId,
    pub(crate) name: SecretName,
    pub(crate) backend: String,
    pub(crate) version: i64,
    /// How the other vault calls the value; without one, it has to forget the name.
    pub(crate) remote: Option<String>,
    pub(crate) asked_at: Timestamp,
}

impl Removal {
    /// The value of a version, or, after all of them, the name.
    pub(crate) fn of(ctx: &Ctx, secret: &Secret, version: i64, remote: Option<String>) -> Self {
        Self {
            id: RemovalId::new(&ctx.world),
            secret: secret.id,
            name: secret.name.clone(),
            backend: secret.backend.clone(),
            version,
            remote,
            asked_at: ctx.now(),
        }
    }
}

fn read(row: &Row) -> Result<Removal, DbError> {
    Ok(Removal {
        id: row.get("id")?,
        secret: row.get("secret_id")?,
        name: word(row, "name", SecretName::parse)?,
        backend: row.get("backend")?,
        version: row.get("version")?,
        remote: row.get("remote")?,
        asked_at: row.get("asked_at")?,
    })
}

/// What has to be removed there under this name: values before the name itself.
pub(crate) async fn list_of(db: &Db, backend: &str, name: &SecretName) -> Result<Vec<Removal>, DbError> {
    let sql = "SELECT id, secret_id, name, backend, version, remote, asked_at FROM vault_removal
         WHERE backend = $1 AND name = $2
         ORDER BY secret_id, CASE WHEN remote IS NULL THEN 1 ELSE 0 END, version";
    db.query(sql, params![backend, name.as_str()]).await?.iter().map(read).collect()
}

/// The names under which something has to be removed, and where; what waits longest first.
pub(crate) async fn list_names(db: &Db, limit: usize) -> Result<Vec<(String, SecretName)>, DbError> {
    let sql = "SELECT backend, name FROM vault_removal GROUP BY backend, name ORDER BY min(asked_at) LIMIT $1";
    let found = db.query(sql, params![rows(limit)]).await?;
    found.iter().map(|row| Ok((row.get("backend")?, word(row, "name", SecretName::parse)?))).collect()
}

/// How many secrets have something left there.
pub(crate) async fn count(db: &Db) -> Result<i64, DbError> {
    let row = db.query_opt("SELECT COUNT(DISTINCT secret_id) AS n FROM vault_removal", params![]).await?;
    row.map_or(Ok(0), |row| row.get("n"))
}

/// Remembers that something has to be removed.
pub(crate) async fn insert(tx: &mut Tx, removal: &Removal) -> Result<(), DbError> {
    let sql = "INSERT INTO vault_removal (id, secret_id, name, backend, version, remote, asked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = params![
        removal.id,
        removal.secret,
        removal.name.as_str(),
        &removal.backend,
        removal.version,
        removal.remote.clone(),
        removal.asked_at,
    ];
    tx.execute(sql, values).await.map(drop)
}

/// It is done.
pub(crate) async fn delete(tx: &mut Tx, id: RemovalId) -> Result<(), DbError> {
    tx.execute("DELETE FROM vault_removal WHERE id = $1", params![id]).await.map(drop)
}
