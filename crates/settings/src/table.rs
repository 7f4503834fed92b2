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

/// The highest number of all servers; nought before the first.
pub(crate) async fn highest(db: &Db) -> Result<i64, DbError> {
    let row = db.query_opt("SELECT number FROM settings_version ORDER BY number DESC LIMIT 1", params![]).await?;
    row.map_or(Ok(0), |row| row.get("number"))
}

/// The newest version of a server.
pub(crate) async fn find_newest(db: &Db, server: &str) -> Result<Option<Version>, DbError> {
    Ok(list(db, server, None, 1).await?.pop())
}

/// The version of a server with this number.
pub(crate) async fn find(db: &Db, server: &str, number: i64) -> Result<Option<Version>, DbError> {
    let sql = "SELECT number, at, by_id, by_name, cause, comment, keys, rolled_back_to, text
         FROM settings_version WHERE server = $1 AND number = $2";
    db.query_opt(sql, params![server, number]).await?.as_ref().map(read).transpose()
}

/// Versions of a server before this number, newest first.
pub(crate) async fn list(db: &Db, server: &str, before: Option<i64>, limit: usize) -> Result<Vec<Version>, DbError> {
    let sql = "SELECT number, at, by_id, by_name, cause, comment, keys, rolled_back_to, text
         FROM settings_version WHERE server = $1 AND number < $2 ORDER BY number DESC LIMIT $3";
    let (before, limit) = (before.unwrap_or(i64::MAX), i64::try_from(limit).unwrap_or(i64::MAX));
    db.query(sql, params![server, before, limit]).await?.iter().map(read).collect()
}

/// Versions from before servers were told apart become those of this one.
pub(crate) async fn adopt(tx: &mut Tx, server: &str) -> Result<(), DbError> {
    let sql = "UPDATE settings_version SET server = $1 WHERE server = ''";
    tx.execute(sql, params![server]).await.map(drop)
}

/// Adds a version. The number is taken when another server was quicker.
pub(crate) async fn insert(tx: &mut Tx, server: &str, version: &Version) -> Result<(), DbError> {
    let sql = "INSERT INTO settings_version
         (number, at, by_id, by_name, cause, comment, keys, rolled_back_to, text, server)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let (id, name) = version.by.as_ref().map(|by| (by.id, by.name.clone())).unzip();
    let (cause, keys) = (version.cause.as_str(), serde_json::Value::from(version.keys.clone()).to_string());
    let Version { number, at, rolled_back_to, .. } = *version;
    let (comment, sealed) = (version.comment.clone(), version.sealed.clone());
    tx.execute(sql, params![number, at, id, name, cause, comment, keys, rolled_back_to, sealed, server]).await.map(drop)
}
