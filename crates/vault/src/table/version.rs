//! Versions of secrets: what is stored of each value.

use diwan_kernel::db::Row;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

use super::{rows, word};
use crate::backend::Stored;
use crate::envelope::{MasterId, wrapped_by};
use crate::secret::SecretId;
use crate::version::Origin;

/// A version, without what is stored of its value.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) version: i64,
    pub(crate) origin: Origin,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: Option<String>,
    /// Until when it may still be used although there is a newer one.
    pub(crate) valid_until: Option<Timestamp>,
    pub(crate) destroyed_at: Option<Timestamp>,
    /// How another vault calls the value.
    pub(crate) remote: Option<String>,
    pub(crate) signature: Vec<u8>,
}

/// A row that cannot be read is no reason to refuse the others: it is one that nobody vouches for.
fn read(row: &Row) -> Version {
    read_whole(row).unwrap_or_else(|_| Version {
        version: row.get("version").unwrap_or_default(),
        origin: Origin::Set,
        created_at: Timestamp::from_millis(0),
        created_by: None,
        valid_until: None,
        destroyed_at: None,
        remote: None,
        signature: vec![],
    })
}

fn read_whole(row: &Row) -> Result<Version, DbError> {
    Ok(Version {
        version: row.get("version")?,
        origin: word(row, "origin", Origin::parse)?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
        valid_until: row.get("valid_until")?,
        destroyed_at: row.get("destroyed_at")?,
        remote: row.get("remote")?,
        signature: row.get("signature")?,
    })
}

/// The versions of a secret, newest first.
pub(crate) async fn list(db: &Db, secret: SecretId) -> Result<Vec<Version>, DbError> {
    let sql = "SELECT version, origin, created_at, created_by, valid_until, destroyed_at, remote, signature
         FROM vault_version WHERE secret_id = $1 ORDER BY version DESC";
    Ok(db.query(sql, params![secret]).await?.iter().map(read).collect())
}

