//! People.

use diwan_kernel::db::{BuiltSql, Row, Value, like_pattern};
use diwan_kernel::id::UserId;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Id, Role, Tx, World, params};

use super::word;
use crate::email::Email;
pub(crate) use crate::person::Status;
use crate::person::{Language, Theme};
use crate::plan::Plan;

/// A person, as stored.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) plan: Plan,
    pub(crate) language: Language,
    pub(crate) theme: Theme,
    pub(crate) time_zone: String,
    pub(crate) avatar_type: Option<String>,
    pub(crate) avatar_version: i64,
    pub(crate) status: Status,
    /// Whether a second factor is enrolled.
    pub(crate) two_factor: bool,
    pub(crate) has_password: bool,
    /// Whether the password is too short to be all that is asked for; `None` while that is not known.
    pub(crate) password_needs_second_factor: Option<bool>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen_at: Option<Timestamp>,
}

impl User {
    /// Somebody new, without a password and with everything else as it is at first.
    pub(crate) fn new(world: &World, email: &Email, name: String, role: Role, plan: Plan) -> Self {
        Self {
            id: Id::new(world),
            email: email.as_str().to_owned(),
            name,
            role,
            plan,
            language: Language::En,
            theme: Theme::System,
            time_zone: "UTC".to_owned(),
            avatar_type: None,
            avatar_version: 0,
            status: Status::Active,
            two_factor: false,
            has_password: false,
            password_needs_second_factor: None,
            created_at: world.now(),
            last_seen_at: None,
        }
    }
}

pub(super) fn read(row: &Row) -> Result<User, DbError> {
    Ok(User {
        id: row.get("id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        role: word(row, "role", Role::parse)?,
        plan: word(row, "plan", Plan::parse)?,
        language: word(row, "language", Language::parse)?,
        theme: word(row, "theme", Theme::parse)?,
        time_zone: row.get("time_zone")?,
        avatar_type: row.get("avatar_type")?,
        avatar_version: row.get("avatar_version")?,
        status: word(row, "status", Status::parse)?,
        two_factor: row.get("two_factor")?,
        has_password: row.get::<Option<String>>("password_hash")?.is_some(),
        password_needs_second_factor: row.get("password_needs_second_factor")?,
        created_at: row.get("created_at")?,
        last_seen_at: row.get("last_seen_at")?,
    })
}

/// The person with this id.
pub(crate) async fn find(db: &Db, id: UserId) -> Result<Option<User>, DbError> {
    db.query_opt("SELECT * FROM users WHERE id = $1", params![id]).await?.as_ref().map(read).transpose()
}

/// The person with this id, as the unit of work sees them.
pub(crate) async fn find_in(tx: &mut Tx, id: UserId) -> Result<Option<User>, DbError> {
    tx.query_opt("SELECT * FROM users WHERE id = $1", params![id]).await?.as_ref().map(read).transpose()
}

/// The person with this address.
pub(crate) async fn find_by_email(db: &Db, email: &Email) -> Result<Option<User>, DbError> {
    let sql = "SELECT * FROM users WHERE email = $1";
    db.query_opt(sql, params![email.as_str()]).await?.as_ref().map(read).transpose()
}

/// The hash of somebody's password.
pub(crate) async fn password_hash(db: &Db, id: UserId) -> Result<Option<String>, DbError> {
    let row = db.query_opt("SELECT password_hash FROM users WHERE id = $1", params![id]).await?;
    row.map_or(Ok(None), |row| row.get("password_hash"))
}

/// Which people are wanted.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) search: Option<String>,
    pub(crate) role: Option<Role>,
    pub(crate) status: Option<Status>,
}

/// People, newest first, from below `before`.
pub(crate) async fn list(db: &Db, filter: Filter, before: Option<UserId>, limit: usize) -> Result<Vec<User>, DbError> {
    let search = filter.search.map(|text| like_pattern(&text.to_lowercase()));
    let sql = BuiltSql::new("SELECT * FROM users WHERE 1 = 1")
        .push_if(" AND search_text LIKE ? ESCAPE '\\'", search)
        .push_if(" AND role = ?", filter.role.map(Role::as_str))
        .push_if(" AND status = ?", filter.status.map(Status::as_str))
        .push_if(" AND id < ?", before)
        .push(" ORDER BY id DESC LIMIT ?", vec![Value::Int(i64::try_from(limit).unwrap_or(1))]);
    db.query_built(sql).await?.iter().map(read).collect()
}

