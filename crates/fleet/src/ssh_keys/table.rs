//! Which keys are wanted on which machines, and which of their versions are there.

use diwan_kernel::db::Row;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};
use diwan_vault::{SecretId, SshPublicKey};

use super::id::SshKeyId;
use crate::commands::{CommandActor, CommandId, CommandProblem};
use crate::machine::MachineId;

/// A key of the vault that is wanted on a machine.
#[derive(Debug, Clone)]
pub(crate) struct SshKey {
    pub(crate) id: SshKeyId,
    pub(crate) machine: MachineId,
    pub(crate) secret: SecretId,
    /// What the secret was called when that was last looked up.
    pub(crate) secret_name: String,
    pub(crate) user: String,
    pub(crate) port: u16,
    pub(crate) wanted_by: CommandActor,
    pub(crate) created_at: Timestamp,
    /// Since when it is not wanted any more.
    pub(crate) removed_at: Option<Timestamp>,
    /// Whether somebody wants it proven once more.
    pub(crate) is_check_asked: bool,
    /// When it is looked at next.
    pub(crate) next_at: Timestamp,
    /// How often the next step was tried in vain.
    pub(crate) tries: u32,
    pub(crate) problem: Option<CommandProblem>,
    /// The command that waits for somebody's yes.
    pub(crate) asked_as: Option<CommandId>,
}

/// A version that is on a machine, or may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) version: i64,
    pub(crate) public_key: String,
    pub(crate) fingerprint: String,
    pub(crate) installed_at: Option<Timestamp>,
    pub(crate) proven_at: Option<Timestamp>,
}

impl Line {
    /// One that is not there yet.
    pub(crate) fn wanted(key: &SshPublicKey) -> Self {
        let (public_key, fingerprint) = (key.key.clone(), key.fingerprint.clone());
        Self { version: key.version, public_key, fingerprint, installed_at: None, proven_at: None }
    }
}

fn read(row: &Row) -> Result<SshKey, DbError> {
    let wrong = |column: &str| DbError::Mismatch { column: column.to_owned() };
    let problem: Option<String> = row.get("problem")?;
    let problem = problem.map(|text| serde_json::from_str(&text).map_err(|_| wrong("problem"))).transpose()?;
    Ok(SshKey {
        id: row.get("id")?,
        machine: row.get("machine_id")?,
        secret: row.get("secret_id")?,
        secret_name: row.get("secret_name")?,
        user: row.get("user_name")?,
        port: u16::try_from(row.get::<i64>("port")?).map_err(|_| wrong("port"))?,
        wanted_by: serde_json::from_str(&row.get::<String>("wanted_by")?).map_err(|_| wrong("wanted_by"))?,
        created_at: row.get("created_at")?,
        removed_at: row.get("removed_at")?,
        is_check_asked: row.get("is_check_asked")?,
        next_at: row.get("next_at")?,
        tries: u32::try_from(row.get::<i64>("tries")?).unwrap_or(u32::MAX),
        problem,
        asked_as: row.get("asked_as")?,
    })
}

fn read_line(row: &Row) -> Result<Line, DbError> {
    Ok(Line {
        version: row.get("version")?,
        public_key: row.get("public_key")?,
        fingerprint: row.get("fingerprint")?,
        installed_at: row.get("installed_at")?,
        proven_at: row.get("proven_at")?,
    })
}

/// Adds one.
pub(crate) async fn insert(tx: &mut Tx, key: &SshKey) -> Result<(), DbError> {
    let sql =
        "INSERT INTO fleet_ssh_key (id, machine_id, secret_id, secret_name, user_name, port, wanted_by, created_at,
            is_check_asked, next_at, tries) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, 0)";
    let values = params![
        key.id,
        key.machine,
        key.secret,
        &key.secret_name,
        &key.user,
        i64::from(key.port),
        serde_json::json!(key.wanted_by),
        key.created_at,
        key.next_at,
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Wants one again that is being taken away. False when none is.
pub(crate) async fn want_again(tx: &mut Tx, key: &SshKey) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_ssh_key SET removed_at = NULL, port = $1, wanted_by = $2, next_at = $3, tries = 0,
            problem = NULL, asked_as = NULL
         WHERE machine_id = $4 AND secret_id = $5 AND user_name = $6 AND removed_at IS NOT NULL";
    let by = serde_json::json!(key.wanted_by);
    let values = params![i64::from(key.port), by, key.next_at, key.machine, key.secret, &key.user];
    Ok(tx.execute(sql, values).await? == 1)
}

/// The one with this id.
pub(crate) async fn find(db: &Db, id: SshKeyId) -> Result<Option<SshKey>, DbError> {
    let sql = "SELECT * FROM fleet_ssh_key WHERE id = $1";
    db.query_opt(sql, params![id]).await?.as_ref().map(read).transpose()
}

/// The one at this place.
pub(crate) async fn find_at(
    db: &Db,
    machine: MachineId,
    secret: SecretId,
    user: &str,
) -> Result<Option<SshKey>, DbError> {
    let sql = "SELECT * FROM fleet_ssh_key WHERE machine_id = $1 AND secret_id = $2 AND user_name = $3";
    db.query_opt(sql, params![machine, secret, user]).await?.as_ref().map(read).transpose()
}

/// Those of a machine.
pub(crate) async fn list(db: &Db, machine: MachineId) -> Result<Vec<SshKey>, DbError> {
    let sql = "SELECT * FROM fleet_ssh_key WHERE machine_id = $1 ORDER BY user_name, secret_name, id LIMIT 1000";
    db.query(sql, params![machine]).await?.iter().map(read).collect()
}

