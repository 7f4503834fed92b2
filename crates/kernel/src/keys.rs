//! Keys that the server makes for itself once and keeps sealed: for signing tokens, checkpoints and so on.

use zeroize::Zeroizing;

use crate::ctx::Ctx;
use crate::db::{Db, DbError, Unrecorded};
use crate::params;
use crate::seal::{Place, SealError, Sealer};

/// Why a key is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The database does not answer.
    #[error(transparent)]
    Db(#[from] DbError),
    /// It does not open: the key file belongs to another database.
    #[error("the server key {name} does not open: {source}")]
    Sealed {
        /// Which key.
        name: &'static str,
        /// Why.
        #[source]
        source: SealError,
    },
}

const READ: &str = "SELECT value FROM sealed_key WHERE name = $1";

/// The server's key of this name, if it was ever made.
///
/// # Errors
/// When the database does not answer or the key does not open.
pub async fn existing_server_key(
    db: &Db,
    sealer: &Sealer,
    name: &'static str,
) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
    let place = Place { table: "sealed_key", column: "value", row: name };
    let Some(row) = db.query_opt(READ, params![name]).await? else { return Ok(None) };
    let opened = sealer.unseal(&row.get::<Vec<u8>>("value")?, place);
    opened.map(Some).map_err(|source| KeyError::Sealed { name, source })
}

/// Whether the server made itself keys of other names than this.
///
/// # Errors
/// When the database does not answer.
pub async fn has_server_keys_but(db: &Db, name: &'static str) -> Result<bool, DbError> {
    Ok(db.query_opt("SELECT 1 AS one FROM sealed_key WHERE name <> $1 LIMIT 1", params![name]).await?.is_some())
}

/// The server's key of this name, made by `fresh` when there is none yet.
///
/// # Errors
/// When the database does not answer or the key does not open.
pub async fn server_key(
    db: &Db,
    sealer: &Sealer,
    name: &'static str,
    fresh: impl FnOnce() -> Zeroizing<Vec<u8>> + Send,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let place = Place { table: "sealed_key", column: "value", row: name };
    let sealed = |source| KeyError::Sealed { name, source };
    if let Some(key) = existing_server_key(db, sealer, name).await? {
        return Ok(key);
    }
    let value = sealer.seal(&fresh(), place).map_err(sealed)?;
    let ctx = Ctx::system(db.world(), "server keys");
    let mut tx = db.begin(&ctx).await?;
    // Another node may be first: then its key is the key.
    let insert = "INSERT INTO sealed_key (name, value, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
    tx.execute(insert, params![name, value, ctx.now()]).await?;
    let row = tx.query_opt(READ, params![name]).await?.ok_or(DbError::Busy)?;
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
    sealer.unseal(&row.get::<Vec<u8>>("value")?, place).map_err(sealed)
}
