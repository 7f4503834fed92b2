//! Leases: which machine or job holds which value, what for, and until when.

use diwan_kernel::db::Row;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

use super::{rows, word};
use crate::lease::LeaseId;
use crate::name::SecretName;
use crate::policy::{Asker, SubjectKind};
use crate::secret::SecretId;

/// A lease, as stored.
#[derive(Debug, Clone)]
pub(crate) struct Lease {
    pub(crate) id: LeaseId,
    pub(crate) secret: SecretId,
    pub(crate) secret_name: SecretName,
    pub(crate) version: i64,
    pub(crate) holder_kind: SubjectKind,
    pub(crate) holder: String,
    /// Everything that rules may know the holder by.
    pub(crate) asker: Asker,
    pub(crate) purpose: String,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// Beyond this it cannot be renewed.
    pub(crate) ends_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) ended_why: Option<String>,
}

impl Lease {
    /// Whether it is over.
    pub(crate) fn has_ended(&self, now: Timestamp) -> bool {
        self.ended_at.is_some() || self.expires_at <= now
    }
}

fn read(row: &Row) -> Result<Lease, DbError> {
    Ok(Lease {
        id: row.get("id")?,
        secret: row.get("secret_id")?,
        secret_name: word(row, "secret_name", SecretName::parse)?,
        version: row.get("version")?,
        holder_kind: word(row, "holder_kind", SubjectKind::parse)?,
        holder: row.get("holder")?,
        asker: word(row, "asker", |text| serde_json::from_str(text).ok())?,
        purpose: row.get("purpose")?,
        issued_at: row.get("issued_at")?,
        expires_at: row.get("expires_at")?,
        ends_at: row.get("ends_at")?,
        ended_at: row.get("ended_at")?,
        ended_why: row.get("ended_why")?,
    })
}

/// The lease with this id.
pub(crate) async fn find(db: &Db, id: LeaseId) -> Result<Option<Lease>, DbError> {
    let sql = "SELECT l.*, s.name AS secret_name FROM vault_lease l JOIN vault_secret s ON s.id = l.secret_id
         WHERE l.id = $1";
    db.query_opt(sql, params![id]).await?.as_ref().map(read).transpose()
}

/// Leases, newest first.
pub(crate) async fn list(db: &Db, before: Option<LeaseId>, limit: usize) -> Result<Vec<Lease>, DbError> {
    let before = before.unwrap_or_else(|| LeaseId::from_bits(u128::MAX));
    let sql = "SELECT l.*, s.name AS secret_name FROM vault_lease l JOIN vault_secret s ON s.id = l.secret_id
         WHERE l.id < $1 ORDER BY l.id DESC LIMIT $2";
    db.query(sql, params![before, rows(limit)]).await?.iter().map(read).collect()
}

/// Adds a lease.
pub(crate) async fn insert(tx: &mut Tx, lease: &Lease) -> Result<(), DbError> {
    let sql = "INSERT INTO vault_lease
             (id, secret_id, version, holder_kind, holder, asker, purpose, issued_at, expires_at, ends_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = params![
        lease.id,
        lease.secret,
        lease.version,
        lease.holder_kind.as_str(),
        &lease.holder,
        serde_json::json!(lease.asker),
        &lease.purpose,
        lease.issued_at,
        lease.expires_at,
        lease.ends_at,
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Makes a lease last longer. False when it ended.
pub(crate) async fn renew(tx: &mut Tx, id: LeaseId, expires_at: Timestamp, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE vault_lease SET expires_at = $1 WHERE id = $2 AND ended_at IS NULL AND expires_at > $3";
    Ok(tx.execute(sql, params![expires_at, id, now]).await? == 1)
}

/// Ends a lease. False when it ended before.
pub(crate) async fn end(tx: &mut Tx, id: LeaseId, why: &str, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE vault_lease SET ended_at = $1, ended_why = $2 WHERE id = $3 AND ended_at IS NULL";
    Ok(tx.execute(sql, params![now, why, id]).await? == 1)
}

/// Ends the leases on one secret, or on one version of it. Says how many there were.
pub(crate) async fn end_of_secret(
    tx: &mut Tx,
    secret: SecretId,
    version: Option<i64>,
    why: &str,
    now: Timestamp,
) -> Result<u64, DbError> {
    let sql = "UPDATE vault_lease SET ended_at = $1, ended_why = $2
         WHERE secret_id = $3 AND ended_at IS NULL AND (CAST($4 AS BIGINT) IS NULL OR version = $4)";
    tx.execute(sql, params![now, why, secret, version]).await
}

/// Ends the leases that ran out. Says how many there were.
pub(crate) async fn end_expired(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    let sql = "UPDATE vault_lease SET ended_at = $1, ended_why = 'expired' WHERE ended_at IS NULL AND expires_at <= $1";
    tx.execute(sql, params![now]).await
}
