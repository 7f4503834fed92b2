//! The machines.

use std::collections::BTreeMap;

use diwan_kernel::db::{BuiltSql, Row, like_pattern};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};
use diwan_protocol::facts::PolicyInForce;

use super::{policy, rows, word};
use crate::facts::MachineFacts;
use crate::label::{Labels, Selector};
use crate::machine::{Known, MachineId, Standing};

fn read(row: &Row) -> Result<Known, DbError> {
    let facts: String = row.get("facts")?;
    Ok(Known {
        id: row.get("id")?,
        name: row.get("name")?,
        labels: Labels::parse(&row.get::<String>("labels")?),
        standing: word(row, "standing", Standing::parse)?,
        facts: serde_json::from_str(&facts).map_err(|_| DbError::Mismatch { column: "facts".to_owned() })?,
        policy_hash: row.get("policy_hash")?,
        policy_fault: row.get("policy_fault")?,
        skew_ms: row.get("skew_ms")?,
        joined_at: row.get("joined_at")?,
        joined_by: row.get("joined_by")?,
        rejoined_at: row.get("rejoined_at")?,
        last_seen_at: row.get("last_seen_at")?,
        locked_at: row.get("locked_at")?,
        revoked_at: row.get("revoked_at")?,
    })
}

/// Which machines are wanted.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// A part of the name, of what it calls itself, or of its system.
    pub(crate) search: Option<String>,
    pub(crate) selector: Option<Selector>,
    pub(crate) standing: Option<Standing>,
}

/// Machines after this one, by name.
pub(crate) async fn list(
    db: &Db,
    wanted: &Wanted,
    after: Option<(String, MachineId)>,
    limit: usize,
) -> Result<Vec<Known>, DbError> {
    let mut sql = BuiltSql::new(
        "SELECT id, name, labels, standing, facts, policy_hash, policy_fault, skew_ms, joined_at,
             joined_by, rejoined_at, last_seen_at, locked_at, revoked_at FROM fleet_machine WHERE 1 = 1",
    )
    .push_if(" AND standing = ?", wanted.standing.map(Standing::as_str));
    if let Some((name, id)) = after {
        sql = sql.push(" AND (name > ? OR (name = ? AND id > ?))", params![&name, &name, id]);
    }
    if let Some(search) = &wanted.search {
        let pattern = like_pattern(&search.to_lowercase());
        let piece = " AND (name LIKE ? ESCAPE '\\' OR labels LIKE ? ESCAPE '\\' OR told LIKE ? ESCAPE '\\')";
        sql = sql.push(piece, params![&pattern, &pattern, &pattern]);
    }
    for (whole, any_value) in wanted.selector.iter().flat_map(Selector::patterns) {
        let whole = like_pattern(&whole);
        let any_value = any_value.map_or_else(|| whole.clone(), |begins| like_pattern(&begins));
        sql = sql.push(" AND (labels LIKE ? ESCAPE '\\' OR labels LIKE ? ESCAPE '\\')", params![whole, any_value]);
    }
    let sql = sql.push(" ORDER BY name, id LIMIT ?", params![rows(limit)]);
    db.query_built(sql).await?.iter().map(read).collect()
}

/// The machine with this id.
pub(crate) async fn find(db: &Db, id: MachineId) -> Result<Option<Known>, DbError> {
    db.query_opt("SELECT * FROM fleet_machine WHERE id = $1", params![id]).await?.as_ref().map(read).transpose()
}

/// The machine with this id and what its policy says, as both are in one moment.
pub(crate) async fn find_with_policy(db: &Db, id: MachineId) -> Result<Option<(Known, Option<String>)>, DbError> {
    let sql = "SELECT fleet_machine.*, fleet_policy.text AS policy_text
         FROM fleet_machine LEFT JOIN fleet_policy ON fleet_policy.digest = fleet_machine.policy_digest
         WHERE fleet_machine.id = $1";
    let row = db.query_opt(sql, params![id]).await?;
    row.map(|row| Ok((read(&row)?, row.get("policy_text")?))).transpose()
}

/// The machine with this name that was not put out.
pub(crate) async fn find_named(db: &Db, name: &str) -> Result<Option<Known>, DbError> {
    let sql = "SELECT * FROM fleet_machine WHERE name = $1 AND standing <> 'revoked'";
    db.query_opt(sql, params![name]).await?.as_ref().map(read).transpose()
}

/// The machines that may be there, and when each last joined anew.
pub(crate) async fn list_active(db: &Db) -> Result<BTreeMap<MachineId, Option<Timestamp>>, DbError> {
    let sql = "SELECT id, rejoined_at FROM fleet_machine WHERE standing = 'active'";
    db.query(sql, params![]).await?.iter().map(|row| Ok((row.get("id")?, row.get("rejoined_at")?))).collect()
}

/// Whether a machine with this name and these labels was put out, and not removed since.
pub(crate) async fn was_put_out(db: &Db, name: &str, labels: &Labels) -> Result<bool, DbError> {
    let sql = "SELECT id FROM fleet_machine WHERE name = $1 AND labels = $2 AND standing = 'revoked' LIMIT 1";
    Ok(db.query_opt(sql, params![name, labels.stored()]).await?.is_some())
}

