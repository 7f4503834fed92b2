//! The rules about who may do what with which secret.

use diwan_kernel::db::Row;
use diwan_kernel::{Db, DbError, Tx, params};

use super::word;
use crate::name::NamePattern;
use crate::policy::{Effect, PolicyId, Rule, SubjectKind};

fn read(row: &Row) -> Result<Rule, DbError> {
    let list = |column: &str| row.get::<serde_json::Value>(column);
    let mismatch = |column: &str| DbError::Mismatch { column: column.to_owned() };
    Ok(Rule {
        id: row.get("id")?,
        name: row.get("name")?,
        effect: word(row, "effect", Effect::parse)?,
        subject_kind: word(row, "subject_kind", SubjectKind::parse)?,
        subject: row.get("subject")?,
        secrets: word(row, "secrets", NamePattern::parse)?,
        actions: serde_json::from_value(list("actions")?).map_err(|_| mismatch("actions"))?,
        purposes: serde_json::from_value(list("purposes")?).map_err(|_| mismatch("purposes"))?,
        expires_at: row.get("expires_at")?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
    })
}

/// All rules, by name.
pub(crate) async fn list(db: &Db) -> Result<Vec<Rule>, DbError> {
    db.query("SELECT * FROM vault_policy ORDER BY name", params![]).await?.iter().map(read).collect()
}

/// Adds a rule, or puts it in the place of the one with its id.
pub(crate) async fn put(tx: &mut Tx, rule: &Rule) -> Result<(), DbError> {
    let sql = "INSERT INTO vault_policy
             (id, name, effect, subject_kind, subject, secrets, actions, purposes, expires_at, created_at, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, effect = excluded.effect,
             subject_kind = excluded.subject_kind, subject = excluded.subject, secrets = excluded.secrets,
             actions = excluded.actions, purposes = excluded.purposes, expires_at = excluded.expires_at";
    let values = params![
        rule.id,
        &rule.name,
        rule.effect.as_str(),
        rule.subject_kind.as_str(),
        &rule.subject,
        rule.secrets.as_str(),
        serde_json::json!(rule.actions),
        serde_json::json!(rule.purposes),
        rule.expires_at,
        rule.created_at,
        rule.created_by.clone(),
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Removes a rule. False when there is none.
pub(crate) async fn delete(tx: &mut Tx, id: PolicyId) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM vault_policy WHERE id = $1", params![id]).await? == 1)
}
