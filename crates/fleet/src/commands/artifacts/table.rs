//! Which files commands have left, as stored.

use std::collections::BTreeSet;

use diwan_kernel::db::{Migration, Row};
use diwan_kernel::{Db, DbError, Timestamp, Tx, params};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::LeftFiles;
use crate::commands::id::CommandId;
use crate::machine::MachineId;

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

/// How far copying them to the object storage has come.
pub(crate) const COPIES: Migration = Migration {
    name: "0010_artifact_copies",
    up: "ALTER TABLE fleet_artifacts ADD COLUMN copies_place TEXT NOT NULL DEFAULT '';
         ALTER TABLE fleet_artifacts ADD COLUMN copies_done BIGINT NOT NULL DEFAULT 0;
         ALTER TABLE fleet_artifacts ADD COLUMN copies_missing TEXT NOT NULL DEFAULT '[]';
         ALTER TABLE fleet_artifacts ADD COLUMN copies_failed BIGINT NOT NULL DEFAULT 0;
         ALTER TABLE fleet_artifacts ADD COLUMN copies_problem TEXT;
         ALTER TABLE fleet_artifacts ADD COLUMN copy_next_at BIGINT DEFAULT 0;
         CREATE INDEX fleet_artifacts_to_copy ON fleet_artifacts (command_id) WHERE copy_next_at IS NOT NULL",
    down: "DROP INDEX fleet_artifacts_to_copy;
           ALTER TABLE fleet_artifacts DROP COLUMN copy_next_at;
           ALTER TABLE fleet_artifacts DROP COLUMN copies_problem;
           ALTER TABLE fleet_artifacts DROP COLUMN copies_failed;
           ALTER TABLE fleet_artifacts DROP COLUMN copies_missing;
           ALTER TABLE fleet_artifacts DROP COLUMN copies_done;
           ALTER TABLE fleet_artifacts DROP COLUMN copies_place",
};

/// What is written down of a command.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) told: LeftFiles,
    /// Since when the machine does not keep it any longer, as far as that was noticed.
    pub(crate) gone_at: Option<Timestamp>,
    pub(crate) copies: Copies,
}

/// How far copying files to the object storage has come: one after the other, in the order in which they are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Copies {
    /// The address that they are below.
    pub(crate) place: String,
    /// With how many it is done, those included of which no copy could be made.
    pub(crate) done: u32,
    /// Of which of these there is no copy, and will be none.
    pub(crate) missing: BTreeSet<u32>,
    /// How often in a row the next one could not be copied.
    pub(crate) failed: u32,
    /// What went wrong last.
    pub(crate) problem: Option<String>,
    /// When it goes on; `None` when it is over.
    pub(crate) next_at: Option<Timestamp>,
}

impl Copies {
    /// The same, if it is about this address; otherwise nothing is copied there yet.
    pub(crate) fn at(self, place: &str) -> Self {
        if self.place == place {
            return self;
        }
        Self { place: place.to_owned(), next_at: Some(Timestamp::from_millis(0)), ..Self::default() }
    }

    /// Whether there is a copy of the file that is listed in this place.
    pub(crate) fn has(&self, at: usize) -> bool {
        u32::try_from(at).is_ok_and(|at| at < self.done && !self.missing.contains(&at))
    }
}

/// Files that wait to be copied.
#[derive(Debug)]
pub(crate) struct ToCopy {
    pub(crate) command: CommandId,
    pub(crate) machine: MachineId,
    pub(crate) ended_at: Option<Timestamp>,
}

/// Writes down what a command has left.
pub(crate) async fn insert(tx: &mut Tx, id: CommandId, told: &LeftFiles) -> Result<(), DbError> {
    let sql = "INSERT INTO fleet_artifacts (command_id, files, left_out, left_out_more, copy_next_at)
               VALUES ($1, $2, $3, $4, $5)";
    let more = i64::try_from(told.left_out_more).unwrap_or(i64::MAX);
    let copy_at = (!told.files.is_empty()).then(|| Timestamp::from_millis(0));
    tx.execute(sql, params![id, json!(told.files), json!(told.left_out), more, copy_at]).await.map(drop)
}

/// What a command has left, if that was told.
pub(crate) async fn find(db: &Db, id: CommandId) -> Result<Option<Written>, DbError> {
    let sql = "SELECT files, left_out, left_out_more, gone_at, copies_place, copies_done, copies_missing,
               copies_failed, copies_problem, copy_next_at FROM fleet_artifacts WHERE command_id = $1";
    db.query_opt(sql, params![id]).await?.as_ref().map(read).transpose()
}

/// Writes down that a machine does not keep the files of a command any longer.
pub(crate) async fn set_gone(tx: &mut Tx, id: CommandId, now: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE fleet_artifacts SET gone_at = $1 WHERE command_id = $2 AND gone_at IS NULL";
    tx.execute(sql, params![now, id]).await.map(drop)
}

/// Files that are to be copied now, from a command on: no more than these.
pub(crate) async fn to_copy(
    db: &Db,
    now: Timestamp,
    after: Option<CommandId>,
    most: u32,
) -> Result<Vec<ToCopy>, DbError> {
    let sql = "SELECT a.command_id, c.machine_id, c.ended_at
               FROM fleet_artifacts a JOIN fleet_command c ON c.id = a.command_id
               WHERE a.copy_next_at IS NOT NULL AND a.copy_next_at <= $1 AND a.command_id > $2
               ORDER BY a.command_id LIMIT $3";
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let rows = db.query(sql, params![now, after, most]).await?;
    let read = |row: &Row| {
        Ok(ToCopy { command: row.get("command_id")?, machine: row.get("machine_id")?, ended_at: row.get("ended_at")? })
    };
    rows.iter().map(read).collect()
}

/// What was copied to another address is to be copied to this one as well; whether it is still kept is seen then.
pub(crate) async fn copy_anew(tx: &mut Tx, place: &str) -> Result<(), DbError> {
    let sql = "UPDATE fleet_artifacts SET copy_next_at = 0
               WHERE copy_next_at IS NULL AND copies_place <> $1 AND files <> '[]'";
    tx.execute(sql, params![place]).await.map(drop)
}

/// Writes down how far copying has come.
pub(crate) async fn set_copies(tx: &mut Tx, id: CommandId, copies: &Copies) -> Result<(), DbError> {
    let sql = "UPDATE fleet_artifacts SET copies_place = $1, copies_done = $2, copies_missing = $3, copies_failed = $4,
               copies_problem = $5, copy_next_at = $6 WHERE command_id = $7";
    let problem = copies.problem.clone();
    let missing = json!(copies.missing);
    let values = params![&copies.place, copies.done, missing, copies.failed, problem, copies.next_at, id];
    tx.execute(sql, values).await.map(drop)
}

fn read(row: &Row) -> Result<Written, DbError> {
    let told = LeftFiles::written(list(row, "files")?, list(row, "left_out")?, row.get("left_out_more")?);
    let copies = Copies {
        place: row.get("copies_place")?,
        done: row.get("copies_done")?,
        missing: list::<u32>(row, "copies_missing")?.into_iter().collect(),
        failed: row.get("copies_failed")?,
        problem: row.get("copies_problem")?,
        next_at: row.get("copy_next_at")?,
    };
    Ok(Written { told, gone_at: row.get("gone_at")?, copies })
}

fn list<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Vec<T>, DbError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| DbError::Mismatch { column: column.to_owned() })
}
