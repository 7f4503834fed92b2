//! API tokens.

use diwan_kernel::ctx::Permissions;
use diwan_kernel::db::Row;
use diwan_kernel::id::{ApiTokenId, UserId};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Permission, Tx, params};
use serde_json::Value as Json;

use super::session::Holder;
use crate::network::Network;

/// An API token, as stored.
#[derive(Debug, Clone)]
pub(crate) struct ApiToken {
    pub(crate) id: ApiTokenId,
    pub(crate) user: UserId,
    pub(crate) name: String,
    /// How it begins, to recognise it by.
    pub(crate) prefix: String,
    pub(crate) scopes: Permissions,
    /// Where it may be used from; empty: from everywhere.
    pub(crate) allowed_addresses: Vec<Network>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) last_used_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<ApiToken, DbError> {
    Ok(ApiToken {
        id: row.get("id")?,
        user: row.get("user_id")?,
        name: row.get("name")?,
        prefix: row.get("prefix")?,
        // A scope that this version does not know allows nothing.
        scopes: texts(row, "scopes")?.iter().filter_map(|name| Permission::parse(name)).collect(),
        allowed_addresses: texts(row, "allowed_addresses")?
            .iter()
            .map(|text| text.parse().map_err(|_| DbError::Mismatch { column: "allowed_addresses".into() }))
            .collect::<Result<_, _>>()?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        last_used_at: row.get("last_used_at")?,
    })
}

fn texts(row: &Row, column: &str) -> Result<Vec<String>, DbError> {
    let list: Json = row.get(column)?;
    serde_json::from_value(list).map_err(|_| DbError::Mismatch { column: column.to_owned() })
}

/// The token with this hash and whose it is.
pub(crate) async fn find_by_hash(db: &Db, hash: [u8; 32]) -> Result<Option<(ApiToken, Holder)>, DbError> {
    let sql = "SELECT t.*, u.name AS user_name, u.role AS user_role, u.plan AS user_plan, u.status AS user_status,
            u.two_factor AS user_two_factor, u.password_needs_second_factor AS user_password_short
         FROM api_token t JOIN users u ON u.id = t.user_id WHERE t.secret_hash = $1";
    let Some(row) = db.query_opt(sql, params![hash]).await? else { return Ok(None) };
    Ok(Some((read(&row)?, Holder::read(&row)?)))
}

/// Adds a token.
pub(crate) async fn insert(tx: &mut Tx, token: &ApiToken, hash: [u8; 32]) -> Result<(), DbError> {
    let sql = "INSERT INTO api_token (id, user_id, name, prefix, secret_hash, scopes, allowed_addresses, created_at,
            expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let scopes: Vec<&str> = token.scopes.iter().map(Permission::as_str).collect();
    let allowed: Vec<String> = token.allowed_addresses.iter().map(ToString::to_string).collect();
    let values = params![
        token.id,
        token.user,
        &token.name,
        &token.prefix,
        hash,
        Json::from(scopes),
        Json::from(allowed),
        token.created_at,
        token.expires_at,
    ];
    tx.execute(sql, values).await.map(drop)
}

/// How many tokens of somebody still count.
pub(crate) async fn count(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<i64, DbError> {
    let sql = "SELECT COUNT(*) AS n FROM api_token WHERE user_id = $1 AND (expires_at IS NULL OR expires_at > $2)";
    tx.query_opt(sql, params![user, now]).await?.ok_or(DbError::Busy)?.get("n")
}

/// Somebody's tokens, newest first.
pub(crate) async fn list(
    db: &Db,
    user: UserId,
    before: Option<ApiTokenId>,
    limit: usize,
) -> Result<Vec<ApiToken>, DbError> {
    let before = before.unwrap_or_else(|| ApiTokenId::from_bits(u128::MAX));
    let sql = "SELECT * FROM api_token WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    let limit = i64::try_from(limit).unwrap_or(1);
    db.query(sql, params![user, before, limit]).await?.iter().map(read).collect()
}

/// Notes when a token was last used.
pub(crate) async fn used(tx: &mut Tx, id: ApiTokenId, at: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE api_token SET last_used_at = $1 WHERE id = $2 AND COALESCE(last_used_at, 0) < $1";
    tx.execute(sql, params![at, id]).await.map(drop)
}

/// Revokes one of somebody's tokens; its name, if it was there.
pub(crate) async fn delete(tx: &mut Tx, user: UserId, id: ApiTokenId) -> Result<Option<String>, DbError> {
    let sql = "DELETE FROM api_token WHERE id = $1 AND user_id = $2 RETURNING name";
    tx.query_opt(sql, params![id, user]).await?.map(|row| row.get("name")).transpose()
}