/// Versions up to this one that still have their values although nobody may use them any more, oldest first.
pub(crate) async fn list_spent(
    db: &Db,
    secret: SecretId,
    up_to: i64,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<i64>, DbError> {
    let sql = "SELECT version FROM vault_version
         WHERE secret_id = $1 AND version <= $2 AND destroyed_at IS NULL AND (valid_until IS NULL OR valid_until <= $3)
         ORDER BY version LIMIT $4";
    let found = db.query(sql, params![secret, up_to, now, rows(limit)]).await?;
    found.iter().map(|row| row.get("version")).collect()
}

/// The values of a secret that another vault keeps, by version.
pub(crate) async fn list_remote(tx: &mut Tx, secret: SecretId) -> Result<Vec<(i64, String)>, DbError> {
    let sql = "SELECT version, remote FROM vault_version WHERE secret_id = $1 AND remote IS NOT NULL ORDER BY version";
    let found = tx.query(sql, params![secret]).await?;
    found.iter().map(|row| Ok((row.get("version")?, row.get("remote")?))).collect()
}

/// One version, and what is stored of its value unless it was destroyed.
pub(crate) async fn find(
    db: &Db,
    secret: SecretId,
    version: i64,
) -> Result<Option<(Version, Option<Stored>)>, DbError> {
    let sql = "SELECT version, origin, created_at, created_by, valid_until, destroyed_at, signature,
             master_id, data_key, value, remote FROM vault_version
         WHERE secret_id = $1 AND version = $2";
    let row = db.query_opt(sql, params![secret, version]).await?;
    row.map(|row| Ok((read(&row), stored(&row)?))).transpose()
}

fn stored(row: &Row) -> Result<Option<Stored>, DbError> {
    let (data_key, value) = (row.get::<Option<Vec<u8>>>("data_key")?, row.get::<Option<Vec<u8>>>("value")?);
    let remote: Option<String> = row.get("remote")?;
    let master = row.get::<Option<String>>("master_id")?.and_then(|id| MasterId::parse(&id));
    Ok(match (master, data_key, value, remote) {
        // Or the rotation of another key would take it along, and the one of its own would not.
        (Some(master), Some(data_key), Some(value), _) if wrapped_by(&data_key) == Ok(master) => {
            Some(Stored::Here { master, data_key, value })
        }
        (_, _, _, Some(remote)) => Some(Stored::There(remote)),
        _ => None,
    })
}

/// Adds a version.
pub(crate) async fn insert(tx: &mut Tx, secret: SecretId, version: &Version, stored: &Stored) -> Result<(), DbError> {
    let (master, data_key, value) = match stored {
        Stored::Here { master, data_key, value } => {
            (Some(master.to_string()), Some(data_key.clone()), Some(value.clone()))
        }
        Stored::There(_) => (None, None, None),
    };
    let sql = "INSERT INTO vault_version
             (secret_id, version, master_id, data_key, value, remote, origin, created_at, created_by, signature)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = params![
        secret,
        version.version,
        master,
        data_key,
        value,
        version.remote.clone(),
        version.origin.as_str(),
        version.created_at,
        version.created_by.clone(),
        version.signature.clone(),
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Saves until when a version that is no longer current may be used.
pub(crate) async fn set_valid_until(tx: &mut Tx, secret: SecretId, version: &Version) -> Result<(), DbError> {
    let sql = "UPDATE vault_version SET valid_until = $1, signature = $2
         WHERE secret_id = $3 AND version = $4 AND destroyed_at IS NULL";
    let values = params![version.valid_until, version.signature.clone(), secret, version.version];
    tx.execute(sql, values).await.map(drop)
}

/// Destroys what is stored of a version. False when that was done before.
pub(crate) async fn destroy(tx: &mut Tx, secret: SecretId, version: &Version) -> Result<bool, DbError> {
    // What is signed is what is written, also where somebody else prolonged it meanwhile.
    let sql = "UPDATE vault_version SET destroyed_at = $1, valid_until = $2, signature = $3, master_id = NULL,
             data_key = NULL, value = NULL, remote = NULL
         WHERE secret_id = $4 AND version = $5 AND destroyed_at IS NULL";
    let values = params![version.destroyed_at, version.valid_until, version.signature.clone(), secret, version.version];
    Ok(tx.execute(sql, values).await? == 1)
}

/// A wrapped data key and where it belongs: to a version of a secret, or to a key of the control plane's own.
#[derive(Debug)]
pub(crate) struct WrappedKey {
    pub(crate) secret: SecretId,
    pub(crate) version: i64,
    pub(crate) data_key: Vec<u8>,
}

/// Some of the data keys that a master wraps.
pub(crate) async fn list_wrapped_by(db: &Db, master: MasterId, limit: usize) -> Result<Vec<WrappedKey>, DbError> {
    let sql = "SELECT secret_id, version, data_key FROM vault_version WHERE master_id = $1
         UNION ALL SELECT id, 1, data_key FROM vault_own_key WHERE master_id = $1
         ORDER BY 1, 2 LIMIT $2";
    let found = db.query(sql, params![master.to_string(), rows(limit)]).await?;
    let read = |row: &Row| {
        Ok(WrappedKey { secret: row.get("secret_id")?, version: row.get("version")?, data_key: row.get("data_key")? })
    };
    found.iter().map(read).collect()
}

/// How many data keys a master wraps.
pub(crate) async fn count_wrapped_by(tx: &mut Tx, master: MasterId) -> Result<i64, DbError> {
    let sql = "SELECT (SELECT COUNT(*) FROM vault_version WHERE master_id = $1)
             + (SELECT COUNT(*) FROM vault_own_key WHERE master_id = $1) AS n";
    tx.query_opt(sql, params![master.to_string()]).await?.map_or(Ok(0), |row| row.get("n"))
}

/// How many data keys a master wraps at this moment.
pub(crate) async fn count_under(db: &Db, master: MasterId) -> Result<i64, DbError> {
    let sql = "SELECT (SELECT COUNT(*) FROM vault_version WHERE master_id = $1)
             + (SELECT COUNT(*) FROM vault_own_key WHERE master_id = $1) AS n";
    db.query_opt(sql, params![master.to_string()]).await?.map_or(Ok(0), |row| row.get("n"))
}

/// Puts a data key that was wrapped anew in the place of the old one. False when that one changed meanwhile.
pub(crate) async fn rewrap(
    tx: &mut Tx,
    key: &WrappedKey,
    from: MasterId,
    to: MasterId,
    wrapped: Vec<u8>,
) -> Result<bool, DbError> {
    let sql = "UPDATE vault_version SET data_key = $1, master_id = $2
         WHERE secret_id = $3 AND version = $4 AND master_id = $5";
    let values = params![wrapped.clone(), to.to_string(), key.secret, key.version, from.to_string()];
    if tx.execute(sql, values).await? == 1 {
        return Ok(true);
    }
    let sql = "UPDATE vault_own_key SET data_key = $1, master_id = $2 WHERE id = $3 AND master_id = $4";
    Ok(tx.execute(sql, params![wrapped, to.to_string(), key.secret, from.to_string()]).await? == 1)
}