/// What the locked machines are called.
pub(crate) async fn list_locked(db: &Db) -> Result<Vec<String>, DbError> {
    let sql = "SELECT name FROM fleet_machine WHERE standing = 'locked' ORDER BY name";
    db.query(sql, params![]).await?.iter().map(|row| row.get("name")).collect()
}

/// Adds a machine.
pub(crate) async fn insert(tx: &mut Tx, machine: &Known) -> Result<(), DbError> {
    let sql = "INSERT INTO fleet_machine (id, name, labels, standing, connections, facts, told, joined_at, joined_by)
         VALUES ($1, $2, $3, $4, 0, $5, $6, $7, $8)";
    let values = params![
        machine.id,
        machine.name.clone(),
        machine.labels.stored(),
        machine.standing.as_str(),
        text_of(&machine.facts),
        machine.facts.told(),
        machine.joined_at,
        machine.joined_by.clone(),
    ];
    tx.execute(sql, values).await.map(drop)
}

/// How a machine presents itself when it connects.
#[derive(Debug)]
pub(crate) struct Presented<'a> {
    pub(crate) connections: i64,
    pub(crate) facts: &'a MachineFacts,
    pub(crate) policy: &'a PolicyInForce,
    pub(crate) skew_ms: i64,
    pub(crate) at: Timestamp,
}

/// Notes that a machine connected. False when it may not come in, or has counted this connection before.
pub(crate) async fn connect(tx: &mut Tx, id: MachineId, presented: &Presented<'_>) -> Result<bool, DbError> {
    let Presented { connections, facts, policy, skew_ms, at } = presented;
    let digest = policy::keep(tx, &policy.text).await?;
    let sql = "UPDATE fleet_machine SET connections = $1, facts = $2, policy_hash = $3, policy_digest = $4,
             policy_fault = $5, skew_ms = $6, last_seen_at = $7, told = $8
         WHERE id = $9 AND connections < $1 AND standing = 'active'";
    let values = params![
        *connections,
        text_of(facts),
        policy.hash.to_vec(),
        digest,
        policy.fault.clone(),
        *skew_ms,
        *at,
        facts.told(),
        id,
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Notes what a machine is now.
pub(crate) async fn set_facts(tx: &mut Tx, id: MachineId, facts: &MachineFacts) -> Result<(), DbError> {
    let sql = "UPDATE fleet_machine SET facts = $1, told = $2 WHERE id = $3";
    tx.execute(sql, params![text_of(facts), facts.told(), id]).await.map(drop)
}

/// Notes which policy a machine has now.
pub(crate) async fn set_policy(tx: &mut Tx, id: MachineId, policy: &PolicyInForce) -> Result<(), DbError> {
    let digest = policy::keep(tx, &policy.text).await?;
    let sql = "UPDATE fleet_machine SET policy_hash = $1, policy_digest = $2, policy_fault = $3 WHERE id = $4";
    let values = params![policy.hash.to_vec(), digest, policy.fault.clone(), id];
    tx.execute(sql, values).await.map(drop)
}

/// Notes when a machine was last there.
pub(crate) async fn set_last_seen(tx: &mut Tx, id: MachineId, at: Timestamp) -> Result<(), DbError> {
    let sql =
        "UPDATE fleet_machine SET last_seen_at = $1 WHERE id = $2 AND (last_seen_at IS NULL OR last_seen_at < $1)";
    tx.execute(sql, params![at, id]).await.map(drop)
}

/// Names and labels a machine. False when it is not there any more, or was put out.
pub(crate) async fn describe(tx: &mut Tx, id: MachineId, name: &str, labels: &Labels) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_machine SET name = $1, labels = $2 WHERE id = $3 AND standing <> 'revoked'";
    Ok(tx.execute(sql, params![name, labels.stored(), id]).await? == 1)
}

/// The machine begins anew with another key. False when it was put out, or is not there.
pub(crate) async fn rejoin(tx: &mut Tx, id: MachineId, facts: &MachineFacts, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_machine SET connections = 0, facts = $1, rejoined_at = $2, told = $3
         WHERE id = $4 AND standing <> 'revoked'";
    Ok(tx.execute(sql, params![text_of(facts), now, facts.told(), id]).await? == 1)
}

/// Locks a machine. False when it was not active.
pub(crate) async fn lock(tx: &mut Tx, id: MachineId, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_machine SET standing = 'locked', locked_at = $1 WHERE id = $2 AND standing = 'active'";
    Ok(tx.execute(sql, params![now, id]).await? == 1)
}

/// Unlocks a machine that has joined anew since it was locked. False otherwise.
pub(crate) async fn unlock(tx: &mut Tx, id: MachineId) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_machine SET standing = 'active', locked_at = NULL
         WHERE id = $1 AND standing = 'locked' AND rejoined_at > locked_at";
    Ok(tx.execute(sql, params![id]).await? == 1)
}

/// Puts a machine out. False when that was done before.
pub(crate) async fn revoke(tx: &mut Tx, id: MachineId, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_machine SET standing = 'revoked', revoked_at = $1 WHERE id = $2 AND standing <> 'revoked'";
    Ok(tx.execute(sql, params![now, id]).await? == 1)
}

/// Removes a machine with all that is about it.
pub(crate) async fn delete(tx: &mut Tx, id: MachineId) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM fleet_machine WHERE id = $1", params![id]).await? == 1)
}

fn text_of(facts: &MachineFacts) -> String {
    serde_json::to_string(facts).unwrap_or_default()
}
