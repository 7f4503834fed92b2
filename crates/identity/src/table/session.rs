//! Sessions: signed-in browsers and programs.

use diwan_kernel::db::Row;
use diwan_kernel::id::{SessionId, UserId};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Role, Tx, params};

use super::word;
use crate::person::{SessionKind, Status};
use crate::plan::Plan;
use crate::sign_in::SignInMethod;

/// A session, as stored.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) kind: SessionKind,
    pub(crate) method: SignInMethod,
    pub(crate) client_name: String,
    pub(crate) address: Option<String>,
    /// Which value of the cookie is the good one.
    pub(crate) generation: u32,
    /// From which one on earlier values are still accepted.
    pub(crate) accepted_from: u32,
    /// Until when; open as long as the good one was not used.
    pub(crate) accepted_until: Option<Timestamp>,
    pub(crate) rotated_at: Timestamp,
    pub(crate) stepped_up_until: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// Whose session it is, as far as every request needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) plan: Plan,
    pub(crate) status: Status,
    /// Whether a second factor is enrolled.
    pub(crate) two_factor: bool,
    /// Whether their password is too short to be all that is asked for.
    pub(crate) password_needs_second_factor: bool,
}

impl Holder {
    /// Reads it from a row in which its columns begin with `user_`.
    pub(super) fn read(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            name: row.get("user_name")?,
            role: word(row, "user_role", Role::parse)?,
            plan: word(row, "user_plan", Plan::parse)?,
            status: word(row, "user_status", Status::parse)?,
            two_factor: row.get("user_two_factor")?,
            password_needs_second_factor: row.get::<Option<bool>>("user_password_short")?.unwrap_or(false),
        })
    }
}

fn read(row: &Row) -> Result<Session, DbError> {
    Ok(Session {
        id: row.get("id")?,
        user: row.get("user_id")?,
        kind: word(row, "kind", SessionKind::parse)?,
        method: word(row, "method", SignInMethod::parse)?,
        client_name: row.get("client_name")?,
        address: row.get("address")?,
        generation: row.get("generation")?,
        accepted_from: row.get("accepted_from")?,
        accepted_until: row.get("accepted_until")?,
        rotated_at: row.get("rotated_at")?,
        stepped_up_until: row.get("stepped_up_until")?,
        created_at: row.get("created_at")?,
        last_seen_at: row.get("last_seen_at")?,
        expires_at: row.get("expires_at")?,
    })
}

/// A session and whose it is.
pub(crate) async fn find(db: &Db, id: SessionId) -> Result<Option<(Session, Holder)>, DbError> {
    let sql = "SELECT s.*, u.name AS user_name, u.role AS user_role, u.plan AS user_plan, u.status AS user_status,
            u.two_factor AS user_two_factor, u.password_needs_second_factor AS user_password_short
         FROM session s JOIN users u ON u.id = s.user_id WHERE s.id = $1";
    let Some(row) = db.query_opt(sql, params![id]).await? else { return Ok(None) };
    Ok(Some((read(&row)?, Holder::read(&row)?)))
}

/// Adds a session.
pub(crate) async fn insert(tx: &mut Tx, session: &Session) -> Result<(), DbError> {
    let sql = "INSERT INTO session (id, user_id, kind, method, client_name, address, rotated_at,
            stepped_up_until, created_at, last_seen_at, expires_at, generation, accepted_from)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0)";
    let values = params![
        session.id,
        session.user,
        session.kind.as_str(),
        session.method.as_str(),
        &session.client_name,
        session.address.clone(),
        session.rotated_at,
        session.stepped_up_until,
        session.created_at,
        session.last_seen_at,
        session.expires_at,
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Somebody's sessions that still count, newest first.
pub(crate) async fn list(
    db: &Db,
    user: UserId,
    now: Timestamp,
    idle_since: Timestamp,
    before: Option<SessionId>,
    limit: usize,
) -> Result<Vec<Session>, DbError> {
    let before = before.unwrap_or_else(|| SessionId::from_bits(u128::MAX));
    let sql = "SELECT * FROM session WHERE user_id = $1 AND expires_at > $2 AND last_seen_at > $3 AND id < $4
         ORDER BY id DESC LIMIT $5";
    let limit = i64::try_from(limit).unwrap_or(1);
    db.query(sql, params![user, now, idle_since, before, limit]).await?.iter().map(read).collect()
}

/// Goes on to the next value of the cookie, if nobody else did. The ones before stay accepted until
/// the new one was used. Says whether it went on.
pub(crate) async fn rotate(tx: &mut Tx, id: SessionId, generation: u32, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE session SET
            accepted_from = CASE WHEN accepted_until IS NULL THEN accepted_from ELSE generation END,
            accepted_until = NULL, generation = generation + 1, rotated_at = $1
         WHERE id = $2 AND generation = $3";
    Ok(tx.execute(sql, params![now, id, generation]).await? == 1)
}

/// The new value was used: the ones before count only until then.
pub(crate) async fn close_earlier(tx: &mut Tx, id: SessionId, until: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE session SET accepted_until = $1 WHERE id = $2 AND accepted_until IS NULL";
    tx.execute(sql, params![until, id]).await.map(drop)
}

/// What a session's next cookie is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SteppedUp {
    pub(crate) generation: u32,
    pub(crate) is_browser: bool,
    pub(crate) expires_at: Timestamp,
}

