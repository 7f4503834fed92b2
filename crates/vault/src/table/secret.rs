//! Secrets: everything about them but their values.

use diwan_kernel::db::{BuiltSql, Row, like_pattern};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

use super::{rows, word};
use crate::generate::Recipe;
use crate::kind::{Facts, SecretKind};
use crate::name::SecretName;
use crate::secret::SecretId;

/// A secret without its values.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    pub(crate) id: SecretId,
    pub(crate) name: SecretName,
    pub(crate) kind: SecretKind,
    pub(crate) description: String,
    /// Whose service it opens: `github`, `openai`.
    pub(crate) provider: String,
    /// Where its values are kept.
    pub(crate) backend: String,
    /// How a new value is made; `None` when only people can give one.
    pub(crate) recipe: Option<Recipe>,
    pub(crate) current_version: i64,
    pub(crate) latest_version: i64,
    /// What may be known of the current value: a public key, the end of a certificate.
    pub(crate) facts: Facts,
    pub(crate) signature: Vec<u8>,
    pub(crate) rotation_days: Option<i64>,
    pub(crate) overlap_hours: i64,
    pub(crate) rotate_at: Option<Timestamp>,
    pub(crate) rotated_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: Option<String>,
    pub(crate) changed_at: Timestamp,
}

fn json<T: serde::de::DeserializeOwned>(row: &Row, column: &str) -> Result<T, DbError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| DbError::Mismatch { column: column.to_owned() })
}

/// A row that cannot be read is no reason to refuse the others: it is one that nobody vouches for.
fn read(row: &Row) -> Secret {
    read_whole(row).unwrap_or_else(|_| Secret {
        id: row.get("id").unwrap_or_else(|_| SecretId::from_bits(0)),
        name: SecretName::as_stored(row.get("name").unwrap_or_default()),
        kind: SecretKind::Free,
        description: String::new(),
        provider: String::new(),
        backend: row.get("backend").unwrap_or_default(),
        recipe: None,
        current_version: 0,
        latest_version: row.get("latest_version").unwrap_or_default(),
        facts: Facts::default(),
        signature: vec![],
        rotation_days: None,
        overlap_hours: 0,
        rotate_at: None,
        rotated_at: Timestamp::from_millis(0),
        expires_at: None,
        created_at: Timestamp::from_millis(0),
        created_by: None,
        changed_at: Timestamp::from_millis(0),
    })
}

fn read_whole(row: &Row) -> Result<Secret, DbError> {
    Ok(Secret {
        id: row.get("id")?,
        name: word(row, "name", SecretName::parse)?,
        kind: word(row, "kind", SecretKind::parse)?,
        description: row.get("description")?,
        provider: row.get("provider")?,
        backend: row.get("backend")?,
        recipe: json(row, "recipe")?,
        current_version: row.get("current_version")?,
        latest_version: row.get("latest_version")?,
        facts: json(row, "facts")?,
        signature: row.get("signature")?,
        rotation_days: row.get("rotation_days")?,
        overlap_hours: row.get("overlap_hours")?,
        rotate_at: row.get("rotate_at")?,
        rotated_at: row.get("rotated_at")?,
        expires_at: row.get("expires_at")?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
        changed_at: row.get("changed_at")?,
    })
}

/// The secret with this id.
pub(crate) async fn find(db: &Db, id: SecretId) -> Result<Option<Secret>, DbError> {
    Ok(db.query_opt("SELECT * FROM vault_secret WHERE id = $1", params![id]).await?.as_ref().map(read))
}

/// The secret with this name.
pub(crate) async fn find_named(db: &Db, name: &SecretName) -> Result<Option<Secret>, DbError> {
    let row = db.query_opt("SELECT * FROM vault_secret WHERE name = $1", params![name.as_str()]).await?;
    Ok(row.as_ref().map(read))
}

/// Which secrets are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) search: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) kind: Option<SecretKind>,
    pub(crate) backend: Option<String>,
    /// Only those whose rotation or end is before this moment.
    pub(crate) due_before: Option<Timestamp>,
}

/// So many at once are looked at by whoever goes through all of them.
const AT_ONCE: usize = 500;

/// The ones that come next by name, for whoever goes through all of them; none at the end.
pub(crate) async fn list_next(db: &Db, last: &mut Option<SecretName>) -> Result<Vec<Secret>, DbError> {
    let some = list(db, &Wanted::default(), last.as_ref().map(SecretName::as_str), AT_ONCE).await?;
    *last = some.last().map(|secret| secret.name.clone());
    Ok(some)
}

/// Secrets by name.
pub(crate) async fn list(db: &Db, wanted: &Wanted, after: Option<&str>, limit: usize) -> Result<Vec<Secret>, DbError> {
    let mut sql = BuiltSql::new("SELECT * FROM vault_secret WHERE 1 = 1")
        .push_if(" AND name > ?", after)
        .push_if(" AND name = ?", wanted.name.as_deref())
        .push_if(" AND kind = ?", wanted.kind.map(SecretKind::as_str))
        .push_if(" AND backend = ?", wanted.backend.as_deref());
    if let Some(search) = &wanted.search {
        let pattern = like_pattern(&search.to_lowercase());
        sql = sql.push(
            " AND (name LIKE ? ESCAPE '\\' OR lower(description) LIKE ? ESCAPE '\\' OR lower(provider) LIKE ? ESCAPE '\\')",
            params![&pattern, &pattern, &pattern],
        );
    }
    if let Some(before) = wanted.due_before {
        sql = sql.push(" AND (rotate_at < ? OR expires_at < ?)", params![before, before]);
    }
    let sql = sql.push(" ORDER BY name LIMIT ?", params![rows(limit)]);
    Ok(db.query_built(sql).await?.iter().map(read).collect())
}

