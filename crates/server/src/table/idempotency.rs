//! `idempotency`: writes that a client promised to repeat only as the same write, and their answers.
//! The unit of work that does the write makes the row; the edge adds the answer.

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, Db, DbError, Timestamp, params};

/// A write that was done under a key.
#[derive(Debug)]
pub(crate) struct Written {
    /// A digest of the request.
    pub digest: [u8; 32],
    /// When it was begun.
    pub at: Timestamp,
    /// Its answer, if that is known.
    pub answer: Option<Kept>,
}

/// An answer as it is kept: sealed, since it may say what not everybody may read.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Its status.
    pub status: u16,
    /// Its headers, as a JSON object.
    pub headers: String,
    /// Its sealed body.
    pub body: Vec<u8>,
}

/// The write that was done under this key.
pub(crate) async fn find(db: &Db, actor: &str, key: &str) -> Result<Option<Written>, DbError> {
    let sql = "SELECT digest, created_at, status, headers, answer FROM idempotency WHERE actor = $1 AND key = $2";
    let Some(row) = db.query_opt(sql, params![actor, key]).await? else { return Ok(None) };
    let status: Option<i32> = row.get("status")?;
    let (headers, body): (Option<String>, Option<Vec<u8>>) = (row.get("headers")?, row.get("answer")?);
    let answer = match (status.and_then(|s| u16::try_from(s).ok()), headers, body) {
        (Some(status), Some(headers), Some(body)) => Some(Kept { status, headers, body }),
        _ => None,
    };
    Ok(Some(Written { digest: row.get("digest")?, at: row.get("created_at")?, answer }))
}

/// Adds the answer to a write.
pub(crate) async fn keep(db: &Db, actor: &str, key: &str, answer: Kept) -> Result<(), DbError> {
    let ctx = Ctx::system(db.world(), "idempotency");
    let mut tx = db.begin(&ctx).await?;
    let sql = "UPDATE idempotency SET status = $1, headers = $2, answer = $3 WHERE actor = $4 AND key = $5";
    let status = i64::from(answer.status);
    tx.execute(sql, params![status, answer.headers, answer.body, actor, key]).await?;
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await
}

/// Forgets the writes before a moment; says how many there were.
pub(crate) async fn forget(db: &Db, before: Timestamp) -> Result<u64, DbError> {
    let ctx = Ctx::system(db.world(), "idempotency");
    let mut tx = db.begin_freeing(&ctx).await?;
    let gone = tx.execute("DELETE FROM idempotency WHERE created_at < $1", params![before]).await?;
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
    Ok(gone)
}
