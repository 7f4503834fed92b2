//! `schema_migration`: which steps this database has taken.

use diwan_kernel::{Db, DbError};

/// How many steps the schema has taken.
pub(crate) async fn version(db: &Db) -> Result<i64, DbError> {
    let row = db.query_opt("SELECT COUNT(*) AS steps FROM schema_migration", vec![]).await?;
    row.map_or(Ok(0), |row| row.get("steps"))
}
