//! Migrations: each capability lists its own; they run forward at the start and back on demand, each
//! in one transaction, after a backup.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::tx::Unrecorded;
use super::{Db, DbError};
use crate::ctx::Ctx;
use crate::params;

/// One step of a schema. `{blob}` in it stands for the engine's type for bytes, `{key}` for its type
/// for a whole number that is the primary key (on SQLite the row is then stored under it).
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its name, unique in its component and never changed: `0001_people`.
    pub name: &'static str,
    /// What brings it about.
    pub up: &'static str,
    /// What takes it back.
    pub down: &'static str,
}

/// The migrations of one component, oldest first.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    /// Whose they are.
    pub component: &'static str,
    /// The steps.
    pub steps: &'static [Migration],
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// The steps, in the order they were done: `identity/0001_people`.
    pub steps: Vec<String>,
    /// The backup that was made before.
    pub backup: Option<PathBuf>,
}

/// The tables of the ground itself.
pub const KERNEL: Migrations = Migrations {
    component: "kernel",
    steps: &[Migration {
        name: "0001_idempotency",
        up: "CREATE TABLE idempotency (
                actor TEXT NOT NULL,
                key TEXT NOT NULL,
                digest {blob} NOT NULL,
                created_at BIGINT NOT NULL,
                status BIGINT,
                headers TEXT,
                answer {blob},
                PRIMARY KEY (actor, key)
             );
             CREATE INDEX idempotency_created_at ON idempotency (created_at);
             CREATE TABLE sealed_key (
                name TEXT PRIMARY KEY,
                value {blob} NOT NULL,
                created_at BIGINT NOT NULL
             );",
        down: "DROP TABLE sealed_key; DROP TABLE idempotency;",
    }],
};

const HISTORY: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    component TEXT NOT NULL, name TEXT NOT NULL, applied_at BIGINT NOT NULL, PRIMARY KEY (component, name))";
/// Any number; two nodes on one PostgreSQL take turns by it.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(7400740074007400)";

type Name = (String, String);

pub(super) async fn forward(db: &Db, all: &[Migrations], backups: &Path) -> Result<Applied, DbError> {
    let done = history(db).await?;
    refuse_newer(&done, all)?;
    let steps: Vec<_> = all.iter().flat_map(|m| m.steps.iter().map(move |s| (m.component, *s))).collect();
    let due: Vec<_> = steps.into_iter().filter(|(c, s)| !done.contains(&name(c, s))).collect();
    let mut applied = Applied::default();
    if due.is_empty() {
        return Ok(applied);
    }
    if !done.is_empty() {
        applied.backup = back_up(db, backups).await?;
    }
    for (component, step) in due {
        run(db, component, &step, Direction::Forward).await?;
        applied.steps.push(format!("{component}/{}", step.name));
    }
    Ok(applied)
}

pub(super) async fn back(
    db: &Db,
    all: &[Migrations],
    component: &str,
    keep: usize,
    backups: &Path,
) -> Result<Applied, DbError> {
    let done = history(db).await?;
    refuse_newer(&done, all)?;
    let mut applied = Applied { steps: vec![], backup: back_up(db, backups).await? };
    for migrations in all.iter().filter(|m| m.component == component) {
        let beyond = migrations.steps.iter().skip(keep).rev();
        for step in beyond.filter(|s| done.contains(&name(migrations.component, s))) {
            run(db, migrations.component, step, Direction::Back).await?;
            applied.steps.push(format!("{component}/{}", step.name));
        }
    }
    Ok(applied)
}

fn name(component: &str, step: &Migration) -> Name {
    (component.to_owned(), step.name.to_owned())
}

async fn history(db: &Db) -> Result<BTreeSet<Name>, DbError> {
    let ctx = Ctx::system(db.world(), "migration");
    let mut tx = db.begin(&ctx).await?;
    if db.engine() == "postgresql" {
        tx.execute_script(MIGRATION_LOCK).await?;
    }
    tx.execute_script(HISTORY).await?;
    let rows = tx.query("SELECT component, name FROM schema_migration", vec![]).await?;
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
    rows.iter().map(|row| Ok((row.get("component")?, row.get("name")?))).collect()
}

fn refuse_newer(done: &BTreeSet<Name>, all: &[Migrations]) -> Result<(), DbError> {
    let known = |(component, step): &&Name| {
        all.iter().any(|m| m.component == component && m.steps.iter().any(|s| s.name == step))
    };
    match done.iter().find(|n| !known(n)) {
        Some((component, step)) => Err(DbError::Newer(format!("the schema step {component}/{step}"))),
        None => Ok(()),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Forward,
    Back,
}

async fn run(db: &Db, component: &'static str, step: &Migration, direction: Direction) -> Result<(), DbError> {
    let failed = |e: DbError| DbError::Migration { name: format!("{component}/{}", step.name), why: e.to_string() };
    let (blob, key) = if db.engine() == "postgresql" { ("BYTEA", "BIGINT") } else { ("BLOB", "INTEGER") };
    let ctx = Ctx::system(db.world(), "migration");
    let mut tx = db.begin(&ctx).await?;
    if db.engine() == "postgresql" {
        tx.execute_script(MIGRATION_LOCK).await?;
        // Another node may have done it while this one waited.
        let sql = "SELECT 1 AS one FROM schema_migration WHERE component = $1 AND name = $2";
        let is_done = tx.query_opt(sql, params![component, step.name]).await?.is_some();
        if is_done == (direction == Direction::Forward) {
            return Ok(());
        }
    }
    let (script, record) = match direction {
        Direction::Forward => {
            (step.up, "INSERT INTO schema_migration (component, name, applied_at) VALUES ($1, $2, $3)")
        }
        Direction::Back => {
            (step.down, "DELETE FROM schema_migration WHERE component = $1 AND name = $2 AND applied_at <= $3")
        }
    };
    tx.execute_script(&script.replace("{blob}", blob).replace("{key}", key)).await.map_err(failed)?;
    tx.execute(record, params![component, step.name, db.world().now()]).await.map_err(failed)?;
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await.map_err(failed)
}

/// SQLite is copied whole. On PostgreSQL every step is one transaction, and `pg_dump` is the
/// operator's tool: there is no file here that we could copy.
async fn back_up(db: &Db, backups: &Path) -> Result<Option<PathBuf>, DbError> {
    if db.engine() != "sqlite" {
        tracing::warn!("no copy is made of a PostgreSQL database before migrating; use pg_dump");
        return Ok(None);
    }
    let unwritable = |e: crate::world::DiskError| DbError::Unreachable(e.to_string());
    db.world().disk().create_dir(backups).map_err(unwritable)?;
    let path = backups.join(format!("before-migration-{}.db", db.world().now().as_millis()));
    db.copy_to(&path).await?;
    Ok(Some(path))
}
