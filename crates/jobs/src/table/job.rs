//! Jobs, as stored.

use diwan_fleet::{CommandId, MachineId};
use diwan_kernel::db::{BuiltSql, Row, Value, like_pattern};
use diwan_kernel::{Db, DbError, Timestamp, Tx, params};

use super::{int, json, mismatch};
use crate::board::WINDOW;
use crate::flow::{FlowId, Place, parse_stored, stored};
use crate::id::{JobId, ScheduleId};
use crate::job::{Fared, Job};
use crate::state::{JobHold, JobState};

/// So many rows are looked at in one go by whoever looks after all.
pub(crate) const SOME: usize = 500;

pub(super) fn fared(row: &Row) -> Result<Fared, DbError> {
    Ok(Fared {
        reason: row.get("reason")?,
        detail: row.get("detail")?,
        exit_code: row.get("exit_code")?,
        signal: row.get("signal")?,
        usage: json(row, "usage")?,
        output_bytes: row.get("output_bytes")?,
        error_bytes: row.get("error_bytes")?,
    })
}

pub(super) fn state(row: &Row) -> Result<JobState, DbError> {
    JobState::parse(&row.get::<String>("state")?).ok_or_else(|| mismatch("state"))
}

fn read(row: &Row) -> Result<Job, DbError> {
    let machine = row.get::<Option<MachineId>>("machine_id")?.zip(row.get::<Option<String>>("machine_name")?);
    let schedule = row.get::<Option<ScheduleId>>("schedule_id")?.zip(row.get::<Option<Timestamp>>("scheduled_for")?);
    Ok(Job {
        id: row.get("id")?,
        flow: row.get("flow")?,
        name: row.get("name")?,
        owner_id: row.get("owner_id")?,
        owner: json(row, "owner")?.ok_or_else(|| mismatch("owner"))?,
        spec: json(row, "spec")?.ok_or_else(|| mismatch("spec"))?,
        state: state(row)?,
        hold: JobHold::parse(&row.get::<String>("hold")?).ok_or_else(|| mismatch("hold"))?,
        attempt: row.get("attempt")?,
        tries: row.get("tries")?,
        most_tries: row.get("most_tries")?,
        fence: row.get("fence")?,
        due_at: row.get("due_at")?,
        deadline_at: row.get("deadline_at")?,
        created_at: row.get("created_at")?,
        ready_at: row.get("ready_at")?,
        leased_at: row.get("leased_at")?,
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        cancel_asked_at: row.get("cancel_asked_at")?,
        machine,
        avoids: parse_stored(&row.get::<String>("avoids")?).ok_or_else(|| mismatch("avoids"))?,
        command: row.get("command_id")?,
        fared: fared(row)?,
        dead_at: row.get("dead_at")?,
        open_dependencies: row.get("open_dependencies")?,
        schedule,
        rerun_of: row.get("rerun_of")?,
        begun_by: row.get("begun_by")?,
        depth: row.get("depth")?,
        idempotency_digest: row.get("idempotency_digest")?,
    })
}

/// Adds a job that was not given to a machine yet.
pub(crate) async fn insert(tx: &mut Tx, job: &Job) -> Result<(), DbError> {
    insert_all(tx, std::slice::from_ref(job)).await
}

/// Writes new jobs down.
pub(crate) async fn insert_all(tx: &mut Tx, jobs: &[Job]) -> Result<(), DbError> {
    let sql = "INSERT INTO job (id, flow, name, queue, job_key, owner_id, owner, spec, labels, state, hold, attempt,
            tries, most_tries, fence, due_at, deadline_at, created_at, ready_at, open_dependencies, dependents,
            output_bytes, error_bytes, schedule_id, scheduled_for, rerun_of, begun_by, depth, idempotency_key,
            idempotency_digest)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, $12, 0, $13, $14, $15, $16, $17, 0, 0, 0, $18, $19,
            $20, $21, $22, $23, $24)";
    let rows: Vec<_> = jobs.iter().map(row_of).collect();
    tx.execute_many(sql, &rows).await
}

