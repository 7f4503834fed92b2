//! Hooks of secrets, and what they have to be told: kept until they took it.

use diwan_kernel::db::Row;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

use super::{rows, word};
use crate::hook::{DeliveryId, DeliveryState, HookId, HookNotice};
use crate::secret::SecretId;

/// A hook, as stored.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) id: HookId,
    pub(crate) secret: SecretId,
    pub(crate) url: String,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: Option<String>,
}

fn read(row: &Row) -> Result<Hook, DbError> {
    Ok(Hook {
        id: row.get("id")?,
        secret: row.get("secret_id")?,
        url: row.get("url")?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
    })
}

/// Who has to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A webhook.
    Web(HookId),
    /// A part of this process, by name.
    Own(String),
}

/// Something that somebody has to be told.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) id: DeliveryId,
    pub(crate) target: Target,
    pub(crate) notice: HookNotice,
    pub(crate) state: DeliveryState,
    pub(crate) attempts: i64,
    pub(crate) due_at: Timestamp,
    pub(crate) created_at: Timestamp,
    pub(crate) tried_at: Option<Timestamp>,
    /// What the receiver answered last.
    pub(crate) status: Option<i64>,
    /// Why it was not taken last.
    pub(crate) error: Option<String>,
}

fn read_delivery(row: &Row) -> Result<Delivery, DbError> {
    let target = match row.get::<Option<HookId>>("hook_id")? {
        Some(id) => Target::Web(id),
        None => Target::Own(row.get("listener")?),
    };
    Ok(Delivery {
        id: row.get("id")?,
        target,
        notice: word(row, "notice", |text| serde_json::from_str(text).ok())?,
        state: word(row, "state", DeliveryState::parse)?,
        attempts: row.get("attempts")?,
        due_at: row.get("due_at")?,
        created_at: row.get("created_at")?,
        tried_at: row.get("tried_at")?,
        status: row.get("status")?,
        error: row.get("error")?,
    })
}

/// The hook with this id.
pub(crate) async fn find(db: &Db, id: HookId) -> Result<Option<Hook>, DbError> {
    db.query_opt("SELECT * FROM vault_hook WHERE id = $1", params![id]).await?.as_ref().map(read).transpose()
}

/// The hooks of a secret, oldest first.
pub(crate) async fn list(db: &Db, secret: SecretId) -> Result<Vec<Hook>, DbError> {
    let sql = "SELECT * FROM vault_hook WHERE secret_id = $1 ORDER BY id";
    db.query(sql, params![secret]).await?.iter().map(read).collect()
}

/// The hooks of a secret that is being changed.
pub(crate) async fn list_ids(tx: &mut Tx, secret: SecretId) -> Result<Vec<HookId>, DbError> {
    let sql = "SELECT id FROM vault_hook WHERE secret_id = $1 ORDER BY id";
    tx.query(sql, params![secret]).await?.iter().map(|row| row.get("id")).collect()
}

/// Adds a hook.
pub(crate) async fn insert(tx: &mut Tx, hook: &Hook) -> Result<(), DbError> {
    let sql = "INSERT INTO vault_hook (id, secret_id, url, created_at, created_by) VALUES ($1, $2, $3, $4, $5)";
    let values = params![hook.id, hook.secret, &hook.url, hook.created_at, hook.created_by.clone()];
    tx.execute(sql, values).await.map(drop)
}

/// Removes a hook with what it had to be told. False when there is none.
pub(crate) async fn delete(tx: &mut Tx, id: HookId) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM vault_hook WHERE id = $1", params![id]).await? == 1)
}

/// Remembers that somebody has to be told something.
pub(crate) async fn insert_delivery(tx: &mut Tx, delivery: &Delivery) -> Result<(), DbError> {
    let sql = "INSERT INTO vault_hook_delivery
             (id, hook_id, listener, notice, state, attempts, due_at, created_at, tried_at, status, error)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let (hook, listener) = match &delivery.target {
        Target::Web(id) => (Some(*id), None),
        Target::Own(name) => (None, Some(name.clone())),
    };
    let values = params![
        delivery.id,
        hook,
        listener,
        serde_json::json!(delivery.notice),
        delivery.state.as_str(),
        delivery.attempts,
        delivery.due_at,
        delivery.created_at,
        delivery.tried_at,
        delivery.status,
        delivery.error.clone(),
    ];
    tx.execute(sql, values).await.map(drop)
}

/// What is due, longest waiting first.
pub(crate) async fn list_due(db: &Db, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, DbError> {
    let sql = "SELECT * FROM vault_hook_delivery WHERE state = 'queued' AND due_at <= $1 ORDER BY due_at, id LIMIT $2";
    db.query(sql, params![now, rows(limit)]).await?.iter().map(read_delivery).collect()
}

/// When something is due next.
pub(crate) async fn next_due(db: &Db) -> Result<Option<Timestamp>, DbError> {
    let sql = "SELECT min(due_at) AS due_at FROM vault_hook_delivery WHERE state = 'queued'";
    db.query_opt(sql, params![]).await?.map_or(Ok(None), |row| row.get("due_at"))
}

/// The newest thing that a hook was told or has to be told.
pub(crate) async fn newest(db: &Db, hook: HookId) -> Result<Option<Delivery>, DbError> {
    let sql = "SELECT * FROM vault_hook_delivery WHERE hook_id = $1 ORDER BY id DESC LIMIT 1";
    db.query_opt(sql, params![hook]).await?.as_ref().map(read_delivery).transpose()
}

/// Takes a delivery in hand until `until`: then somebody else tries it. False when somebody else has it.
pub(crate) async fn claim(tx: &mut Tx, delivery: &Delivery, until: Timestamp, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE vault_hook_delivery SET attempts = attempts + 1, due_at = $1, tried_at = $2
         WHERE id = $3 AND state = 'queued' AND attempts = $4";
    Ok(tx.execute(sql, params![until, now, delivery.id, delivery.attempts]).await? == 1)
}

/// Writes down how it went.
pub(crate) async fn settle(tx: &mut Tx, delivery: &Delivery) -> Result<(), DbError> {
    let sql = "UPDATE vault_hook_delivery SET state = $1, due_at = $2, status = $3, error = $4 WHERE id = $5";
    let values =
        params![delivery.state.as_str(), delivery.due_at, delivery.status, delivery.error.clone(), delivery.id];
    tx.execute(sql, values).await.map(drop)
}

/// Forgets what was settled before then.
pub(crate) async fn sweep(tx: &mut Tx, before: Timestamp) -> Result<(), DbError> {
    let sql = "DELETE FROM vault_hook_delivery WHERE state <> 'queued' AND created_at <= $1";
    tx.execute(sql, params![before]).await.map(drop)
}