/// Notes a fresh proof of identity and goes on to the next value of the cookie.
pub(crate) async fn step_up(
    tx: &mut Tx,
    id: SessionId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<SteppedUp>, DbError> {
    let sql = "UPDATE session SET
            accepted_from = CASE WHEN accepted_until IS NULL THEN accepted_from ELSE generation END,
            accepted_until = NULL, generation = generation + 1, rotated_at = $1, stepped_up_until = $2
         WHERE id = $3 RETURNING generation, kind, expires_at";
    let Some(row) = tx.query_opt(sql, params![now, until, id]).await? else { return Ok(None) };
    let is_browser = word(&row, "kind", SessionKind::parse)? == SessionKind::Browser;
    Ok(Some(SteppedUp { generation: row.get("generation")?, is_browser, expires_at: row.get("expires_at")? }))
}

/// Notes when a session was last used.
pub(crate) async fn seen(tx: &mut Tx, id: SessionId, at: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE session SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $1";
    tx.execute(sql, params![at, id]).await.map(drop)
}

/// Ends one of somebody's sessions. Says whether it was there.
pub(crate) async fn delete(tx: &mut Tx, user: UserId, id: SessionId) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM session WHERE id = $1 AND user_id = $2", params![id, user]).await? == 1)
}

/// Ends all sessions of somebody but one; which ones.
pub(crate) async fn delete_others(
    tx: &mut Tx,
    user: UserId,
    keep: Option<SessionId>,
) -> Result<Vec<SessionId>, DbError> {
    let keep = keep.map_or_else(String::new, |id| id.to_string());
    let sql = "DELETE FROM session WHERE user_id = $1 AND id <> $2 RETURNING id";
    let rows = tx.query(sql, params![user, keep]).await?;
    rows.iter().map(|row| row.get("id")).collect()
}

/// Ends somebody's sessions beyond the most recently used ones; which ones.
pub(crate) async fn delete_beyond(tx: &mut Tx, user: UserId, most: u32) -> Result<Vec<SessionId>, DbError> {
    let sql = "SELECT id FROM session WHERE user_id = $1 ORDER BY last_seen_at DESC, id DESC LIMIT 100 OFFSET $2";
    let rows = tx.query(sql, params![user, most]).await?;
    let surplus = rows.iter().map(|row| row.get("id")).collect::<Result<Vec<SessionId>, _>>()?;
    for id in &surplus {
        delete(tx, user, *id).await?;
    }
    Ok(surplus)
}

/// Removes what ran out; which sessions of whom.
pub(crate) async fn delete_expired(
    tx: &mut Tx,
    now: Timestamp,
    idle_since: Timestamp,
) -> Result<Vec<(SessionId, UserId)>, DbError> {
    let sql = "SELECT id, user_id FROM session WHERE expires_at <= $1 OR last_seen_at <= $2 ORDER BY id LIMIT 500";
    let rows = tx.query(sql, params![now, idle_since]).await?;
    let expired = rows.iter().map(|row| Ok((row.get("id")?, row.get("user_id")?)));
    let expired = expired.collect::<Result<Vec<(SessionId, UserId)>, DbError>>()?;
    for (id, user) in &expired {
        delete(tx, *user, *id).await?;
    }
    Ok(expired)
}

/// How many sessions still count.
pub(crate) async fn count(db: &Db, now: Timestamp, idle_since: Timestamp) -> Result<i64, DbError> {
    let sql = "SELECT COUNT(*) AS n FROM session WHERE expires_at > $1 AND last_seen_at > $2";
    db.query(sql, params![now, idle_since]).await?.first().ok_or(DbError::Busy)?.get("n")
}
