//! Which jobs wait for which.

use diwan_kernel::db::Row;
use diwan_kernel::{Db, DbError, Tx, params};

use super::job::state;
use crate::id::JobId;
use crate::spec::AfterWhen;
use crate::state::JobState;

/// Says that nobody else ends this job while somebody begins to wait for it, how it stands, and how many began to wait
/// for it by now, these new ones included; `None` when there is no such job.
pub(crate) async fn hold_still(tx: &mut Tx, on: JobId, new: u32) -> Result<Option<(JobState, u64)>, DbError> {
    // On PostgreSQL whoever ends it waits for this unit, and sees then who waits.
    tx.execute("UPDATE job SET dependents = dependents + $1 WHERE id = $2", params![new, on]).await?;
    let found = tx.query_opt("SELECT state, dependents FROM job WHERE id = $1", params![on]).await?;
    found.map(|row| Ok((state(&row)?, row.get("dependents")?))).transpose()
}

/// A job waits for another.
pub(crate) async fn insert(tx: &mut Tx, job: JobId, on: JobId, when: AfterWhen) -> Result<(), DbError> {
    let sql = "INSERT INTO job_dependency (job_id, on_id, whenever) VALUES ($1, $2, $3)";
    tx.execute(sql, params![job, on, when == AfterWhen::Ended]).await.map(drop)
}

/// Those that wait for this job, and whether for its success only.
pub(crate) async fn waiting_for(tx: &mut Tx, on: JobId) -> Result<Vec<(JobId, AfterWhen)>, DbError> {
    let sql = "SELECT job_id, whenever FROM job_dependency WHERE on_id = $1 ORDER BY job_id";
    tx.query(sql, params![on]).await?.iter().map(read).collect()
}

/// Those that wait or waited for this job.
pub(crate) async fn dependents(db: &Db, on: JobId) -> Result<Vec<JobId>, DbError> {
    let sql = "SELECT job_id FROM job_dependency WHERE on_id = $1 ORDER BY job_id LIMIT 1000";
    db.query(sql, params![on]).await?.iter().map(|row| row.get("job_id")).collect()
}

fn read(row: &Row) -> Result<(JobId, AfterWhen), DbError> {
    let when = if row.get("whenever")? { AfterWhen::Ended } else { AfterWhen::Succeeded };
    Ok((row.get("job_id")?, when))
}

/// So many of those that a job waits for have not ended.
pub(crate) async fn set_open(tx: &mut Tx, job: JobId, open: u32) -> Result<(), DbError> {
    let sql = "UPDATE job SET open_dependencies = $1 WHERE id = $2 AND state = 'queued' AND hold = 'dependencies'";
    tx.execute(sql, params![open, job]).await.map(drop)
}

/// One thing less that a job waits for. Says whether there is nothing left.
pub(crate) async fn one_less(tx: &mut Tx, job: JobId) -> Result<bool, DbError> {
    let sql = "UPDATE job SET open_dependencies = open_dependencies - 1
         WHERE id = $1 AND state = 'queued' AND open_dependencies > 0";
    if tx.execute(sql, params![job]).await? == 0 {
        return Ok(false);
    }
    let left = tx.query_opt("SELECT open_dependencies FROM job WHERE id = $1", params![job]).await?;
    left.map_or(Ok(false), |row| Ok(row.get::<i64>("open_dependencies")? == 0))
}
