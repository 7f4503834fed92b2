//! The versions: all the SQL of this capability is here.

use diwan_kernel::db::Row;
use diwan_kernel::{Db, DbError, Tx, params};

use crate::version::{Cause, Person, Version};

fn read(row: &Row) -> Result<Version, DbError> {
    let wrong = |column: &str| DbError::Mismatch { column: column.to_owned() };
    let (id, name): (Option<_>, Option<String>) = (row.get("by_id")?, row.get("by_name")?);
    Ok(Version {
        number: row.get("number")?,
        at: row.get("at")?,
        by: id.zip(name).map(|(id, name)| Person { id, name }),
        cause: Cause::parse(&row.get::<String>("cause")?).ok_or_else(|| wrong("cause"))?,
        comment: row.get("comment")?,
        keys: serde_json::from_str(&row.get::<String>("keys")?).map_err(|_| wrong("keys"))?,
        rolled_back_to: row.get("rolled_back_to")?,
        sealed: row.get("text")?,
    })
}

/// The newest version.
pub(crate) async fn find_newest(db: &Db) -> Result<Option<Version>, DbError> {
    let sql = "SELECT number, at, by_id, by_name, cause, comment, keys, rolled_back_to, text
         FROM settings_version ORDER BY number DESC LIMIT 1";
    db.query_opt(sql, params![]).await?.as_ref().map(read).transpose()
}

/// The version of this number.
pub(crate) async fn find(db: &Db, number: i64) -> Result<Option<Version>, DbError> {
    let sql = "SELECT number, at, by_id, by_name, cause, comment, keys, rolled_back_to, text
         FROM settings_version WHERE number = $1";
    db.query_opt(sql, params![number]).await?.as_ref().map(read).transpose()
}

/// Versions before this number, newest first.
pub(crate) async fn list(db: &Db, before: Option<i64>, limit: usize) -> Result<Vec<Version>, DbError> {
    let sql = "SELECT number, at, by_id, by_name, cause, comment, keys, rolled_back_to, text
         FROM settings_version WHERE number < $1 ORDER BY number DESC LIMIT $2";
    let (before, limit) = (before.unwrap_or(i64::MAX), i64::try_from(limit).unwrap_or(i64::MAX));
    db.query(sql, params![before, limit]).await?.iter().map(read).collect()
}

/// Adds a version. The number is taken when another server was quicker.
pub(crate) async fn insert(tx: &mut Tx, version: &Version) -> Result<(), DbError> {
    let sql = "INSERT INTO settings_version
         (number, at, by_id, by_name, cause, comment, keys, rolled_back_to, text)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let (id, name) = version.by.as_ref().map(|by| (by.id, by.name.clone())).unzip();
    let (cause, keys) = (version.cause.as_str(), serde_json::Value::from(version.keys.clone()).to_string());
    let Version { number, at, rolled_back_to, .. } = *version;
    let (comment, sealed) = (version.comment.clone(), version.sealed.clone());
    tx.execute(sql, params![number, at, id, name, cause, comment, keys, rolled_back_to, sealed]).await.map(drop)
}
