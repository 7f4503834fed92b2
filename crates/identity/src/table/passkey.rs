//! Passkeys: the public half of what people hold on their devices.

use diwan_kernel::db::Row;
use diwan_kernel::id::User;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Id, Tx, params};

diwan_kernel::id_kinds! {
    /// A passkey.
    PasskeyKind = "pky",
}

/// The id of a passkey.
pub(crate) type PasskeyId = Id<PasskeyKind>;

/// A passkey, as stored.
#[derive(Debug, Clone)]
pub(crate) struct Passkey {
    pub(crate) id: PasskeyId,
    pub(crate) user: Id<User>,
    /// What the device calls it.
    pub(crate) credential_id: Vec<u8>,
    /// The public key and its properties, as the library writes them.
    pub(crate) credential: serde_json::Value,
    /// How often the device says it was used; 0 for devices that do not count.
    pub(crate) sign_count: u32,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<Passkey, DbError> {
    Ok(Passkey {
        id: row.get("id")?,
        user: row.get("user_id")?,
        credential_id: row.get("credential_id")?,
        credential: row.get("credential")?,
        sign_count: row.get("sign_count")?,
        name: row.get("name")?,
        created_at: row.get("created_at")?,
        last_used_at: row.get("last_used_at")?,
    })
}

/// All passkeys of a person, oldest first. There are few: their number is limited.
pub(crate) async fn list(db: &Db, user: Id<User>) -> Result<Vec<Passkey>, DbError> {
    let sql = "SELECT id, user_id, credential_id, credential, sign_count, name, created_at, last_used_at
        FROM passkey WHERE user_id = $1 ORDER BY id";
    db.query(sql, params![user]).await?.iter().map(read).collect()
}

/// The passkey that a device names, if it is this person's.
pub(crate) async fn find_by_credential(
    db: &Db,
    user: Id<User>,
    credential_id: &[u8],
) -> Result<Option<Passkey>, DbError> {
    let sql = "SELECT id, user_id, credential_id, credential, sign_count, name, created_at, last_used_at
        FROM passkey WHERE user_id = $1 AND credential_id = $2";
    db.query_opt(sql, params![user, credential_id]).await?.map(|row| read(&row)).transpose()
}

/// How many a person has.
pub(crate) async fn count(db: &Db, user: Id<User>) -> Result<u32, DbError> {
    let sql = "SELECT count(*) AS n FROM passkey WHERE user_id = $1";
    db.query_opt(sql, params![user]).await?.map_or(Ok(0), |row| row.get("n"))
}

/// Keeps a new one unless there are `most` already; false then. A unique violation of
/// `passkey.credential_id` means that somebody registered it before.
pub(crate) async fn insert(tx: &mut Tx, passkey: &Passkey, most: u32) -> Result<bool, DbError> {
    let sql = "INSERT INTO passkey
            (id, user_id, credential_id, credential, sign_count, name, created_at, last_used_at)
        SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), $3, CAST($4 AS TEXT), CAST($5 AS BIGINT), CAST($6 AS TEXT),
            CAST($7 AS BIGINT), NULL
        WHERE (SELECT count(*) FROM passkey WHERE user_id = $2) < CAST($8 AS BIGINT)";
    let Passkey { id, user, credential_id, credential, sign_count, name, created_at, .. } = passkey.clone();
    let row = params![id, user, credential_id, credential, sign_count, name, created_at, most];
    Ok(tx.execute(sql, row).await? == 1)
}

/// Notes a use; false when its counter did not go forward, or it was deleted meanwhile.
pub(crate) async fn note_use(
    tx: &mut Tx,
    id: PasskeyId,
    credential: serde_json::Value,
    sign_count: u32,
    now: Timestamp,
) -> Result<bool, DbError> {
    // Devices that do not count always say 0.
    let sql = "UPDATE passkey SET credential = $1, sign_count = $2, last_used_at = $3
        WHERE id = $4 AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0))";
    Ok(tx.execute(sql, params![credential, sign_count, now, id]).await? == 1)
}

/// Gives a passkey another name; gives it back if it is this person's.
pub(crate) async fn rename(tx: &mut Tx, user: Id<User>, id: PasskeyId, name: &str) -> Result<Option<Passkey>, DbError> {
    let sql = "UPDATE passkey SET name = $1 WHERE id = $2 AND user_id = $3
        RETURNING id, user_id, credential_id, credential, sign_count, name, created_at, last_used_at";
    tx.query_opt(sql, params![name, id, user]).await?.as_ref().map(read).transpose()
}

/// Forgets a passkey; gives its name if it was this person's.
pub(crate) async fn delete(tx: &mut Tx, user: Id<User>, id: PasskeyId) -> Result<Option<String>, DbError> {
    let sql = "DELETE FROM passkey WHERE id = $1 AND user_id = $2 RETURNING name";
    tx.query_opt(sql, params![id, user]).await?.map(|row| row.get("name")).transpose()
}

/// Forgets all passkeys of a person; how many there were.
pub(crate) async fn delete_all(tx: &mut Tx, user: Id<User>) -> Result<u64, DbError> {
    tx.execute("DELETE FROM passkey WHERE user_id = $1", params![user]).await
}
