//! Requests for rules, as stored.

use diwan_kernel::db::Row;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::request::{RuleApproval, RuleRequest, RuleRequestId, RuleRequestState, RulesTold};
use crate::commands::CommandProblem;
use crate::machine::MachineId;

fn mismatch(column: &str) -> DbError {
    DbError::Mismatch { column: column.to_owned() }
}

fn from_json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>, DbError> {
    let Some(text) = row.get::<Option<String>>(column)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|_| mismatch(column))
}

fn read(row: &Row) -> Result<RuleRequest, DbError> {
    let state: String = row.get("state")?;
    Ok(RuleRequest {
        id: row.get("id")?,
        machine: row.get("machine_id")?,
        machine_name: row.get("machine_name")?,
        actor: from_json(row, "actor")?.ok_or_else(|| mismatch("actor"))?,
        reason: row.get("reason")?,
        text: row.get("text")?,
        state: RuleRequestState::parse(&state).ok_or_else(|| mismatch("state"))?,
        told: from_json(row, "told")?.ok_or_else(|| mismatch("told"))?,
        policy: row.get("policy_hash")?,
        from_afar: row.get("from_afar")?,
        approval: from_json(row, "approval")?,
        problem: from_json(row, "problem")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        ended_at: row.get("ended_at")?,
    })
}

/// Adds one.
pub(crate) async fn insert(tx: &mut Tx, request: &RuleRequest) -> Result<(), DbError> {
    let sql =
        "INSERT INTO fleet_rule_request (id, machine_id, machine_name, actor, reason, text, state, told, from_afar,
            created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10)";
    let values = params![
        request.id,
        request.machine,
        &request.machine_name,
        json!(request.actor),
        &request.reason,
        &request.text,
        request.state.as_str(),
        json!(request.told),
        request.created_at,
        request.expires_at,
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Writes down that the owner decides now, and what the machine says of it. False when it is over.
pub(crate) async fn set_asked(
    tx: &mut Tx,
    id: RuleRequestId,
    told: &RulesTold,
    policy: [u8; 32],
    from_afar: bool,
) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_rule_request SET state = 'asked', told = $1, policy_hash = $2, from_afar = $3
         WHERE id = $4 AND state IN ('waiting', 'asked')";
    Ok(tx.execute(sql, params![json!(told), policy, from_afar, id]).await? == 1)
}

/// Writes somebody's yes down. False when it is not asked for any more.
pub(crate) async fn set_approval(tx: &mut Tx, id: RuleRequestId, approval: &RuleApproval) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_rule_request SET approval = $1 WHERE id = $2 AND state = 'asked'";
    Ok(tx.execute(sql, params![json!(approval), id]).await? == 1)
}

/// How one ended.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) state: RuleRequestState,
    /// What the machine says, where that is news.
    pub(crate) told: Option<RulesTold>,
    pub(crate) problem: Option<CommandProblem>,
    pub(crate) at: Timestamp,
}

/// Writes down how one ended. False when that was written down before.
pub(crate) async fn end(tx: &mut Tx, id: RuleRequestId, ending: &Ending) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_rule_request SET state = $1, told = coalesce($2, told), problem = $3, ended_at = $4
         WHERE id = $5 AND state IN ('waiting', 'asked')";
    let told = ending.told.as_ref().map(|told| json!(told));
    let problem = ending.problem.as_ref().map(|problem| json!(problem));
    Ok(tx.execute(sql, params![ending.state.as_str(), told, problem, ending.at, id]).await? == 1)
}

/// The one with this id.
pub(crate) async fn find(db: &Db, id: RuleRequestId) -> Result<Option<RuleRequest>, DbError> {
    let sql = "SELECT * FROM fleet_rule_request WHERE id = $1";
    db.query_opt(sql, params![id]).await?.as_ref().map(read).transpose()
}

/// Those of a machine, newest first.
pub(crate) async fn list(
    db: &Db,
    machine: MachineId,
    before: Option<RuleRequestId>,
    limit: usize,
) -> Result<Vec<RuleRequest>, DbError> {
    let before = before.unwrap_or_else(|| RuleRequestId::from_bits(u128::MAX));
    let sql = "SELECT * FROM fleet_rule_request WHERE machine_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    db.query(sql, params![machine, before, limit]).await?.iter().map(read).collect()
}

/// Those of a machine that are not over.
pub(crate) async fn open_on(db: &Db, machine: MachineId) -> Result<Vec<RuleRequest>, DbError> {
    let sql = "SELECT * FROM fleet_rule_request WHERE machine_id = $1 AND state IN ('waiting', 'asked')
         ORDER BY id LIMIT 100";
    db.query(sql, params![machine]).await?.iter().map(read).collect()
}

/// Those that no machine has heard of yet.
pub(crate) async fn waiting(db: &Db) -> Result<Vec<RuleRequest>, DbError> {
    let sql = "SELECT * FROM fleet_rule_request WHERE state = 'waiting' ORDER BY id LIMIT 500";
    db.query(sql, params![]).await?.iter().map(read).collect()
}

/// Those whose time is over.
pub(crate) async fn overdue(db: &Db, now: Timestamp) -> Result<Vec<RuleRequest>, DbError> {
    let sql = "SELECT * FROM fleet_rule_request WHERE state IN ('waiting', 'asked') AND expires_at <= $1
         ORDER BY id LIMIT 500";
    db.query(sql, params![now]).await?.iter().map(read).collect()
}

/// Removes what ended long ago.
pub(crate) async fn sweep(tx: &mut Tx, before: Timestamp) -> Result<(), DbError> {
    tx.execute("DELETE FROM fleet_rule_request WHERE ended_at < $1", params![before]).await.map(drop)
}