/// What a search looks at.
fn search_text(name: &str, email: &str) -> String {
    format!("{} {email}", name.to_lowercase())
}

/// Adds a person.
pub(crate) async fn insert(tx: &mut Tx, user: &User, password_hash: Option<&str>) -> Result<(), DbError> {
    let sql = "INSERT INTO users (id, email, name, search_text, role, plan, language, theme, time_zone,
            avatar_version, status, password_hash, two_factor, created_at, password_needs_second_factor)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, 0, $12, $13)";
    let values = params![
        user.id,
        &user.email,
        &user.name,
        search_text(&user.name, &user.email),
        user.role.as_str(),
        user.plan.as_str(),
        user.language.as_str(),
        user.theme.as_str(),
        &user.time_zone,
        user.status.as_str(),
        password_hash,
        user.created_at,
        user.password_needs_second_factor,
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Saves what can be changed of a person (not the password and not the picture).
pub(crate) async fn update(tx: &mut Tx, user: &User) -> Result<(), DbError> {
    let sql = "UPDATE users SET name = $1, search_text = $2, role = $3, plan = $4, language = $5, theme = $6,
            time_zone = $7, status = $8 WHERE id = $9";
    let values = params![
        &user.name,
        search_text(&user.name, &user.email),
        user.role.as_str(),
        user.plan.as_str(),
        user.language.as_str(),
        user.theme.as_str(),
        &user.time_zone,
        user.status.as_str(),
        user.id,
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Lets nobody else change this person (or add things of theirs that are counted) until the unit of
/// work ends. Says whether they are there.
pub(crate) async fn lock(tx: &mut Tx, id: UserId) -> Result<bool, DbError> {
    Ok(tx.execute("UPDATE users SET id = $1 WHERE id = $1", params![id]).await? == 1)
}

/// Notes whether this person has a second factor enrolled: call it wherever that changes.
pub(crate) async fn set_two_factor(tx: &mut Tx, id: UserId, has: bool) -> Result<(), DbError> {
    tx.execute("UPDATE users SET two_factor = $1 WHERE id = $2", params![has, id]).await.map(drop)
}

/// Sets a password, and whether it needs a second factor beside it.
pub(crate) async fn set_password(tx: &mut Tx, id: UserId, hash: &str, needs: bool) -> Result<(), DbError> {
    let sql = "UPDATE users SET password_hash = $1, password_needs_second_factor = $2 WHERE id = $3";
    tx.execute(sql, params![hash, needs, id]).await.map(drop)
}

/// Notes of the password with this hash whether it needs a second factor beside it.
pub(crate) async fn note_password(tx: &mut Tx, id: UserId, hash: &str, needs: bool) -> Result<(), DbError> {
    let sql = "UPDATE users SET password_needs_second_factor = $1 WHERE id = $2 AND password_hash = $3";
    tx.execute(sql, params![needs, id, hash]).await.map(drop)
}

/// Sets a password's hash if it is still the old one: the same password at another cost.
pub(crate) async fn renew_password_hash(tx: &mut Tx, id: UserId, old: &str, new: &str) -> Result<(), DbError> {
    let sql = "UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3";
    tx.execute(sql, params![new, id, old]).await.map(drop)
}

/// Notes when somebody was last here.
pub(crate) async fn seen(tx: &mut Tx, id: UserId, at: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE users SET last_seen_at = $1 WHERE id = $2 AND COALESCE(last_seen_at, 0) < $1";
    tx.execute(sql, params![at, id]).await.map(drop)
}

/// Removes a person and, with them, everything that is theirs alone.
pub(crate) async fn delete(tx: &mut Tx, id: UserId) -> Result<(), DbError> {
    tx.execute("DELETE FROM users WHERE id = $1", params![id]).await.map(drop)
}

/// How many people there are, and how many were here since then.
pub(crate) async fn count(db: &Db, since: Timestamp) -> Result<(i64, i64), DbError> {
    let sql = "SELECT COUNT(*) AS everybody,
            COALESCE(SUM(CASE WHEN last_seen_at >= $1 THEN 1 ELSE 0 END), 0) AS here FROM users";
    let row = db.query(sql, params![since]).await?.into_iter().next().ok_or(DbError::Busy)?;
    Ok((row.get("everybody")?, row.get("here")?))
}