fn row_of(job: &Job) -> Vec<Value> {
    params![
        job.id,
        job.flow,
        &job.name,
        &job.spec.queue,
        job.spec.concurrency.as_ref().map(|concurrency| &concurrency.key),
        &job.owner_id,
        serde_json::json!(job.owner),
        serde_json::json!(job.spec),
        job.spec.stored_labels(),
        job.state.as_str(),
        job.hold.as_str(),
        job.most_tries,
        job.due_at,
        job.deadline_at,
        job.created_at,
        job.ready_at,
        job.open_dependencies,
        job.schedule.map(|(schedule, _)| schedule),
        job.schedule.map(|(_, at)| at),
        job.rerun_of,
        job.begun_by,
        job.depth,
        job.spec.idempotency_key.as_ref(),
        job.idempotency_digest.clone(),
    ]
}

/// The job with this id.
pub(crate) async fn find(db: &Db, id: JobId) -> Result<Option<Job>, DbError> {
    db.query_opt("SELECT * FROM job WHERE id = $1", params![id]).await?.as_ref().map(read).transpose()
}

/// The job with this id, inside a unit of work.
pub(crate) async fn find_in(tx: &mut Tx, id: JobId) -> Result<Option<Job>, DbError> {
    tx.query_opt("SELECT * FROM job WHERE id = $1", params![id]).await?.as_ref().map(read).transpose()
}

/// How a job came about.
pub(crate) struct Origin {
    pub(crate) schedule: Option<ScheduleId>,
    pub(crate) begun_by: Option<JobId>,
    pub(crate) depth: u32,
}

/// How the job with this id came about.
pub(crate) async fn origin(db: &Db, id: JobId) -> Result<Option<Origin>, DbError> {
    let row = db.query_opt("SELECT schedule_id, begun_by, depth FROM job WHERE id = $1", params![id]).await?;
    let origin = |row: Row| {
        Ok(Origin { schedule: row.get("schedule_id")?, begun_by: row.get("begun_by")?, depth: row.get("depth")? })
    };
    row.map(origin).transpose()
}

/// The job that this owner wanted with this key.
pub(crate) async fn find_keyed(db: &Db, owner: &str, key: &str) -> Result<Option<Job>, DbError> {
    let sql = "SELECT * FROM job WHERE owner_id = $1 AND idempotency_key = $2";
    db.query_opt(sql, params![owner, key]).await?.as_ref().map(read).transpose()
}

