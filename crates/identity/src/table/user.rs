//! People.

use diwan_kernel::db::Row;
use diwan_kernel::id::UserId;
use diwan_kernel::{Db, DbError, Role, Tx, params};

use crate::email::Email;
use crate::plan::Plan;

/// Whether somebody may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Active,
    Disabled,
}

/// A person, as stored.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) plan: Plan,
    pub(crate) language: String,
    pub(crate) status: Status,
    /// Whether a second factor is enrolled.
    pub(crate) two_factor: bool,
}

fn read(row: &Row) -> Result<User, DbError> {
    let unknown = |column: &str| DbError::Mismatch { column: column.to_owned() };
    Ok(User {
        id: row.get("id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        role: Role::parse(&row.get::<String>("role")?).ok_or_else(|| unknown("role"))?,
        plan: Plan::parse(&row.get::<String>("plan")?).ok_or_else(|| unknown("plan"))?,
        language: row.get("language")?,
        status: if row.get::<String>("status")? == "active" { Status::Active } else { Status::Disabled },
        two_factor: row.get("two_factor")?,
    })
}

/// The person with this id.
pub(crate) async fn find(db: &Db, id: UserId) -> Result<Option<User>, DbError> {
    db.query_opt("SELECT * FROM users WHERE id = $1", params![id]).await?.map(|row| read(&row)).transpose()
}

/// The person with this address.
pub(crate) async fn find_by_email(db: &Db, email: &Email) -> Result<Option<User>, DbError> {
    let sql = "SELECT * FROM users WHERE email = $1";
    db.query_opt(sql, params![email.as_str()]).await?.map(|row| read(&row)).transpose()
}

/// Notes whether this person has a second factor enrolled: call it wherever that changes.
pub(crate) async fn set_two_factor(tx: &mut Tx, id: UserId, has: bool) -> Result<(), DbError> {
    tx.execute("UPDATE users SET two_factor = $1 WHERE id = $2", params![has, id]).await.map(drop)
}
