//! Light jobs in bulk: one statement for many.

use diwan_fleet::MachineId;
use diwan_kernel::db::Value;
use diwan_kernel::{DbError, Timestamp, Tx, params};

use crate::id::JobId;

/// So many are named in one statement.
const AT_ONCE: usize = 64;

/// Sixty-four places for ids, from `$5` on.
macro_rules! ids {
    () => {
        "($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, \
         $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, \
         $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64, $65, $66, $67, $68)"
    };
}

/// A light job that has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) id: JobId,
    /// Whether others may wait for it.
    pub(crate) has_dependents: bool,
}

/// Four values, then the ids; what is left of the places names the first once more.
fn values(four: [Value; 4], ids: &[JobId]) -> Vec<Value> {
    let mut values: Vec<Value> = four.into();
    let padding = ids.first().into_iter().cycle();
    values.extend(ids.iter().chain(padding).take(AT_ONCE).map(|id| Value::from(*id)));
    values
}

/// Gives jobs that are ready to a machine; says which.
pub(crate) async fn lease(
    tx: &mut Tx,
    jobs: &[JobId],
    machine: MachineId,
    now: Timestamp,
) -> Result<Vec<JobId>, DbError> {
    let sql = concat!(
        "UPDATE job SET state = 'leased', attempt = attempt + 1, fence = fence + 1, leased_at = $1, machine_id = $2, \
            machine_name = $3, command_id = $4, started_at = NULL \
         WHERE state = 'queued' AND hold = '' AND id IN ",
        ids!(),
        " RETURNING id"
    );
    let name = tx.query_opt("SELECT name FROM fleet_machine WHERE id = $1", params![machine]).await?;
    let name: Option<String> = name.map(|row| row.get("name")).transpose()?;
    let mut leased = Vec::with_capacity(jobs.len());
    for some in jobs.chunks(AT_ONCE) {
        let four = [now.into(), machine.into(), name.clone().unwrap_or_default().into(), Value::Null];
        for row in tx.query(sql, values(four, some)).await? {
            leased.push(row.get("id")?);
        }
    }
    Ok(leased)
}

/// Writes down that jobs which were leased to a machine at that moment are done; says which.
pub(crate) async fn end(
    tx: &mut Tx,
    jobs: &[JobId],
    (machine, leased_at): (MachineId, Timestamp),
    (began, ended): (Timestamp, Timestamp),
) -> Result<Vec<Ended>, DbError> {
    let sql = concat!(
        "UPDATE job SET state = 'succeeded', tries = tries + 1, fence = fence + 1, started_at = $1, ended_at = $2, \
            exit_code = 0 \
         WHERE state = 'leased' AND machine_id = $3 AND leased_at = $4 AND id IN ",
        ids!(),
        " RETURNING id, dependents"
    );
    let mut all = Vec::with_capacity(jobs.len());
    for some in jobs.chunks(AT_ONCE) {
        let four = [began.into(), ended.into(), machine.into(), leased_at.into()];
        for row in tx.query(sql, values(four, some)).await? {
            all.push(Ended { id: row.get("id")?, has_dependents: row.get::<i64>("dependents")? > 0 });
        }
    }
    Ok(all)
}

/// Jobs that were leased to a machine at that moment and are not done wait again; says which.
pub(crate) async fn give_back(
    tx: &mut Tx,
    jobs: &[JobId],
    machine: MachineId,
    leased_at: Timestamp,
) -> Result<Vec<JobId>, DbError> {
    let sql = concat!(
        "UPDATE job SET state = $1, fence = fence + 1, machine_id = $2, machine_name = NULL, leased_at = NULL \
         WHERE state = 'leased' AND machine_id = $3 AND leased_at = $4 AND id IN ",
        ids!(),
        " RETURNING id"
    );
    let mut back = vec![];
    for some in jobs.chunks(AT_ONCE) {
        let four = ["queued".into(), Value::Null, machine.into(), leased_at.into()];
        for row in tx.query(sql, values(four, some)).await? {
            back.push(row.get("id")?);
        }
    }
    Ok(back)
}

/// All light jobs that are leased wait again, at most five hundred of them; says which.
pub(crate) async fn give_all_back(tx: &mut Tx) -> Result<Vec<JobId>, DbError> {
    let sql =
        "UPDATE job SET state = 'queued', fence = fence + 1, machine_id = NULL, machine_name = NULL, leased_at = NULL
         WHERE id IN (SELECT id FROM job WHERE state IN ('leased', 'running') AND command_id IS NULL LIMIT 500)
         RETURNING id";
    tx.query(sql, params![]).await?.iter().map(|row| row.get("id")).collect()
}
