//! Invitations.

use diwan_kernel::db::Row;
use diwan_kernel::id::UserId;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Role, Tx, params};

use super::word;
use crate::email::Email;
use crate::invitation::InvitationId;
use crate::person::Language;

/// An invitation, as stored, with the name of who sent it.
#[derive(Debug, Clone)]
pub(crate) struct Invitation {
    pub(crate) id: InvitationId,
    /// What is stored of its secret.
    pub(crate) hash: [u8; 32],
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) message: Option<String>,
    /// What it is written in.
    pub(crate) language: Language,
    pub(crate) invited_by: Option<(UserId, String)>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) accepted_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<Invitation, DbError> {
    let inviter: Option<UserId> = row.get("invited_by")?;
    let name: Option<String> = row.get("inviter_name")?;
    Ok(Invitation {
        id: row.get("id")?,
        hash: row.get("secret_hash")?,
        email: row.get("email")?,
        role: word(row, "role", Role::parse)?,
        message: row.get("message")?,
        // Those from before were all in English.
        language: row.get::<Option<String>>("language")?.and_then(|text| Language::parse(&text)).unwrap_or_default(),
        invited_by: inviter.zip(name),
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        accepted_at: row.get("accepted_at")?,
        revoked_at: row.get("revoked_at")?,
    })
}

/// The invitation with this secret, if it can still be accepted.
pub(crate) async fn find_open(db: &Db, hash: [u8; 32], now: Timestamp) -> Result<Option<Invitation>, DbError> {
    let sql = "SELECT i.*, u.name AS inviter_name FROM invitation i LEFT JOIN users u ON u.id = i.invited_by
         WHERE i.secret_hash = $1 AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > $2";
    db.query_opt(sql, params![hash, now]).await?.as_ref().map(read).transpose()
}

/// The invitation for this address, if it can still be accepted.
pub(crate) async fn find_open_for(db: &Db, email: &Email, now: Timestamp) -> Result<Option<Invitation>, DbError> {
    let sql = "SELECT i.*, u.name AS inviter_name FROM invitation i LEFT JOIN users u ON u.id = i.invited_by
         WHERE i.email = $1 AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > $2";
    db.query_opt(sql, params![email.as_str(), now]).await?.as_ref().map(read).transpose()
}

/// The invitation with this id.
pub(crate) async fn find(db: &Db, id: InvitationId) -> Result<Option<Invitation>, DbError> {
    let sql = "SELECT i.*, u.name AS inviter_name FROM invitation i LEFT JOIN users u ON u.id = i.invited_by
         WHERE i.id = $1";
    db.query_opt(sql, params![id]).await?.as_ref().map(read).transpose()
}

/// Invitations, newest first.
pub(crate) async fn list(db: &Db, before: Option<InvitationId>, limit: usize) -> Result<Vec<Invitation>, DbError> {
    let before = before.unwrap_or_else(|| InvitationId::from_bits(u128::MAX));
    let sql = "SELECT i.*, u.name AS inviter_name FROM invitation i LEFT JOIN users u ON u.id = i.invited_by
         WHERE i.id < $1 ORDER BY i.id DESC LIMIT $2";
    let limit = i64::try_from(limit).unwrap_or(1);
    db.query(sql, params![before, limit]).await?.iter().map(read).collect()
}

/// Adds an invitation. An open one for the same address is in the way unless it ran out.
pub(crate) async fn insert(tx: &mut Tx, invitation: &Invitation, by: UserId) -> Result<(), DbError> {
    let now = invitation.created_at;
    let sql = "UPDATE invitation SET revoked_at = $1
         WHERE email = $2 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at <= $1";
    tx.execute(sql, params![now, &invitation.email]).await?;
    let sql = "INSERT INTO invitation
            (id, email, role, message, secret_hash, invited_by, created_at, expires_at, language)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = params![
        invitation.id,
        &invitation.email,
        invitation.role.as_str(),
        invitation.message.clone(),
        invitation.hash,
        by,
        now,
        invitation.expires_at,
        invitation.language.as_str(),
    ];
    tx.execute(sql, values).await.map(drop)
}

/// How many invitations of somebody can still be accepted.
pub(crate) async fn count_open(tx: &mut Tx, by: UserId, now: Timestamp) -> Result<i64, DbError> {
    let sql = "SELECT COUNT(*) AS n FROM invitation
         WHERE invited_by = $1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $2";
    tx.query_opt(sql, params![by, now]).await?.ok_or(DbError::Busy)?.get("n")
}

/// Uses an invitation up. True for whoever is first.
pub(crate) async fn accept(tx: &mut Tx, hash: [u8; 32], now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE invitation SET accepted_at = $1
         WHERE secret_hash = $2 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $1";
    Ok(tx.execute(sql, params![now, hash]).await? == 1)
}

/// Takes an invitation back. Says whether it was open.
pub(crate) async fn revoke(tx: &mut Tx, id: InvitationId, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE invitation SET revoked_at = $1 WHERE id = $2 AND accepted_at IS NULL AND revoked_at IS NULL";
    Ok(tx.execute(sql, params![now, id]).await? == 1)
}

/// Takes back all that somebody made and that are open. Which they were.
pub(crate) async fn revoke_all_of(tx: &mut Tx, by: UserId, now: Timestamp) -> Result<Vec<InvitationId>, DbError> {
    let sql = "UPDATE invitation SET revoked_at = $1
         WHERE invited_by = $2 AND accepted_at IS NULL AND revoked_at IS NULL RETURNING id";
    tx.query(sql, params![now, by]).await?.iter().map(|row| row.get("id")).collect()
}

/// Gives an invitation a new secret and a new end; the old link is void. Says whether it was open.
pub(crate) async fn renew(
    tx: &mut Tx,
    id: InvitationId,
    hash: [u8; 32],
    expires_at: Timestamp,
) -> Result<bool, DbError> {
    let sql = "UPDATE invitation SET secret_hash = $1, expires_at = $2
         WHERE id = $3 AND accepted_at IS NULL AND revoked_at IS NULL";
    Ok(tx.execute(sql, params![hash, expires_at, id]).await? == 1)
}
