//! Commands, as stored.

use std::sync::Arc;

use diwan_kernel::db::{BuiltSql, Row};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Actor, Ctx, Db, DbError, Tx, params};
use diwan_protocol::command::Limits;
use diwan_protocol::decode;
use diwan_vault::LeaseId;
use serde::{Deserialize, Serialize};

use super::artifacts::LeftFiles;
use super::id::{ApprovalId, BatchId, CommandId};
use super::operation::CommandOperation;
use super::state::{CommandOutcome, CommandState, CommandUsage, Told};
use super::variables::Variables;
use super::words::{CommandProblem, CommandVerdict};
use crate::machine::MachineId;

/// A command, as stored.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub(crate) id: CommandId,
    pub(crate) batch: BatchId,
    pub(crate) machine: MachineId,
    pub(crate) machine_name: String,
    pub(crate) actor: CommandActor,
    pub(crate) operation: CommandOperation,
    pub(crate) has_input: bool,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) retry_safe: bool,
    pub(crate) retry_of: Option<CommandId>,
    pub(crate) approval: Option<CommandApproval>,
    pub(crate) approved_as: Option<CommandId>,
    pub(crate) state: CommandState,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) cancel_asked_at: Option<Timestamp>,
    pub(crate) sent: Option<Signed>,
    pub(crate) verdict: Option<CommandVerdict>,
    pub(crate) problem: Option<CommandProblem>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) told: Told,
    pub(crate) usage: Option<CommandUsage>,
    pub(crate) output_bytes: u64,
    pub(crate) error_bytes: u64,
    pub(crate) input_bytes: u64,
    pub(crate) output_gone_at: Option<Timestamp>,
    pub(crate) variables: Variables,
    /// What the vault lends for it.
    pub(crate) leases: Vec<LeaseId>,
    /// Patterns of the files that are kept, while it is being sent: they are written down in what is signed.
    pub(crate) artifacts: Vec<String>,
    /// Limits of its own, while it is being sent: they too are written down in what is signed.
    pub(crate) limits: Option<Limits>,
    /// The files that it has left, while its end is being written down.
    pub(crate) left: Option<Arc<LeftFiles>>,
}

/// What was signed for the machine.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    /// Its number among the commands of the machine.
    pub(crate) sequence: u64,
    /// The policy that was in force, by its hash.
    pub(crate) policy: [u8; 32],
    /// Exactly what is sent.
    pub(crate) bytes: Vec<u8>,
}

/// Who wants a command, or said yes to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CommandActor {
    /// `usr_…`, `tok_…`, or what else acts.
    pub id: String,
    /// For people.
    pub name: String,
    /// The person behind it.
    #[serde(default)]
    pub user_id: Option<String>,
}

/// Somebody's yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct CommandApproval {
    /// Its id.
    pub(crate) id: ApprovalId,
    /// Who gave it.
    pub(crate) by: CommandActor,
    /// When.
    pub(crate) at: Timestamp,
    /// To which command, which this one repeats.
    pub(crate) of: CommandId,
}

impl Signed {
    /// The command that was signed.
    pub(crate) fn read(&self) -> Option<diwan_protocol::Command> {
        let signed: diwan_protocol::SignedCommand = decode(&self.bytes).ok().flatten()?;
        decode(&signed.bytes).ok().flatten()
    }
}

impl CommandActor {
    /// Whoever calls.
    pub fn from_ctx(ctx: &Ctx) -> Self {
        let name = match &ctx.actor {
            Actor::User { name, .. } | Actor::Token { name, .. } => name.to_string(),
            Actor::System(name) => (*name).to_owned(),
            Actor::Anonymous => String::new(),
        };
        Self { id: ctx.actor.key(), name, user_id: ctx.actor.user_id().map(|id| id.to_string()) }
    }
}

fn word<T>(row: &Row, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, DbError> {
    read(&row.get::<String>(column)?).ok_or_else(|| DbError::Mismatch { column: column.to_owned() })
}

fn json<T: serde::de::DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>, DbError> {
    let Some(text) = row.get::<Option<String>>(column)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|_| DbError::Mismatch { column: column.to_owned() })
}

fn must<T>(found: Option<T>, column: &str) -> Result<T, DbError> {
    found.ok_or_else(|| DbError::Mismatch { column: column.to_owned() })
}