/// Secrets whose rotation is due.
pub(crate) async fn list_due(db: &Db, now: Timestamp, limit: usize) -> Result<Vec<Secret>, DbError> {
    let sql = "SELECT * FROM vault_secret WHERE rotate_at <= $1 ORDER BY rotate_at LIMIT $2";
    Ok(db.query(sql, params![now, rows(limit)]).await?.iter().map(read).collect())
}

/// Secrets that end before a moment and whose owners were not warned yet.
pub(crate) async fn list_unwarned(db: &Db, before: Timestamp, limit: usize) -> Result<Vec<Secret>, DbError> {
    let sql = "SELECT * FROM vault_secret
         WHERE warned_at IS NULL AND (expires_at <= $1 OR (recipe = 'null' AND rotate_at <= $1))
         ORDER BY name LIMIT $2";
    Ok(db.query(sql, params![before, rows(limit)]).await?.iter().map(read).collect())
}

/// How many secrets need attention, and the one that needs it first.
#[derive(Debug)]
pub(crate) struct Pressing {
    pub(crate) count: i64,
    pub(crate) name: String,
    pub(crate) at: Timestamp,
}

/// Secrets that have ended by now.
pub(crate) async fn ended(db: &Db, now: Timestamp) -> Result<Option<Pressing>, DbError> {
    let sql = "SELECT name, expires_at AS nearest, COUNT(*) OVER () AS n FROM vault_secret
         WHERE expires_at <= $1 ORDER BY nearest, name LIMIT 1";
    db.query_opt(sql, params![now]).await?.as_ref().map(pressing).transpose()
}

/// Secrets that have not ended but do so before `soon`, or need a value until then that only people can
/// give, or one that Diwan should have made before `late`.
pub(crate) async fn due(
    db: &Db,
    now: Timestamp,
    soon: Timestamp,
    late: Timestamp,
) -> Result<Option<Pressing>, DbError> {
    let sql = "SELECT name, COUNT(*) OVER () AS n,
             CASE WHEN expires_at IS NULL OR rotate_at < expires_at THEN rotate_at ELSE expires_at END AS nearest
         FROM vault_secret
         WHERE (expires_at IS NULL OR expires_at > $1)
             AND (expires_at <= $2 OR (recipe = 'null' AND rotate_at <= $2) OR rotate_at <= $3)
         ORDER BY nearest, name LIMIT 1";
    db.query_opt(sql, params![now, soon, late]).await?.as_ref().map(pressing).transpose()
}

fn pressing(row: &Row) -> Result<Pressing, DbError> {
    Ok(Pressing { count: row.get("n")?, name: row.get("name")?, at: row.get("nearest")? })
}

/// Writes down that somebody was warned. False when that was done before.
pub(crate) async fn mark_warned(tx: &mut Tx, id: SecretId, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE vault_secret SET warned_at = $1 WHERE id = $2 AND warned_at IS NULL";
    Ok(tx.execute(sql, params![now, id]).await? == 1)
}

/// How many secrets there are.
pub(crate) async fn count(db: &Db) -> Result<i64, DbError> {
    let row = db.query_opt("SELECT COUNT(*) AS n FROM vault_secret", params![]).await?;
    row.map_or(Ok(0), |row| row.get("n"))
}

fn recipe(secret: &Secret) -> String {
    serde_json::json!(secret.recipe).to_string()
}

/// Adds a secret.
pub(crate) async fn insert(tx: &mut Tx, secret: &Secret) -> Result<(), DbError> {
    let sql = "INSERT INTO vault_secret
             (id, name, kind, description, provider, backend, recipe, current_version, latest_version, facts, signature,
              rotation_days, overlap_hours, rotate_at, rotated_at, expires_at, created_at, created_by, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    let values = params![
        secret.id,
        secret.name.as_str(),
        secret.kind.as_str(),
        &secret.description,
        &secret.provider,
        &secret.backend,
        recipe(secret),
        secret.current_version,
        secret.latest_version,
        serde_json::json!(secret.facts),
        secret.signature.clone(),
        secret.rotation_days,
        secret.overlap_hours,
        secret.rotate_at,
        secret.rotated_at,
        secret.expires_at,
        secret.created_at,
        secret.created_by.clone(),
        secret.changed_at,
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Saves a changed secret. False when it got another version meanwhile, or was removed.
pub(crate) async fn update(tx: &mut Tx, secret: &Secret, latest_before: i64) -> Result<bool, DbError> {
    let sql = "UPDATE vault_secret SET name = $1, description = $2, provider = $3, recipe = $4, current_version = $5,
             latest_version = $6, facts = $7, signature = $8, rotation_days = $9, overlap_hours = $10,
             rotate_at = $11, rotated_at = $12, expires_at = $13, changed_at = $14, warned_at = NULL
         WHERE id = $15 AND latest_version = $16";
    let values = params![
        secret.name.as_str(),
        &secret.description,
        &secret.provider,
        recipe(secret),
        secret.current_version,
        secret.latest_version,
        serde_json::json!(secret.facts),
        secret.signature.clone(),
        secret.rotation_days,
        secret.overlap_hours,
        secret.rotate_at,
        secret.rotated_at,
        secret.expires_at,
        secret.changed_at,
        secret.id,
        latest_before,
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Saves its signature.
pub(crate) async fn set_signature(tx: &mut Tx, secret: &Secret) -> Result<(), DbError> {
    let sql = "UPDATE vault_secret SET signature = $1 WHERE id = $2";
    tx.execute(sql, params![secret.signature.clone(), secret.id]).await.map(drop)
}

/// Removes a secret with all its versions. False when there is none.
pub(crate) async fn delete(tx: &mut Tx, id: SecretId) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM vault_secret WHERE id = $1", params![id]).await? == 1)
}
