//! Light jobs in bulk: one statement for many.

use diwan_fleet::MachineId;
use diwan_kernel::db::Value;
use diwan_kernel::{DbError, Timestamp, Tx, params};

use crate::id::JobId;

/// So many are named in one statement.
const AT_ONCE: usize = 64;

/// Sixty-four places for ids, from `$6` on.
macro_rules! ids {
    () => {
        "($6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, \
         $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, \
         $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64, $65, $66, $67, $68, $69)"
    };
}

/// A light job that has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) id: JobId,
    /// Whether others may wait for it.
    pub(crate) has_dependents: bool,
}

/// When jobs were given to a machine, and when that began with them and was done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) leased: Timestamp,
    pub(crate) began: Timestamp,
    pub(crate) ended: Timestamp,
}

impl Times {
    /// The machine's clock may be wrong: nothing is before it was given, nor later than now.
    pub(crate) fn not_after(self, now: Timestamp) -> Self {
        let leased = self.leased.min(now);
        let began = self.began.clamp(leased, now);
        Self { leased, began, ended: self.ended.clamp(began, now) }
    }
}

/// Writes down that jobs which wait, as far as the table knows, were given to a machine and are done; says which.
pub(crate) async fn end(tx: &mut Tx, jobs: &[JobId], machine: MachineId, times: Times) -> Result<Vec<Ended>, DbError> {
    let sql = concat!(
        "UPDATE job SET state = 'succeeded', attempt = attempt + 1, tries = tries + 1, fence = fence + 1, \
            leased_at = $1, started_at = $2, ended_at = $3, machine_id = $4, machine_name = $5, exit_code = 0 \
         WHERE state = 'queued' AND hold = '' AND id IN ",
        ids!(),
        " RETURNING id, dependents"
    );
    let name = tx.query_opt("SELECT name FROM fleet_machine WHERE id = $1", params![machine]).await?;
    let name: String = name.map(|row| row.get("name")).transpose()?.unwrap_or_default();
    let mut all = Vec::with_capacity(jobs.len());
    for some in jobs.chunks(AT_ONCE) {
        let mut values = params![times.leased, times.began, times.ended, machine, &name];
        // What is left of the places names the first once more.
        values.extend(some.iter().chain(some.iter().cycle()).take(AT_ONCE).map(|id| Value::from(*id)));
        for row in tx.query(sql, values).await? {
            all.push(Ended { id: row.get("id")?, has_dependents: row.get::<i64>("dependents")? > 0 });
        }
    }
    Ok(all)
}
