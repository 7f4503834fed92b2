//! Pictures of people.

use diwan_kernel::id::UserId;
use diwan_kernel::{Db, DbError, Tx, params};

/// A picture and its type.
#[derive(Debug)]
pub(crate) struct Avatar {
    pub(crate) bytes: Vec<u8>,
    pub(crate) media_type: String,
}

/// Somebody's picture.
pub(crate) async fn find(db: &Db, user: UserId) -> Result<Option<Avatar>, DbError> {
    let sql = "SELECT a.bytes, u.avatar_type FROM avatar a JOIN users u ON u.id = a.user_id WHERE u.id = $1";
    let Some(row) = db.query_opt(sql, params![user]).await? else { return Ok(None) };
    let media_type: Option<String> = row.get("avatar_type")?;
    let bytes = row.get("bytes")?;
    Ok(media_type.map(|media_type| Avatar { bytes, media_type }))
}

/// Sets somebody's picture.
pub(crate) async fn put(tx: &mut Tx, user: UserId, bytes: &[u8], media_type: &str) -> Result<(), DbError> {
    let sql = "UPDATE users SET avatar_type = $1, avatar_version = avatar_version + 1 WHERE id = $2";
    tx.execute(sql, params![media_type, user]).await?;
    let sql = "INSERT INTO avatar (user_id, bytes) VALUES ($1, $2)
         ON CONFLICT (user_id) DO UPDATE SET bytes = excluded.bytes";
    tx.execute(sql, params![user, bytes]).await.map(drop)
}

/// Takes somebody's picture away. Says whether there was one.
pub(crate) async fn delete(tx: &mut Tx, user: UserId) -> Result<bool, DbError> {
    let sql = "UPDATE users SET avatar_type = NULL, avatar_version = avatar_version + 1 WHERE id = $1";
    tx.execute(sql, params![user]).await?;
    Ok(tx.execute("DELETE FROM avatar WHERE user_id = $1", params![user]).await? == 1)
}
