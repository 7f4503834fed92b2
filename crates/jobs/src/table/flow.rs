//! The flows that there ever were.

use diwan_kernel::db::Row;
use diwan_kernel::{Db, DbError, Tx, params};

use super::mismatch;
use crate::flow::{Flow, FlowId, parse_stored, stored};
use crate::spec::JobTarget;

fn read(row: &Row) -> Result<Flow, DbError> {
    Ok(Flow {
        queue: row.get("queue")?,
        target: JobTarget::parse(&row.get::<String>("target")?).ok_or_else(|| mismatch("target"))?,
        avoids: parse_stored(&row.get::<String>("avoids")?).ok_or_else(|| mismatch("avoids"))?,
        key: row.get("job_key")?,
        owner: row.get("owner_id")?,
        priority: row.get("priority")?,
        is_light: row.get("is_light")?,
    })
}

/// Writes a flow down, unless it was before.
pub(crate) async fn note(tx: &mut Tx, id: FlowId, flow: &Flow) -> Result<(), DbError> {
    let sql = "INSERT INTO job_flow (id, queue, target, job_key, owner_id, priority, is_light, avoids)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO NOTHING";
    let values = params![
        id,
        &flow.queue,
        flow.target.stored(),
        flow.key.clone(),
        &flow.owner,
        flow.priority,
        flow.is_light,
        stored(&flow.avoids)
    ];
    tx.execute(sql, values).await.map(drop)
}

/// The queues that jobs are or were in.
pub(crate) async fn queues(db: &Db) -> Result<Vec<String>, DbError> {
    let rows = db.query("SELECT DISTINCT queue FROM job_flow ORDER BY queue", params![]).await?;
    rows.iter().map(|row| row.get("queue")).collect()
}

/// The flows in which something is ready.
pub(crate) async fn ready(db: &Db) -> Result<Vec<Flow>, DbError> {
    let sql = "SELECT * FROM job_flow AS flow
         WHERE EXISTS (SELECT 1 FROM job WHERE state = 'queued' AND hold = '' AND job.flow = flow.id)";
    db.query(sql, params![]).await?.iter().map(read).collect()
}

/// Removes the flows of which no job is left.
pub(crate) async fn forget_unused(tx: &mut Tx) -> Result<(), DbError> {
    let sql = "DELETE FROM job_flow WHERE NOT EXISTS (SELECT 1 FROM job WHERE job.flow = job_flow.id)";
    tx.execute(sql, params![]).await.map(drop)
}