fn read(row: &Row) -> Result<Command, DbError> {
    let outcome: Option<String> = row.get("outcome")?;
    let sent = match (row.get::<Option<u64>>("sequence")?, row.get("policy")?, row.get("signed")?) {
        (Some(sequence), Some(policy), Some(bytes)) => Some(Signed { sequence, policy, bytes }),
        _ => None,
    };
    Ok(Command {
        id: row.get("id")?,
        batch: row.get("batch_id")?,
        machine: row.get("machine_id")?,
        machine_name: row.get("machine_name")?,
        actor: must(json(row, "actor")?, "actor")?,
        operation: must(json(row, "operation")?, "operation")?,
        has_input: row.get("has_input")?,
        timeout_ms: row.get("timeout_ms")?,
        retry_safe: row.get("retry_safe")?,
        retry_of: row.get("retry_of")?,
        approval: json(row, "approval")?,
        approved_as: row.get("approved_as")?,
        state: word(row, "state", CommandState::parse)?,
        issued_at: row.get("issued_at")?,
        expires_at: row.get("expires_at")?,
        cancel_asked_at: row.get("cancel_asked_at")?,
        sent,
        verdict: json(row, "verdict")?,
        problem: json(row, "problem")?,
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        told: Told {
            outcome: outcome.as_deref().and_then(CommandOutcome::parse),
            exit_code: row.get("exit_code")?,
            signal: row.get("signal")?,
            detail: row.get("detail")?,
        },
        usage: json(row, "usage")?,
        output_bytes: row.get("output_bytes")?,
        error_bytes: row.get("error_bytes")?,
        input_bytes: row.get("input_bytes")?,
        output_gone_at: row.get("output_gone_at")?,
        variables: json(row, "variables")?.unwrap_or_default(),
        leases: json(row, "leases")?.unwrap_or_default(),
        artifacts: vec![],
        limits: None,
        left: None,
    })
}

fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn as_json<T: Serialize>(value: Option<&T>) -> Option<serde_json::Value> {
    value.map(|value| serde_json::json!(value))
}

/// Null while there are none, as of most.
fn leases(command: &Command) -> Option<serde_json::Value> {
    as_json(Some(&command.leases).filter(|leases| !leases.is_empty()))
}

