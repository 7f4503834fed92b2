//! Tries at jobs that are over and were not the last.

use diwan_kernel::db::Row;
use diwan_kernel::{Db, DbError, Tx, params};

use super::int;
use super::job::{fared, state};
use crate::id::JobId;
use crate::job::Attempt;

fn read(row: &Row) -> Result<Attempt, DbError> {
    Ok(Attempt {
        attempt: row.get("attempt")?,
        fence: row.get("fence")?,
        machine: row.get("machine_id")?,
        machine_name: row.get("machine_name")?,
        command: row.get("command_id")?,
        leased_at: row.get("leased_at")?,
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        state: state(row)?,
        fared: fared(row)?,
    })
}

/// Writes down how a try went, before the next one.
pub(crate) async fn insert(tx: &mut Tx, job: JobId, attempt: &Attempt) -> Result<(), DbError> {
    let sql = "INSERT INTO job_attempt (job_id, attempt, fence, machine_id, machine_name, command_id, leased_at,
            started_at, ended_at, state, reason, detail, exit_code, signal, usage, output_bytes, error_bytes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    let fared = &attempt.fared;
    let values = params![
        job,
        attempt.attempt,
        int(attempt.fence),
        attempt.machine,
        &attempt.machine_name,
        attempt.command,
        attempt.leased_at,
        attempt.started_at,
        attempt.ended_at,
        attempt.state.as_str(),
        fared.reason.clone(),
        fared.detail.clone(),
        fared.exit_code,
        fared.signal,
        fared.usage.map(|usage| serde_json::json!(usage)),
        int(fared.output_bytes),
        int(fared.error_bytes),
    ];
    tx.execute(sql, values).await.map(drop)
}

/// The earlier tries at a job, in order.
pub(crate) async fn of(db: &Db, job: JobId) -> Result<Vec<Attempt>, DbError> {
    let sql = "SELECT * FROM job_attempt WHERE job_id = $1 ORDER BY attempt LIMIT 1000";
    db.query(sql, params![job]).await?.iter().map(read).collect()
}
