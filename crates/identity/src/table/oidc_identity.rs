//! Accounts at identity providers, linked to people here by issuer and subject alone.

use diwan_kernel::db::Row;
use diwan_kernel::id::User;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Id, Tx, params};

diwan_kernel::id_kinds! {
    /// A linked account at an identity provider.
    LinkedKind = "oid",
}

/// The id of a linked account.
pub(crate) type LinkedId = Id<LinkedKind>;

/// A linked account, as stored.
#[derive(Debug, Clone)]
pub(crate) struct Linked {
    pub(crate) id: LinkedId,
    pub(crate) user: Id<User>,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    /// The address it had when it was linked: to recognise it by, nothing else.
    pub(crate) email: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<Linked, DbError> {
    Ok(Linked {
        id: row.get("id")?,
        user: row.get("user_id")?,
        issuer: row.get("issuer")?,
        subject: row.get("subject")?,
        email: row.get("email")?,
        created_at: row.get("created_at")?,
        last_used_at: row.get("last_used_at")?,
    })
}

/// All linked accounts of a person, oldest first.
pub(crate) async fn list(db: &Db, user: Id<User>) -> Result<Vec<Linked>, DbError> {
    let sql = "SELECT id, user_id, issuer, subject, email, created_at, last_used_at
        FROM oidc_identity WHERE user_id = $1 ORDER BY id LIMIT 100";
    db.query(sql, params![user]).await?.iter().map(read).collect()
}

/// The linked account that a provider means.
pub(crate) async fn find(db: &Db, issuer: &str, subject: &str) -> Result<Option<Linked>, DbError> {
    let sql = "SELECT id, user_id, issuer, subject, email, created_at, last_used_at
        FROM oidc_identity WHERE issuer = $1 AND subject = $2";
    db.query_opt(sql, params![issuer, subject]).await?.map(|row| read(&row)).transpose()
}

/// Links an account. A unique violation of `oidc_identity.subject` means that it is linked already.
pub(crate) async fn insert(tx: &mut Tx, linked: &Linked) -> Result<(), DbError> {
    let sql = "INSERT INTO oidc_identity (id, user_id, issuer, subject, email, created_at, last_used_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let Linked { id, user, issuer, subject, email, created_at, last_used_at } = linked.clone();
    tx.execute(sql, params![id, user, issuer, subject, email, created_at, last_used_at]).await.map(drop)
}

/// Notes a use.
pub(crate) async fn note_use(tx: &mut Tx, id: LinkedId, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE oidc_identity SET last_used_at = $1 WHERE id = $2", params![now, id]).await.map(drop)
}

/// Unlinks an account; gives its issuer if it was this person's.
pub(crate) async fn delete(tx: &mut Tx, user: Id<User>, id: LinkedId) -> Result<Option<String>, DbError> {
    let sql = "DELETE FROM oidc_identity WHERE id = $1 AND user_id = $2 RETURNING issuer";
    tx.query_opt(sql, params![id, user]).await?.map(|row| row.get("issuer")).transpose()
}

/// How many are linked to a person.
pub(crate) async fn count(tx: &mut Tx, user: Id<User>) -> Result<i64, DbError> {
    let row = tx.query_opt("SELECT count(*) AS n FROM oidc_identity WHERE user_id = $1", params![user]).await?;
    row.map_or(Ok(0), |row| row.get("n"))
}

/// Unlinks all accounts of a person.
pub(crate) async fn delete_all(tx: &mut Tx, user: Id<User>) -> Result<(), DbError> {
    tx.execute("DELETE FROM oidc_identity WHERE user_id = $1", params![user]).await.map(drop)
}
