//! Mails on their way, and those that are kept because they could not go anywhere.

use diwan_kernel::db::Row;
use diwan_kernel::id::User;
use diwan_kernel::seal::Place;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Id, Tx, params};

diwan_kernel::id_kinds! {
    /// A mail.
    MailKind = "mai",
}

/// The id of a mail.
pub(crate) type MailId = Id<MailKind>;

/// Where a mail is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It waits for the mail server.
    Queued,
    /// It was handed to the mail server.
    Sent,
    /// It stays here, for the owner to see.
    Kept,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Kept => "kept",
        }
    }
}

/// A mail, as stored.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) id: MailId,
    pub(crate) recipient: String,
    /// Subject and texts, sealed: they carry links that sign people in.
    pub(crate) body: Vec<u8>,
    pub(crate) attempts: u32,
    pub(crate) created_at: Timestamp,
}

/// Where a mail's body is sealed.
pub(crate) const fn place(id: &str) -> Place<'_> {
    Place { table: "outbox_mail", column: "body", row: id }
}

fn read(row: &Row) -> Result<Stored, DbError> {
    Ok(Stored {
        id: row.get("id")?,
        recipient: row.get("recipient")?,
        body: row.get("body")?,
        attempts: row.get("attempts")?,
        created_at: row.get("created_at")?,
    })
}

/// Takes a mail in.
pub(crate) async fn insert(tx: &mut Tx, mail: &Stored, state: State) -> Result<(), DbError> {
    let sql = "INSERT INTO outbox_mail (id, recipient, body, state, attempts, due_at, created_at, error)
        VALUES ($1, $2, $3, $4, 0, $5, $5, NULL)";
    let Stored { id, recipient, body, created_at, .. } = mail.clone();
    tx.execute(sql, params![id, recipient, body, state.as_str(), created_at]).await.map(drop)
}

/// The mails that are due, longest waiting first.
pub(crate) async fn due(db: &Db, now: Timestamp, limit: u32) -> Result<Vec<Stored>, DbError> {
    let sql = "SELECT id, recipient, body, attempts, created_at FROM outbox_mail
        WHERE state = 'queued' AND due_at <= $1 ORDER BY due_at, id LIMIT $2";
    db.query(sql, params![now, limit]).await?.iter().map(read).collect()
}

/// When the next mail is due, if any waits.
pub(crate) async fn next_due(db: &Db) -> Result<Option<Timestamp>, DbError> {
    let sql = "SELECT min(due_at) AS due_at FROM outbox_mail WHERE state = 'queued'";
    db.query_opt(sql, vec![]).await?.map_or(Ok(None), |row| row.get("due_at"))
}

/// Takes a mail for sending until `until`, so that nobody else sends it meanwhile and it is tried
/// again if this sender dies; false when somebody else has it.
pub(crate) async fn claim(tx: &mut Tx, mail: &Stored, until: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE outbox_mail SET attempts = attempts + 1, due_at = $1
        WHERE id = $2 AND state = 'queued' AND attempts = $3";
    Ok(tx.execute(sql, params![until, mail.id, mail.attempts]).await? == 1)
}

/// Notes where a mail has come to. What was sent keeps no body.
pub(crate) async fn settle(
    tx: &mut Tx,
    id: MailId,
    state: State,
    due_at: Timestamp,
    error: Option<String>,
) -> Result<(), DbError> {
    let sql = "UPDATE outbox_mail SET state = $1, due_at = $2, error = $3 WHERE id = $4";
    tx.execute(sql, params![state.as_str(), due_at, error, id]).await?;
    if state == State::Sent {
        let empty: Vec<u8> = vec![];
        tx.execute("UPDATE outbox_mail SET body = $1 WHERE id = $2", params![empty, id]).await?;
    }
    Ok(())
}

/// The mails that are kept, newest first, after `position`.
pub(crate) async fn list_kept(db: &Db, position: Option<MailId>, limit: u32) -> Result<Vec<Stored>, DbError> {
    let first = "SELECT id, recipient, body, attempts, created_at FROM outbox_mail
        WHERE state = 'kept' ORDER BY id DESC LIMIT $1";
    let next = "SELECT id, recipient, body, attempts, created_at FROM outbox_mail
        WHERE state = 'kept' AND id < $1 ORDER BY id DESC LIMIT $2";
    let rows = match position {
        None => db.query(first, params![limit]).await?,
        Some(position) => db.query(next, params![position, limit]).await?,
    };
    rows.iter().map(read).collect()
}

/// Forgets mails that were sent or kept since before then.
pub(crate) async fn sweep(tx: &mut Tx, before: Timestamp) -> Result<u64, DbError> {
    tx.execute("DELETE FROM outbox_mail WHERE state <> 'queued' AND created_at <= $1", params![before]).await
}

/// Forgets all mails to a person who is still here.
pub(crate) async fn delete_all_to(tx: &mut Tx, user: Id<User>) -> Result<(), DbError> {
    let sql = "DELETE FROM outbox_mail WHERE recipient = (SELECT email FROM users WHERE id = $1)";
    tx.execute(sql, params![user]).await.map(drop)
}
