//! Recovery codes: kept as keyed hashes, each good for once.

use diwan_kernel::id::User;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Id, Tx, params};

/// Replaces all codes of a person.
pub(crate) async fn replace(tx: &mut Tx, user: Id<User>, hashes: &[[u8; 32]], now: Timestamp) -> Result<(), DbError> {
    delete(tx, user).await?;
    for hash in hashes {
        let sql = "INSERT INTO recovery_code (user_id, code_hash, created_at, used_at) VALUES ($1, $2, $3, NULL)";
        tx.execute(sql, params![user, *hash, now]).await?;
    }
    Ok(())
}

/// Uses a code up; false when it is none of theirs or was used before.
pub(crate) async fn use_up(tx: &mut Tx, user: Id<User>, hash: [u8; 32], now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE recovery_code SET used_at = $1 WHERE user_id = $2 AND code_hash = $3 AND used_at IS NULL";
    Ok(tx.execute(sql, params![now, user, hash]).await? == 1)
}

/// How many are left.
pub(crate) async fn count_left(db: &Db, user: Id<User>) -> Result<u32, DbError> {
    let sql = "SELECT count(*) AS n FROM recovery_code WHERE user_id = $1 AND used_at IS NULL";
    db.query_opt(sql, params![user]).await?.map_or(Ok(0), |row| row.get("n"))
}

/// Forgets all codes of a person.
pub(crate) async fn delete(tx: &mut Tx, user: Id<User>) -> Result<(), DbError> {
    tx.execute("DELETE FROM recovery_code WHERE user_id = $1", params![user]).await.map(drop)
}