/// Adds a command.
pub(crate) async fn insert(tx: &mut Tx, command: &Command) -> Result<(), DbError> {
    let sql =
        "INSERT INTO fleet_command (id, batch_id, machine_id, machine_name, actor_id, actor, operation, has_input,
            timeout_ms, retry_safe, retry_of, approval, state, issued_at, expires_at, sequence, policy, signed, problem,
            ended_at, variables, leases, output_bytes, error_bytes, input_bytes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            0, 0, 0)";
    let sent = command.sent.as_ref();
    let values = params![
        command.id,
        command.batch,
        command.machine,
        &command.machine_name,
        &command.actor.id,
        serde_json::json!(command.actor),
        serde_json::json!(command.operation),
        command.has_input,
        command.timeout_ms.map(int),
        command.retry_safe,
        command.retry_of,
        as_json(command.approval.as_ref()),
        command.state.stored().as_str(),
        command.issued_at,
        command.expires_at,
        sent.map(|s| int(s.sequence)),
        sent.map(|s| s.policy),
        sent.map(|s| s.bytes.clone()),
        as_json(command.problem.as_ref()),
        command.ended_at,
        as_json(Some(&command.variables).filter(|variables| !variables.is_empty() || variables.job.is_some())),
        leases(command),
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Writes down what is sent to a machine that came while a command waited for it. False when it waits no more.
pub(crate) async fn set_signed(tx: &mut Tx, command: &Command) -> Result<bool, DbError> {
    let Some(sent) = &command.sent else { return Ok(false) };
    let sql = "UPDATE fleet_command SET state = 'written', issued_at = $1, expires_at = $2, sequence = $3, policy = $4,
            signed = $5, leases = $6 WHERE id = $7 AND state = 'waiting'";
    let values = params![
        command.issued_at,
        command.expires_at,
        int(sent.sequence),
        sent.policy,
        sent.bytes.clone(),
        leases(command),
        command.id,
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Writes down how a command ended. False when that was written down before.
pub(crate) async fn end(tx: &mut Tx, command: &Command) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_command SET state = $1, verdict = $2, problem = $3, started_at = $4, ended_at = $5,
            outcome = $6, exit_code = $7, signal = $8, detail = $9, usage = $10, output_bytes = $11, error_bytes = $12,
            input_bytes = $13
         WHERE id = $14 AND state IN ('waiting', 'written')";
    let told = &command.told;
    let values = params![
        command.state.as_str(),
        as_json(command.verdict.as_ref()),
        as_json(command.problem.as_ref()),
        command.started_at,
        command.ended_at,
        told.outcome.map(CommandOutcome::as_str),
        told.exit_code,
        told.signal,
        told.detail.clone(),
        as_json(command.usage.as_ref()),
        int(command.output_bytes),
        int(command.error_bytes),
        int(command.input_bytes),
        command.id,
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Writes down that a command which waits for its machine is over. False when it waits no more.
pub(crate) async fn end_waiting(tx: &mut Tx, command: &Command) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_command SET state = $1, outcome = $2, ended_at = $3 WHERE id = $4 AND state = 'waiting'";
    let outcome = command.told.outcome.map(CommandOutcome::as_str);
    Ok(tx.execute(sql, params![command.state.as_str(), outcome, command.ended_at, command.id]).await? == 1)
}

/// Writes down that a command is to be stopped. False when it has ended.
pub(crate) async fn ask_cancel(tx: &mut Tx, id: CommandId, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_command SET cancel_asked_at = $1 WHERE id = $2 AND state = 'written'";
    Ok(tx.execute(sql, params![now, id]).await? == 1)
}

/// Writes down as which command one was approved. False when somebody did that before, or it has to be too late.
pub(crate) async fn approve(tx: &mut Tx, id: CommandId, by: CommandId, since: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_command SET approved_as = $1
         WHERE id = $2 AND state = 'needs_approval' AND approved_as IS NULL AND ended_at >= $3";
    Ok(tx.execute(sql, params![by, id, since]).await? == 1)
}

/// The command with this id.
pub(crate) async fn find(db: &Db, id: CommandId) -> Result<Option<Command>, DbError> {
    let sql = "SELECT * FROM fleet_command WHERE id = $1";
    db.query_opt(sql, params![id]).await?.as_ref().map(read).transpose()
}

/// The commands of a batch, in the order in which they were asked for.
pub(crate) async fn of_batch(db: &Db, batch: BatchId) -> Result<Vec<Command>, DbError> {
    let sql = "SELECT * FROM fleet_command WHERE batch_id = $1 ORDER BY id LIMIT 2000";
    db.query(sql, params![batch]).await?.iter().map(read).collect()
}

/// What has not ended on a machine.
pub(crate) async fn open_on(db: &Db, machine: MachineId) -> Result<Vec<Command>, DbError> {
    let sql =
        "SELECT * FROM fleet_command WHERE machine_id = $1 AND state IN ('waiting', 'written') ORDER BY id LIMIT 10000";
    db.query(sql, params![machine]).await?.iter().map(read).collect()
}

/// Which of these a machine need not remember: they have ended, or were never its own.
pub(crate) async fn is_open(db: &Db, id: CommandId, machine: MachineId) -> Result<bool, DbError> {
    let sql = "SELECT 1 AS one FROM fleet_command WHERE id = $1 AND machine_id = $2 AND state = 'written'";
    Ok(db.query_opt(sql, params![id, machine]).await?.is_some())
}

/// What waited for its machine for too long.
pub(crate) async fn overdue(db: &Db, now: Timestamp) -> Result<Vec<Command>, DbError> {
    let sql = "SELECT * FROM fleet_command WHERE state = 'waiting' AND expires_at <= $1 ORDER BY id LIMIT 500";
    db.query(sql, params![now]).await?.iter().map(read).collect()
}

/// What may be repeated, ended since then with nobody knowing how, and was not repeated.
pub(crate) async fn unrepeated(db: &Db, since: Timestamp) -> Result<Vec<Command>, DbError> {
    let sql = "SELECT * FROM fleet_command AS lost
               WHERE state = 'unknown' AND retry_safe = 1 AND retry_of IS NULL AND ended_at > $1
                 AND NOT EXISTS (SELECT 1 FROM fleet_command AS again WHERE again.retry_of = lost.id)
               ORDER BY id LIMIT 500";
    db.query(sql, params![since]).await?.iter().map(read).collect()
}

/// What waits for its machine.
pub(crate) async fn waiting(db: &Db) -> Result<Vec<Command>, DbError> {
    let sql = "SELECT * FROM fleet_command WHERE state = 'waiting' ORDER BY expires_at LIMIT 500";
    db.query(sql, params![]).await?.iter().map(read).collect()
}

/// What has not ended although its machine will never come back.
pub(crate) async fn orphaned(db: &Db) -> Result<Vec<Command>, DbError> {
    let sql = "SELECT c.* FROM fleet_command c LEFT JOIN fleet_machine m ON m.id = c.machine_id
         WHERE (m.id IS NULL OR m.standing = 'revoked') AND c.state IN ('waiting', 'written') ORDER BY c.id LIMIT 500";
    db.query(sql, params![]).await?.iter().map(read).collect()
}

/// The highest number of a command of a machine.
pub(crate) async fn last_sequence(db: &Db, machine: MachineId) -> Result<u64, DbError> {
    let sql = "SELECT max(sequence) AS last FROM fleet_command WHERE machine_id = $1";
    let row = db.query_opt(sql, params![machine]).await?;
    Ok(row.map_or(Ok(None), |row| row.get::<Option<u64>>("last"))?.unwrap_or_default())
}

/// Which commands are wanted.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) machine: Option<MachineId>,
    pub(crate) batch: Option<BatchId>,
    pub(crate) state: Option<CommandState>,
    pub(crate) actor: Option<String>,
    pub(crate) before: Option<CommandId>,
}

/// Commands, newest first.
pub(crate) async fn list(db: &Db, wanted: &Wanted, limit: usize) -> Result<Vec<Command>, DbError> {
    let before = wanted.before.unwrap_or_else(|| CommandId::from_bits(u128::MAX));
    let sql = BuiltSql::new("SELECT * FROM fleet_command")
        .push(" WHERE id < ?", params![before])
        .push_if(" AND machine_id = ?", wanted.machine)
        .push_if(" AND batch_id = ?", wanted.batch)
        .push_if(" AND state = ?", wanted.state.map(|state| state.stored().as_str()))
        .push_if(" AND actor_id = ?", wanted.actor.as_ref())
        .push(" ORDER BY id DESC LIMIT ?", params![i64::try_from(limit).unwrap_or(i64::MAX)]);
    db.query_built(sql).await?.iter().map(read).collect()
}

/// An ended command whose output is still here, and how much room that takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) id: CommandId,
    pub(crate) ended_at: Timestamp,
    pub(crate) bytes: u64,
}

/// Those whose output is still here, the newest first.
pub(crate) async fn kept(db: &Db) -> Result<Vec<Kept>, DbError> {
    let sql = "SELECT id, ended_at, COALESCE(packed_bytes, output_bytes + error_bytes) AS bytes FROM fleet_command
         WHERE output_gone_at IS NULL AND ended_at IS NOT NULL AND output_bytes + error_bytes > 0 ORDER BY ended_at DESC";
    let rows = db.query(sql, params![]).await?;
    rows.iter().map(|r| Ok(Kept { id: r.get("id")?, ended_at: r.get("ended_at")?, bytes: r.get("bytes")? })).collect()
}

/// Ended commands whose output is not packed and long enough for that, those after this one.
pub(crate) async fn unpacked(db: &Db, after: Option<CommandId>, limit: usize) -> Result<Vec<CommandId>, DbError> {
    let after = after.unwrap_or_else(|| CommandId::from_bits(0));
    let sql = BuiltSql::new("SELECT id FROM fleet_command")
        .push(" WHERE id > ?", params![after])
        .push(" AND packed_bytes IS NULL AND output_gone_at IS NULL AND ended_at IS NOT NULL", params![])
        .push(" AND output_bytes + error_bytes > 4096", params![])
        .push(" ORDER BY id LIMIT ?", params![i64::try_from(limit).unwrap_or(i64::MAX)]);
    db.query_built(sql).await?.iter().map(|row| row.get("id")).collect()
}

/// Writes down that the output of an ended command is packed, and how much room it takes now.
pub(crate) async fn set_packed(tx: &mut Tx, id: CommandId, bytes: u64) -> Result<(), DbError> {
    let sql = "UPDATE fleet_command SET packed_bytes = $1 WHERE id = $2 AND output_gone_at IS NULL";
    tx.execute(sql, params![int(bytes), id]).await.map(drop)
}

/// Writes down that the output of a command is not kept any longer.
pub(crate) async fn set_gone(tx: &mut Tx, id: CommandId, now: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE fleet_command SET output_gone_at = $1 WHERE id = $2 AND output_gone_at IS NULL";
    tx.execute(sql, params![now, id]).await.map(drop)
}