/// Those that are to be looked at, and on which machines. One that is not there now stays due until it is.
pub(crate) async fn due(db: &Db, now: Timestamp) -> Result<Vec<(SshKeyId, MachineId)>, DbError> {
    let sql = "SELECT id, machine_id FROM fleet_ssh_key WHERE next_at <= $1 ORDER BY next_at LIMIT 20000";
    db.query(sql, params![now]).await?.iter().map(|row| Ok((row.get("id")?, row.get("machine_id")?))).collect()
}

/// The newest version of each secret that each machine was proven to open for.
pub(crate) async fn held(db: &Db) -> Result<Vec<(SecretId, i64)>, DbError> {
    let sql = "SELECT DISTINCT k.secret_id AS secret_id, max(l.version) AS version
         FROM fleet_ssh_key k JOIN fleet_ssh_line l ON l.key_id = k.id
         WHERE k.removed_at IS NULL AND l.proven_at IS NOT NULL GROUP BY k.id, k.secret_id";
    db.query(sql, params![]).await?.iter().map(|row| Ok((row.get("secret_id")?, row.get("version")?))).collect()
}

/// Those in trouble: how many, and the machine and secret of the first.
pub(crate) async fn troubled(db: &Db) -> Result<Option<(i64, String, String)>, DbError> {
    let sql = "SELECT count(*) OVER () AS n, m.name AS machine, k.secret_name AS secret
         FROM fleet_ssh_key k JOIN fleet_machine m ON m.id = k.machine_id
         WHERE k.problem IS NOT NULL AND m.standing <> 'revoked' ORDER BY k.id LIMIT 1";
    let row = db.query_opt(sql, params![]).await?;
    row.map(|row| Ok((row.get("n")?, row.get("machine")?, row.get("secret")?))).transpose()
}

/// The lines of one, oldest version first.
pub(crate) async fn lines(db: &Db, key: SshKeyId) -> Result<Vec<Line>, DbError> {
    let sql = "SELECT * FROM fleet_ssh_line WHERE key_id = $1 ORDER BY version";
    db.query(sql, params![key]).await?.iter().map(read_line).collect()
}

/// Writes down that a line may be on the machine from now on.
pub(crate) async fn want_line(tx: &mut Tx, key: SshKeyId, line: &Line, now: Timestamp) -> Result<(), DbError> {
    let sql = "INSERT INTO fleet_ssh_line (key_id, version, public_key, fingerprint, wanted_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key_id, version) DO NOTHING";
    tx.execute(sql, params![key, line.version, &line.public_key, &line.fingerprint, now]).await.map(drop)
}

/// Writes down how far a line has come.
pub(crate) async fn set_line(tx: &mut Tx, key: SshKeyId, line: &Line) -> Result<(), DbError> {
    let sql = "UPDATE fleet_ssh_line SET installed_at = $1, proven_at = $2 WHERE key_id = $3 AND version = $4";
    tx.execute(sql, params![line.installed_at, line.proven_at, key, line.version]).await.map(drop)
}

/// Writes down that a line is not on the machine any more.
pub(crate) async fn delete_line(tx: &mut Tx, key: SshKeyId, version: i64) -> Result<(), DbError> {
    let sql = "DELETE FROM fleet_ssh_line WHERE key_id = $1 AND version = $2";
    tx.execute(sql, params![key, version]).await.map(drop)
}

/// Writes down when it is looked at next, and what is in the way; unless somebody wants something else meanwhile: then
/// it is due, and looked at again.
pub(crate) async fn set_course(tx: &mut Tx, key: &SshKey, seen: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE fleet_ssh_key SET secret_name = $1, next_at = $2, tries = $3, problem = $4, asked_as = $5,
            is_check_asked = $6 WHERE id = $7 AND next_at = $8";
    let problem = key.problem.as_ref().map(|problem| serde_json::json!(problem));
    let values = params![
        &key.secret_name,
        key.next_at,
        i64::from(key.tries),
        problem,
        key.asked_as,
        key.is_check_asked,
        key.id,
        seen,
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Has it looked at now, and proven once more if it is in its place. False when there is none.
pub(crate) async fn ask_check(tx: &mut Tx, id: SshKeyId, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_ssh_key SET is_check_asked = 1, next_at = $1, tries = 0, problem = NULL
         WHERE id = $2 AND removed_at IS NULL";
    Ok(tx.execute(sql, params![now, id]).await? == 1)
}

/// Has all that hang on a secret looked at now; says how many those are.
pub(crate) async fn make_due(tx: &mut Tx, secret: SecretId, now: Timestamp) -> Result<u64, DbError> {
    let sql = "UPDATE fleet_ssh_key SET next_at = $1, tries = 0 WHERE secret_id = $2 AND next_at > $1";
    tx.execute(sql, params![now, secret]).await
}

/// It is not wanted any more. False when that was so before.
pub(crate) async fn remove(tx: &mut Tx, id: SshKeyId, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE fleet_ssh_key SET removed_at = $1, next_at = $1, tries = 0, problem = NULL, asked_as = NULL,
            is_check_asked = 0 WHERE id = $2 AND removed_at IS NULL";
    Ok(tx.execute(sql, params![now, id]).await? == 1)
}

/// Forgets one that is not wanted any more. False when it is wanted again.
pub(crate) async fn forget(tx: &mut Tx, id: SshKeyId) -> Result<bool, DbError> {
    let sql = "DELETE FROM fleet_ssh_key WHERE id = $1 AND removed_at IS NOT NULL";
    Ok(tx.execute(sql, params![id]).await? == 1)
}