/// Gives a job that is ready to a machine. False when it is not ready any more.
pub(crate) async fn lease(tx: &mut Tx, job: &Job, machine: (MachineId, &str), now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE job SET state = 'leased', attempt = attempt + 1, fence = fence + 1, leased_at = $1,
            machine_id = $2, machine_name = $3, started_at = NULL, command_id = NULL
         WHERE id = $4 AND state = 'queued' AND hold = '' AND fence = $5";
    let values = params![now, machine.0, machine.1, job.id, int(job.fence)];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Writes down as which command a try is carried out.
pub(crate) async fn set_command(tx: &mut Tx, id: JobId, command: CommandId) -> Result<(), DbError> {
    tx.execute("UPDATE job SET command_id = $1 WHERE id = $2", params![command, id]).await.map(drop)
}

/// Writes down that a machine has begun. False when word of it comes too late.
pub(crate) async fn start(tx: &mut Tx, id: JobId, fence: u64, at: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE job SET state = 'running', started_at = $1 WHERE id = $2 AND fence = $3 AND state = 'leased'";
    Ok(tx.execute(sql, params![at, id, int(fence)]).await? == 1)
}

/// Writes down that a try is over. `job` is how it is from now on; `fence` is what it was. False when word of it
/// comes too late.
pub(crate) async fn settle(tx: &mut Tx, job: &Job, fence: u64) -> Result<bool, DbError> {
    let sql =
        "UPDATE job SET state = $1, hold = $2, tries = $3, fence = $4, due_at = $5, ready_at = $6, started_at = $7,
            ended_at = $8, reason = $9, detail = $10, exit_code = $11, signal = $12, usage = $13, output_bytes = $14,
            error_bytes = $15, dead_at = $16, most_tries = $17, cancel_asked_at = $18, deadline_at = $19,
            leased_at = $20, machine_id = $21, machine_name = $22, command_id = $23
         WHERE id = $24 AND fence = $25 AND ended_at IS NULL";
    let fared = &job.fared;
    let values = params![
        job.state.as_str(),
        job.hold.as_str(),
        job.tries,
        int(job.fence),
        job.due_at,
        job.ready_at,
        job.started_at,
        job.ended_at,
        fared.reason.clone(),
        fared.detail.clone(),
        fared.exit_code,
        fared.signal,
        fared.usage.map(|usage| serde_json::json!(usage)),
        int(fared.output_bytes),
        int(fared.error_bytes),
        job.dead_at,
        job.most_tries,
        job.cancel_asked_at,
        job.deadline_at,
        job.leased_at,
        job.machine.as_ref().map(|(id, _)| *id),
        job.machine.as_ref().map(|(_, name)| name),
        job.command,
        job.id,
        int(fence),
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Writes down that a job which has ended is wanted once more. False when that was done before.
pub(crate) async fn replay(tx: &mut Tx, job: &Job, fence: u64) -> Result<bool, DbError> {
    let sql = "UPDATE job SET state = 'queued', hold = $1, fence = $2, ready_at = $3, most_tries = $4, deadline_at = $5,
            open_dependencies = $6, ended_at = NULL, dead_at = NULL, cancel_asked_at = NULL, due_at = $7, reason = NULL, detail = NULL,
            exit_code = NULL, signal = NULL, usage = NULL, output_bytes = 0, error_bytes = 0, leased_at = NULL,
            started_at = NULL, machine_id = NULL, machine_name = NULL, command_id = NULL
         WHERE id = $8 AND fence = $9 AND ended_at IS NOT NULL";
    let values = params![
        job.hold.as_str(),
        int(job.fence),
        job.ready_at,
        job.most_tries,
        job.deadline_at,
        job.open_dependencies,
        job.due_at,
        job.id,
        int(fence)
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Writes down which machines a job is not given to, and so in which flow it is.
pub(crate) async fn set_avoids(tx: &mut Tx, job: &Job) -> Result<(), DbError> {
    let sql = "UPDATE job SET avoids = $1, flow = $2 WHERE id = $3";
    tx.execute(sql, params![stored(&job.avoids), job.flow, job.id]).await.map(drop)
}

/// Writes down that nobody has to look at a job any more. False when nobody had to.
pub(crate) async fn dismiss(tx: &mut Tx, id: JobId) -> Result<bool, DbError> {
    Ok(tx.execute("UPDATE job SET dead_at = NULL WHERE id = $1 AND dead_at IS NOT NULL", params![id]).await? == 1)
}

/// Writes down that a job that is under way is to stop. False when it is not under way any more.
pub(crate) async fn ask_cancel(tx: &mut Tx, id: JobId, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE job SET cancel_asked_at = $1 WHERE id = $2 AND state IN ('leased', 'running')";
    Ok(tx.execute(sql, params![now, id]).await? == 1)
}

/// A job whose time has come is ready.
pub(crate) async fn make_ready(tx: &mut Tx, id: JobId, hold: JobHold) -> Result<bool, DbError> {
    let sql = "UPDATE job SET hold = '', ready_at = CASE WHEN due_at > ready_at THEN due_at ELSE ready_at END
         WHERE id = $1 AND state = 'queued' AND hold = $2";
    Ok(tx.execute(sql, params![id, hold.as_str()]).await? == 1)
}

/// Queued jobs whose time has come, the earliest first.
pub(crate) async fn due(db: &Db, now: Timestamp) -> Result<Vec<Job>, DbError> {
    let sql = "SELECT * FROM job WHERE state = 'queued' AND hold = 'time' AND due_at <= $1 ORDER BY due_at LIMIT 500";
    db.query(sql, params![now]).await?.iter().map(read).collect()
}

/// Jobs that pause between tries until after this moment, those first that pause longest.
pub(crate) async fn pausing(db: &Db, until: Timestamp) -> Result<Vec<Job>, DbError> {
    let sql = "SELECT * FROM job WHERE state = 'queued' AND hold = 'time' AND due_at > $1 AND attempt > 0
         ORDER BY due_at DESC LIMIT 500";
    db.query(sql, params![until]).await?.iter().map(read).collect()
}

/// The pause of a job ends now.
pub(crate) async fn end_pause(tx: &mut Tx, id: JobId, now: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE job SET due_at = $1 WHERE id = $2 AND state = 'queued' AND hold = 'time'";
    tx.execute(sql, params![now, id]).await.map(drop)
}

/// Queued jobs that should have begun by now, the earliest first, behind this one.
pub(crate) async fn overdue(db: &Db, now: Timestamp, behind: Option<(Timestamp, JobId)>) -> Result<Vec<Job>, DbError> {
    let sql = "SELECT * FROM job WHERE state = 'queued' AND deadline_at IS NOT NULL AND deadline_at <= $1
            AND (deadline_at, id) > ($2, $3) ORDER BY deadline_at, id LIMIT 500";
    let (at, id) = behind.unwrap_or_else(|| (Timestamp::from_millis(i64::MIN), JobId::from_bits(0)));
    db.query(sql, params![now, at, id]).await?.iter().map(read).collect()
}

/// Jobs of a flow that are ready.
pub(crate) async fn ready(db: &Db, flow: FlowId) -> Result<Vec<Job>, DbError> {
    let sql = "SELECT * FROM job WHERE state = 'queued' AND hold = '' AND flow = $1 ORDER BY ready_at, id LIMIT 500";
    db.query(sql, params![flow]).await?.iter().map(read).collect()
}

/// Jobs that are under way, after this one.
pub(crate) async fn under_way(db: &Db, after: Option<JobId>) -> Result<Vec<Job>, DbError> {
    let after = after.unwrap_or_else(|| JobId::from_bits(0));
    let sql = "SELECT * FROM job WHERE state IN ('leased', 'running') AND id > $1 ORDER BY id LIMIT 500";
    db.query(sql, params![after]).await?.iter().map(read).collect()
}

/// The first of a flow that are ready, behind a place.
pub(crate) async fn heads(db: &Db, flow: FlowId, behind: Option<Place>) -> Result<Vec<Place>, DbError> {
    let sql = "SELECT id, ready_at FROM job WHERE state = 'queued' AND hold = '' AND flow = $1
            AND (ready_at, id) > ($2, $3) ORDER BY ready_at, id LIMIT $4";
    let first = Place { ready_at: Timestamp::from_millis(i64::MIN), job: JobId::from_bits(0) };
    let Place { ready_at, job } = behind.unwrap_or(first);
    let rows = db.query(sql, params![flow, ready_at, job, int(WINDOW)]).await?;
    rows.iter().map(|row| Ok(Place { ready_at: row.get("ready_at")?, job: row.get("id")? })).collect()
}

/// Ended jobs that ended before this moment and need not be looked at by anybody.
pub(crate) async fn old(db: &Db, before: Timestamp) -> Result<Vec<JobId>, DbError> {
    let sql = "SELECT id FROM job WHERE ended_at IS NOT NULL AND ended_at < $1 AND dead_at IS NULL
         ORDER BY ended_at LIMIT 500";
    db.query(sql, params![before]).await?.iter().map(|row| row.get("id")).collect()
}

/// Removes a job that has ended, with its tries and what it waited for. It may be wanted again meanwhile.
pub(crate) async fn delete(tx: &mut Tx, id: JobId) -> Result<(), DbError> {
    tx.execute("DELETE FROM job WHERE id = $1 AND ended_at IS NOT NULL", params![id]).await.map(drop)
}

/// Jobs that are ready and whose flow is not written down.
pub(crate) async fn without_flow(db: &Db) -> Result<Vec<Job>, DbError> {
    let sql = "SELECT * FROM job WHERE state = 'queued' AND hold = ''
            AND NOT EXISTS (SELECT 1 FROM job_flow WHERE job_flow.id = job.flow) LIMIT 500";
    db.query(sql, params![]).await?.iter().map(read).collect()
}

/// Which jobs are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) state: Option<JobState>,
    /// Those that have not ended, or those that have.
    pub(crate) is_open: Option<bool>,
    pub(crate) is_under_way: bool,
    pub(crate) is_dead: bool,
    pub(crate) queue: Option<String>,
    pub(crate) machine: Option<MachineId>,
    pub(crate) owner: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) schedule: Option<ScheduleId>,
    pub(crate) search: Option<String>,
    pub(crate) before: Option<JobId>,
}

impl Wanted {
    fn after(&self, begin: &'static str) -> BuiltSql {
        let before = self.before.unwrap_or_else(|| JobId::from_bits(u128::MAX));
        let mut sql = BuiltSql::new(begin).push(" WHERE id < ?", params![before]);
        if self.is_dead {
            sql = sql.push(" AND dead_at IS NOT NULL", params![]);
        }
        if self.is_under_way {
            sql = sql.push(" AND state IN ('leased', 'running')", params![]);
        }
        sql = match self.is_open {
            Some(true) => sql.push(" AND ended_at IS NULL", params![]),
            Some(false) => sql.push(" AND ended_at IS NOT NULL", params![]),
            None => sql,
        };
        sql = sql
            .push_if(" AND state = ?", self.state.map(JobState::as_str))
            .push_if(" AND queue = ?", self.queue.as_ref())
            .push_if(" AND machine_id = ?", self.machine)
            .push_if(" AND owner_id = ?", self.owner.as_ref())
            .push_if(" AND reason = ?", self.reason.as_ref())
            .push_if(" AND schedule_id = ?", self.schedule)
            // Not LIKE: to SQLite large and small letters are the same in it.
            .push_if(" AND replace(labels, ?, '') <> labels", self.label.as_ref().map(|label| format!(",{label},")));
        match &self.search {
            // Whoever has a part of an id has its beginning.
            Some(search) if search.starts_with("job_") => {
                sql.push(" AND id LIKE ? ESCAPE '\\'", params![like_pattern(search).trim_start_matches('%')])
            }
            Some(search) => {
                sql.push(" AND lower(name) LIKE ? ESCAPE '\\'", params![like_pattern(&search.to_lowercase())])
            }
            None => sql,
        }
    }
}

/// Jobs, newest first.
pub(crate) async fn list(db: &Db, wanted: &Wanted, limit: usize) -> Result<Vec<Job>, DbError> {
    let sql = wanted.after("SELECT * FROM job").push(" ORDER BY id DESC LIMIT ?", params![int(limit)]);
    db.query_built(sql).await?.iter().map(read).collect()
}

/// How many jobs of each queue wait and are ready, wait for something else, and are under way; and since when the first
/// that is ready waits.
pub(crate) struct QueueCounts {
    pub(crate) queue: String,
    pub(crate) ready: u64,
    pub(crate) held: u64,
    pub(crate) under_way: u64,
    pub(crate) oldest_ready_at: Option<Timestamp>,
}

/// The counts of all queues in which something has not ended.
pub(crate) async fn queues(db: &Db) -> Result<Vec<QueueCounts>, DbError> {
    let sql = "SELECT queue, sum(CASE WHEN state = 'queued' AND hold = '' THEN 1 ELSE 0 END) AS ready,
            sum(CASE WHEN state = 'queued' AND hold <> '' THEN 1 ELSE 0 END) AS held,
            sum(CASE WHEN state = 'queued' THEN 0 ELSE 1 END) AS under_way,
            min(CASE WHEN state = 'queued' AND hold = '' THEN ready_at END) AS oldest
         FROM job WHERE state IN ('queued', 'leased', 'running') GROUP BY queue ORDER BY queue";
    let counts = |row: &Row| {
        Ok(QueueCounts {
            queue: row.get("queue")?,
            ready: row.get("ready")?,
            held: row.get("held")?,
            under_way: row.get("under_way")?,
            oldest_ready_at: row.get("oldest")?,
        })
    };
    db.query(sql, params![]).await?.iter().map(counts).collect()
}
