//! Suspicious activities, and how far the trail was looked at.

use diwan_kernel::db::{Db, DbError, Row, Tx};
use diwan_kernel::id::Id;
use diwan_kernel::{Timestamp, params};

use crate::entry::{ActorKind, actor_from_row};
use crate::suspicion::{SuspicionKind, SuspiciousActivity};

/// Where a page of the list ended.
pub(crate) type Position = (Timestamp, String);

/// The activities that happened last first, those after `position` only.
pub(crate) async fn list(
    db: &Db,
    position: Option<Position>,
    limit: usize,
) -> Result<Vec<SuspiciousActivity>, DbError> {
    let (at, id) = position.unwrap_or((Timestamp::from_millis(i64::MAX), String::new()));
    let sql = "SELECT * FROM suspicious_activity
        WHERE last_at < $1 OR (last_at = $2 AND id < $3)
        ORDER BY last_at DESC, id DESC LIMIT $4";
    let rows = db.query(sql, params![at, at, id, limit as i64]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<SuspiciousActivity, DbError> {
    let kind = SuspicionKind::parse(&row.get::<String>("kind")?);
    Ok(SuspiciousActivity {
        id: row.get("id")?,
        kind: kind.ok_or_else(|| DbError::Mismatch { column: "kind".into() })?,
        actor: actor_from_row(row),
        count: row.get("count")?,
        first_at: row.get("first_at")?,
        last_at: row.get("last_at")?,
        address: row.get("address")?,
        detail: row.get("detail")?,
    })
}

/// Notes that an activity goes on; false when none of this kind and subject is going on.
pub(crate) async fn continue_episode(
    tx: &mut Tx,
    subject: &str,
    activity: &SuspiciousActivity,
) -> Result<bool, DbError> {
    let since = activity.last_at.minus(activity.kind.window());
    let sql = "UPDATE suspicious_activity SET
            count = CASE WHEN count < $1 THEN $2 ELSE count END,
            last_at = CASE WHEN last_at < $3 THEN $4 ELSE last_at END, address = $5, detail = $6
        WHERE kind = $7 AND subject = $8 AND last_at >= $9";
    let SuspiciousActivity { kind, count, last_at, address, detail, .. } = activity;
    let values = params![*count, *count, *last_at, *last_at, address.clone(), detail, kind.as_str(), subject, since];
    Ok(tx.execute(sql, values).await? > 0)
}

/// Saves a new activity; false when another node was first.
pub(crate) async fn insert(tx: &mut Tx, subject: &str, activity: &SuspiciousActivity) -> Result<bool, DbError> {
    let sql = "INSERT INTO suspicious_activity (id, kind, subject, episode, actor_kind, actor_id, actor_name,
            count, first_at, last_at, address, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (kind, subject, episode) DO NOTHING";
    let SuspiciousActivity { id, kind, actor, count, first_at, last_at, address, detail } = activity;
    let values = params![
        *id,
        kind.as_str(),
        subject,
        *first_at,
        ActorKind::as_str(actor.kind),
        actor.id.clone(),
        &actor.name,
        *count,
        *first_at,
        *last_at,
        address.clone(),
        detail
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Removes what happened last before a moment.
pub(crate) async fn remove_before(tx: &mut Tx, at: Timestamp) -> Result<u64, DbError> {
    tx.execute("DELETE FROM suspicious_activity WHERE last_at < $1", params![at]).await
}

/// How far the trail was looked at.
pub(crate) async fn looked_up_to(db: &Db) -> Result<i64, DbError> {
    let row = db.query_opt("SELECT seq FROM audit_watch WHERE id = 1", vec![]).await?;
    row.map_or(Ok(0), |row| row.get("seq"))
}

/// Notes how far the trail was looked at.
pub(crate) async fn set_looked_up_to(tx: &mut Tx, seq: i64) -> Result<(), DbError> {
    tx.execute("UPDATE audit_watch SET seq = $1 WHERE seq < $2", params![seq, seq]).await.map(drop)
}

/// The id of an activity, as the list's position holds it.
pub(crate) fn position(activity: &SuspiciousActivity) -> Position {
    (activity.last_at, Id::to_string(&activity.id))
}
