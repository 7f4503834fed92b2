//! The rules about who may do what with which secret, and the book that they are vouched for in.

use diwan_kernel::db::Row;
use diwan_kernel::{Db, DbError, Tx, params};

use super::word;
use crate::name::NamePattern;
use crate::policy::{Effect, PolicyId, Rule, SubjectKind};

/// What is stored as a rule.
#[derive(Debug)]
pub(crate) enum Found {
    /// It can be read.
    Rule(Rule),
    /// It cannot; what it seems to be called.
    Unreadable(String),
}

impl Found {
    /// The rule, if it can be read.
    pub(crate) fn read(self) -> Option<Rule> {
        match self {
            Self::Rule(rule) => Some(rule),
            Self::Unreadable(_) => None,
        }
    }
}

/// The book of rules, as stored.
#[derive(Debug)]
pub(crate) struct StoredBook {
    pub(crate) policies: String,
    pub(crate) signature: Vec<u8>,
}

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

fn found(row: &Row) -> Found {
    read(row).map_or_else(|_| Found::Unreadable(row.get("name").unwrap_or_default()), Found::Rule)
}

fn read_book(row: &Row) -> Option<StoredBook> {
    let (policies, signature) = (row.get("book").ok()?, row.get("book_signature").ok()?);
    Some(StoredBook { policies, signature })
}

/// All rules, by name, and the book, as they are at one moment.
pub(crate) async fn list(db: &Db) -> Result<(Option<StoredBook>, Vec<Found>), DbError> {
    let sql = "SELECT p.*, b.policies AS book, b.signature AS book_signature
         FROM (SELECT 1 AS one) o LEFT JOIN vault_policy_book b ON b.id = 1 LEFT JOIN vault_policy p ON 1 = 1
         ORDER BY p.name";
    let rows = db.query(sql, params![]).await?;
    let is_rule = |row: &&Row| !matches!(row.get::<Option<String>>("id"), Ok(None));
    Ok((rows.first().and_then(read_book), rows.iter().filter(is_rule).map(found).collect()))
}

/// All rules.
pub(crate) async fn list_in(tx: &mut Tx) -> Result<Vec<Found>, DbError> {
    Ok(tx.query("SELECT * FROM vault_policy ORDER BY name", params![]).await?.iter().map(found).collect())
}

/// The book that is being changed.
pub(crate) async fn book(tx: &mut Tx) -> Result<Option<StoredBook>, DbError> {
    let sql = "SELECT policies AS book, signature AS book_signature FROM vault_policy_book WHERE id = 1";
    Ok(tx.query_opt(sql, params![]).await?.as_ref().and_then(read_book))
}

/// Whether there is a book.
pub(crate) async fn has_book(db: &Db) -> Result<bool, DbError> {
    Ok(db.query_opt("SELECT id FROM vault_policy_book WHERE id = 1", params![]).await?.is_some())
}

/// Begins a book, in the place of whatever is there.
pub(crate) async fn begin_book(tx: &mut Tx, book: &StoredBook) -> Result<(), DbError> {
    let sql = "INSERT INTO vault_policy_book (id, policies, signature) VALUES (1, $1, $2)
         ON CONFLICT (id) DO UPDATE SET policies = excluded.policies, signature = excluded.signature";
    tx.execute(sql, params![&book.policies, book.signature.clone()]).await.map(drop)
}

/// Puts a book in the place of the one before. False when that one was changed meanwhile.
pub(crate) async fn replace_book(tx: &mut Tx, book: &StoredBook, before: Option<&StoredBook>) -> Result<bool, DbError> {
    let sql = "INSERT INTO vault_policy_book (id, policies, signature) VALUES (1, $1, $2)
         ON CONFLICT (id) DO UPDATE SET policies = excluded.policies, signature = excluded.signature
         WHERE vault_policy_book.signature = $3";
    let before = before.map(|book| book.signature.clone()).unwrap_or_default();
    Ok(tx.execute(sql, params![&book.policies, book.signature.clone(), before]).await? == 1)
}

/// Adds a rule, or puts it in the place of the one with its id.
pub(crate) async fn put(tx: &mut Tx, rule: &Rule) -> Result<(), DbError> {
    let sql = "INSERT INTO vault_policy
             (id, name, effect, subject_kind, subject, secrets, actions, purposes, expires_at, created_at, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, effect = excluded.effect,
             subject_kind = excluded.subject_kind, subject = excluded.subject, secrets = excluded.secrets,
             actions = excluded.actions, purposes = excluded.purposes, expires_at = excluded.expires_at,
             created_at = excluded.created_at, created_by = excluded.created_by";
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
