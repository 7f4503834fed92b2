//! Schedules, as stored.

use diwan_kernel::db::Row;
use diwan_kernel::{Db, DbError, Timestamp, Tx, params};

use super::{int, json, mismatch};
use crate::calendar::MissedPolicy;
use crate::id::{JobId, ScheduleId};
use crate::schedules::Schedule;

/// So many are looked at in one go.
pub(crate) const SOME: usize = 200;

fn read(row: &Row) -> Result<Schedule, DbError> {
    let overlap = row.get::<String>("overlap")?;
    Ok(Schedule {
        id: row.get("id")?,
        name: row.get("name")?,
        owner_id: row.get("owner_id")?,
        owner: json(row, "owner")?.ok_or_else(|| mismatch("owner"))?,
        when: json(row, "fires")?.ok_or_else(|| mismatch("fires"))?,
        missed: MissedPolicy::parse(&row.get::<String>("missed")?).ok_or_else(|| mismatch("missed"))?,
        overlap: serde_json::from_value(overlap.into()).map_err(|_| mismatch("overlap"))?,
        job: json(row, "job")?.ok_or_else(|| mismatch("job"))?,
        paused_at: row.get("paused_at")?,
        last_at: row.get("last_at")?,
        next_at: row.get("next_at")?,
        last_fired_at: row.get("last_fired_at")?,
        last_job: row.get("last_job_id")?,
        trouble: row.get("trouble")?,
        secret: row.get("secret")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn kind(one: &Schedule) -> &'static str {
    match one.when {
        crate::schedules::ScheduleWhen::Cron { .. } => "cron",
        crate::schedules::ScheduleWhen::Webhook { .. } => "webhook",
        crate::schedules::ScheduleWhen::Event { .. } => "event",
    }
}

/// Adds a schedule.
pub(crate) async fn insert(tx: &mut Tx, one: &Schedule) -> Result<(), DbError> {
    let sql =
        "INSERT INTO job_schedule (id, name, owner_id, owner, kind, fires, missed, overlap, job, paused_at, last_at,
            next_at, secret, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    let values = params![
        one.id,
        &one.name,
        &one.owner_id,
        serde_json::json!(one.owner),
        kind(one),
        serde_json::json!(one.when),
        one.missed.as_str(),
        overlap(one),
        serde_json::json!(one.job),
        one.paused_at,
        one.last_at,
        one.next_at,
        one.secret.clone(),
        one.created_at,
        one.updated_at,
    ];
    tx.execute(sql, values).await.map(drop)
}

fn overlap(one: &Schedule) -> &'static str {
    match one.overlap {
        crate::schedules::schedule::Overlap::Allow => "allow",
        crate::schedules::schedule::Overlap::Skip => "skip",
    }
}

/// Changes a schedule. False when it was changed since then.
pub(crate) async fn update(tx: &mut Tx, one: &Schedule, since: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE job_schedule SET name = $1, owner_id = $2, owner = $3, kind = $4, fires = $5, missed = $6,
            overlap = $7, job = $8, paused_at = $9, last_at = $10, next_at = $11, secret = $12, trouble = $13,
            updated_at = $14
         WHERE id = $15 AND updated_at = $16";
    let values = params![
        &one.name,
        &one.owner_id,
        serde_json::json!(one.owner),
        kind(one),
        serde_json::json!(one.when),
        one.missed.as_str(),
        overlap(one),
        serde_json::json!(one.job),
        one.paused_at,
        one.last_at,
        one.next_at,
        one.secret.clone(),
        one.trouble.clone(),
        one.updated_at,
        one.id,
        since,
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Writes down up to which moment it has fired, and why it could not, unless that was done or it was changed.
pub(crate) async fn advance(tx: &mut Tx, one: &Schedule, from: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE job_schedule SET last_at = $1, next_at = $2, last_fired_at = $3, last_job_id = $4, trouble = $5
         WHERE id = $6 AND last_at = $7 AND updated_at = $8";
    let values = params![
        one.last_at,
        one.next_at,
        one.last_fired_at,
        one.last_job,
        one.trouble.clone(),
        one.id,
        from,
        one.updated_at,
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Writes down that it fired otherwise than by the clock.
pub(crate) async fn fired(tx: &mut Tx, id: ScheduleId, job: JobId, at: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE job_schedule SET last_fired_at = $1, last_job_id = $2, trouble = NULL WHERE id = $3";
    tx.execute(sql, params![at, job, id]).await.map(drop)
}

/// Writes down why it could not fire. False when that stands there already.
pub(crate) async fn trouble(tx: &mut Tx, id: ScheduleId, why: &str) -> Result<bool, DbError> {
    let sql = "UPDATE job_schedule SET trouble = $1 WHERE id = $2 AND (trouble IS NULL OR trouble <> $3)";
    Ok(tx.execute(sql, params![why, id, why]).await? == 1)
}

/// Removes a schedule.
pub(crate) async fn delete(tx: &mut Tx, id: ScheduleId) -> Result<(), DbError> {
    tx.execute("DELETE FROM job_delivery WHERE schedule_id = $1", params![id]).await?;
    tx.execute("DELETE FROM job_schedule WHERE id = $1", params![id]).await.map(drop)
}

/// The schedule with this id.
pub(crate) async fn find(db: &Db, id: ScheduleId) -> Result<Option<Schedule>, DbError> {
    db.query_opt("SELECT * FROM job_schedule WHERE id = $1", params![id]).await?.as_ref().map(read).transpose()
}

/// Schedules, newest first.
pub(crate) async fn list(db: &Db, before: Option<ScheduleId>, limit: usize) -> Result<Vec<Schedule>, DbError> {
    let before = before.unwrap_or_else(|| ScheduleId::from_bits(u128::MAX));
    let sql = "SELECT * FROM job_schedule WHERE id < $1 ORDER BY id DESC LIMIT $2";
    db.query(sql, params![before, int(limit)]).await?.iter().map(read).collect()
}

/// The first of those whose time has come, behind one that was looked at.
pub(crate) async fn due(
    db: &Db,
    now: Timestamp,
    behind: Option<(Timestamp, ScheduleId)>,
) -> Result<Vec<Schedule>, DbError> {
    let sql = "SELECT * FROM job_schedule WHERE next_at IS NOT NULL AND next_at <= $1 AND paused_at IS NULL
            AND (next_at, id) > ($2, $3) ORDER BY next_at, id LIMIT $4";
    let first = (Timestamp::from_millis(i64::MIN), ScheduleId::from_bits(0));
    let (next_at, id) = behind.unwrap_or(first);
    db.query(sql, params![now, next_at, id, int(SOME)]).await?.iter().map(read).collect()
}

/// Those that fire by what happens here.
pub(crate) async fn by_event(db: &Db) -> Result<Vec<Schedule>, DbError> {
    let sql = "SELECT * FROM job_schedule WHERE kind = 'event' AND paused_at IS NULL ORDER BY id LIMIT 10000";
    db.query(sql, params![]).await?.iter().map(read).collect()
}

/// A call of another service that counts once.
pub(crate) async fn note_delivery(
    tx: &mut Tx,
    id: ScheduleId,
    delivery: &[u8; 32],
    now: Timestamp,
) -> Result<(), DbError> {
    let sql = "INSERT INTO job_delivery (schedule_id, delivery, at) VALUES ($1, $2, $3)";
    tx.execute(sql, params![id, *delivery, now]).await.map(drop)
}

/// A call of which nothing came does not count.
pub(crate) async fn forget_delivery(tx: &mut Tx, id: ScheduleId, delivery: &[u8; 32]) -> Result<(), DbError> {
    let sql = "DELETE FROM job_delivery WHERE schedule_id = $1 AND delivery = $2";
    tx.execute(sql, params![id, *delivery]).await.map(drop)
}

/// Calls that nobody can make again.
pub(crate) async fn forget_old_deliveries(tx: &mut Tx, before: Timestamp) -> Result<(), DbError> {
    tx.execute("DELETE FROM job_delivery WHERE at < $1", params![before]).await.map(drop)
}
