//! Keys of the control plane itself, each under its envelope like a value.

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

use crate::backend::Stored;
use crate::envelope::{MasterId, wrapped_by};
use crate::secret::SecretId;

/// What is stored under this name.
pub(crate) async fn find(db: &Db, name: &str) -> Result<Option<Stored>, DbError> {
    let sql = "SELECT master_id, data_key, value FROM vault_own_key WHERE name = $1";
    let Some(row) = db.query_opt(sql, params![name]).await? else { return Ok(None) };
    let wrong = || DbError::Mismatch { column: "master_id".to_owned() };
    let master = MasterId::parse(&row.get::<String>("master_id")?).ok_or_else(wrong)?;
    let data_key: Vec<u8> = row.get("data_key")?;
    // Or the rotation of another key would take it along, and the one of its own would not.
    if wrapped_by(&data_key) != Ok(master) {
        return Err(wrong());
    }
    Ok(Some(Stored::Here { master, data_key, value: row.get("value")? }))
}

/// The names of all of them.
pub(crate) async fn names(db: &Db) -> Result<Vec<String>, DbError> {
    let rows = db.query("SELECT name FROM vault_own_key ORDER BY name", params![]).await?;
    rows.iter().map(|row| row.get("name")).collect()
}

/// Adds one. Another server may have been faster: then the name is taken.
pub(crate) async fn insert(
    tx: &mut Tx,
    (name, id): (&str, SecretId),
    stored: &Stored,
    now: Timestamp,
) -> Result<(), DbError> {
    let Stored::Here { master, data_key, value } = stored else { return Ok(()) };
    let sql = "INSERT INTO vault_own_key (name, id, master_id, data_key, value, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)";
    let values = params![name, id, master.to_string(), data_key.clone(), value.clone(), now];
    tx.execute(sql, values).await.map(drop)
}

/// Removes all of them: what guarded them is lost.
pub(crate) async fn delete_all(tx: &mut Tx) -> Result<(), DbError> {
    tx.execute("DELETE FROM vault_own_key", params![]).await.map(drop)
}
