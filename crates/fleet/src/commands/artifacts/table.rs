//! Which files commands have left, as stored.

use diwan_kernel::db::{Migration, Row};
use diwan_kernel::{Db, DbError, Timestamp, Tx, params};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::LeftFiles;
use crate::commands::id::CommandId;

/// The table of what commands have left.
pub(crate) const ARTIFACTS: Migration = Migration {
    name: "0009_artifacts",
    up: "CREATE TABLE fleet_artifacts (
            command_id TEXT PRIMARY KEY REFERENCES fleet_command (id) ON DELETE CASCADE,
            files TEXT NOT NULL,
            left_out TEXT NOT NULL,
            left_out_more BIGINT NOT NULL,
            gone_at BIGINT
         )",
    down: "DROP TABLE fleet_artifacts",
};

/// What is written down of a command.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) told: LeftFiles,
    /// Since when the machine does not keep it any longer, as far as that was noticed.
    pub(crate) gone_at: Option<Timestamp>,
}

/// Writes down what a command has left.
pub(crate) async fn insert(tx: &mut Tx, id: CommandId, told: &LeftFiles) -> Result<(), DbError> {
    let sql = "INSERT INTO fleet_artifacts (command_id, files, left_out, left_out_more) VALUES ($1, $2, $3, $4)";
    let more = i64::try_from(told.left_out_more).unwrap_or(i64::MAX);
    tx.execute(sql, params![id, json!(told.files), json!(told.left_out), more]).await.map(drop)
}

/// What a command has left, if that was told.
pub(crate) async fn find(db: &Db, id: CommandId) -> Result<Option<Written>, DbError> {
    let sql = "SELECT files, left_out, left_out_more, gone_at FROM fleet_artifacts WHERE command_id = $1";
    db.query_opt(sql, params![id]).await?.as_ref().map(read).transpose()
}

/// Writes down that a machine does not keep the files of a command any longer.
pub(crate) async fn set_gone(tx: &mut Tx, id: CommandId, now: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE fleet_artifacts SET gone_at = $1 WHERE command_id = $2 AND gone_at IS NULL";
    tx.execute(sql, params![now, id]).await.map(drop)
}

fn read(row: &Row) -> Result<Written, DbError> {
    let told = LeftFiles::written(list(row, "files")?, list(row, "left_out")?, row.get("left_out_more")?);
    Ok(Written { told, gone_at: row.get("gone_at")? })
}

fn list<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Vec<T>, DbError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| DbError::Mismatch { column: column.to_owned() })
}
