//! The database: one set of queries for SQLite and PostgreSQL. This is the only place that knows
//! which engine it is.
//!
//! Statements are written once, with `$1`, `$2`… in order of first use, in the SQL that both engines
//! share. A change is a [`Tx`]: what it writes, its audit entry and its events are committed
//! together or not at all ([`Tx::commit`]).
//!
//! On SQLite all writes go through one writer that commits in groups ([`sqlite`]), so that a commit
//! that waits for the disk carries many units of work.

mod ballast;
mod error;
mod kept;
mod migrate;
mod postgres;
mod sqlite;
mod tx;
mod value;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

pub use error::DbError;
pub use migrate::{Applied, KERNEL, Migration, Migrations};
pub use tx::{Tx, Unrecorded};
pub use value::{Cell, FromValue, Row, RowRef, Value};

use crate::ctx::Ctx;
use crate::events::Events;
use crate::id::{Id, Kind};
use crate::journal::Journal;
use crate::supervisor::Supervisor;
use crate::world::World;

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL URL.
    Postgres(String),
}

impl Location {
    /// Reads a database URL: `sqlite:PATH`, a plain path, or `postgres://…`.
    pub fn parse(url: &str) -> Self {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::Postgres(url.to_owned());
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
        Self::Sqlite(Path::new(path).to_owned())
    }

    /// Whether it says where a database could be.
    pub fn is_valid(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(url) => postgres::is_valid(url),
        }
    }

    /// The engine's name.
    pub const fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgresql",
        }
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    world: World,
    events: Events,
    journal: OnceLock<Arc<dyn Journal>>,
}

enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("engine", &self.engine()).finish_non_exhaustive()
    }
}

impl Db {
    /// Opens the database, making the SQLite file when it is not there.
    ///
    /// # Errors
    /// When it cannot be opened or reached.
    pub async fn open(
        location: &Location,
        world: &World,
        supervisor: &Supervisor,
        events: &Events,
    ) -> Result<Self, DbError> {
        let engine = match location {
            Location::Sqlite(path) => Engine::Sqlite(sqlite::Sqlite::open(path, world, supervisor, events)?),
            Location::Postgres(url) => Engine::Postgres(postgres::Postgres::open(url).await?),
        };
        let inner = Inner { engine, world: world.clone(), events: events.clone(), journal: OnceLock::new() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Opens a database that may be in use, for reading only. Nothing in it is changed.
    ///
    /// # Errors
    /// When it is not there or cannot be reached.
    pub async fn open_for_reading(location: &Location, world: &World) -> Result<Self, DbError> {
        let engine = match location {
            Location::Sqlite(path) => Engine::Sqlite(sqlite::Sqlite::open_for_reading(path, world)?),
            Location::Postgres(url) => Engine::Postgres(postgres::Postgres::open(url).await?),
        };
        let inner = Inner { engine, world: world.clone(), events: Events::new(world), journal: OnceLock::new() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Says who writes down what is done. Until then nothing can be committed with an entry.
    pub fn set_journal(&self, journal: Arc<dyn Journal>) {
        // A second journal would be a mistake in the composition; the first one stays.
        let _ = self.inner.journal.set(journal);
    }

    /// The engine's name.
    pub fn engine(&self) -> &'static str {
        match &self.inner.engine {
            Engine::Sqlite(_) => "sqlite",
            Engine::Postgres(_) => "postgresql",
        }
    }

    /// Reads rows.
    ///
    /// # Errors
    /// When the engine cannot answer.
    pub async fn query(&self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, DbError> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.query(sql.into(), params).await,
            Engine::Postgres(postgres) => postgres.query(sql, params).await,
        }
    }

    /// Reads rows by a statement that was put together from fixed pieces: filters that are there or not.
    ///
    /// # Errors
    /// When the engine cannot answer.
    pub async fn query_built(&self, sql: BuiltSql) -> Result<Vec<Row>, DbError> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.query(sql.text.into(), sql.params).await,
            Engine::Postgres(postgres) => postgres.query(&sql.text, sql.params).await,
        }
    }

    /// Reads the only row, if there is one. For rows found by an index: on SQLite it is read in place,
    /// so a statement that looks at many rows belongs to [`Db::query`].
    ///
    /// # Errors
    /// When the engine cannot answer.
    pub async fn query_opt(&self, sql: &'static str, params: Vec<Value>) -> Result<Option<Row>, DbError> {
        let rows = match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.find(sql, params).await?,
            Engine::Postgres(postgres) => postgres.query(sql, params).await?,
        };
        Ok(rows.into_iter().next())
    }

    /// Reads the only row that an id finds, if there is one, by a statement whose parameter is that id. For what
    /// nearly every request asks for: on SQLite the row is kept in memory until something is committed. It
    /// is as exact as [`Db::query_opt`].
    ///
    /// # Errors
    /// When the engine cannot answer.
    pub async fn query_kept<K: Kind>(&self, sql: &'static str, id: Id<K>) -> Result<Option<Arc<Row>>, DbError> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.find_kept(sql, id).await,
            Engine::Postgres(postgres) => {
                Ok(postgres.query(sql, vec![id.into()]).await?.into_iter().next().map(Arc::new))
            }
        }
    }

    /// Looks at many rows one after the other, without keeping them. `look` is called away from the
    /// event loop where the engine allows, and may stop early; what it gathers in `state` comes back.
    ///
    /// # Errors
    /// When the engine cannot answer.
    pub async fn scan<S, F>(&self, sql: &'static str, params: Vec<Value>, state: S, look: F) -> Result<S, DbError>
    where
        S: Send + 'static,
        F: FnMut(&mut S, &RowRef<'_>) -> ControlFlow<()> + Send + 'static,
    {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.scan(sql, params, state, look).await,
            Engine::Postgres(postgres) => postgres.scan(sql, params, state, look).await,
        }
    }

    /// Begins a unit of work.
    ///
    /// # Errors
    /// When the database is busy beyond patience, full, or cannot be reached.
    pub async fn begin(&self, ctx: &Ctx) -> Result<Tx, DbError> {
        self.begin_unit(ctx, false).await
    }

    /// Begins a unit of work that only frees space: it is let through even when the disk is full.
    ///
    /// # Errors
    /// As for [`Db::begin`].
    pub async fn begin_freeing(&self, ctx: &Ctx) -> Result<Tx, DbError> {
        self.begin_unit(ctx, true).await
    }

    async fn begin_unit(&self, ctx: &Ctx, frees: bool) -> Result<Tx, DbError> {
        let unit = match &self.inner.engine {
            Engine::Sqlite(sqlite) => tx::Unit::Sqlite(Box::new(sqlite.begin(frees).await?)),
            Engine::Postgres(postgres) => tx::Unit::Postgres(Box::new(postgres.begin().await?)),
        };
        Tx::begin(unit, ctx, self.clone()).await
    }

    /// Brings the tables to this binary's schema.
    ///
    /// # Errors
    /// When the database is of a newer binary, or a migration fails; nothing is changed then.
    pub async fn migrate(&self, all: &[Migrations], backups: &Path) -> Result<Applied, DbError> {
        migrate::forward(self, all, backups).await
    }

    /// Takes migrations back until only `keep` of the component's are left.
    ///
    /// # Errors
    /// When a migration fails; nothing is changed then.
    pub async fn migrate_back(
        &self,
        all: &[Migrations],
        component: &str,
        keep: usize,
        backups: &Path,
    ) -> Result<Applied, DbError> {
        migrate::back(self, all, component, keep, backups).await
    }

    /// Asks the engine for a sign of life.
    ///
    /// # Errors
    /// When there is none.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.query("SELECT 1 AS one", vec![]).await.map(drop)
    }

    /// How many bytes the database takes on the disk, where that is known.
    pub async fn size_bytes(&self) -> Option<i64> {
        let sql = match &self.inner.engine {
            Engine::Sqlite(_) => "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()",
            Engine::Postgres(_) => "SELECT pg_database_size(current_database()) AS bytes",
        };
        self.query_opt(sql, vec![]).await.ok().flatten()?.get("bytes").ok()
    }

    /// What the engine's own check of its files finds; nothing when all is well. PostgreSQL looks
    /// after its files itself.
    ///
    /// # Errors
    /// When the engine cannot answer.
    pub async fn check(&self) -> Result<Vec<String>, DbError> {
        let Engine::Sqlite(_) = &self.inner.engine else { return Ok(vec![]) };
        let rows = self.query("PRAGMA quick_check", vec![]).await?;
        let lines = rows.iter().map(|r| r.get::<String>("quick_check")).collect::<Result<Vec<_>, _>>()?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }

    /// How many commits there were since the start, and how many units of work they carried; where
    /// commits are grouped.
    pub fn write_counts(&self) -> Option<(u64, u64)> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => Some(sqlite.write_counts()),
            Engine::Postgres(_) => None,
        }
    }

    /// How many schema steps are applied.
    ///
    /// # Errors
    /// When the engine cannot answer.
    pub async fn schema_version(&self) -> Result<i64, DbError> {
        let row = self.query_opt("SELECT count(*) AS n FROM schema_migration", vec![]).await?;
        row.map_or(Ok(0), |row| row.get("n"))
    }

    /// Whether the disk is full and only what frees space is let through.
    pub fn is_full(&self) -> bool {
        matches!(&self.inner.engine, Engine::Sqlite(sqlite) if sqlite.is_full())
    }

    /// Writes a copy of the whole database to a file, while it is in use.
    ///
    /// # Errors
    /// When the copy cannot be written, or the engine is not SQLite.
    pub async fn copy_to(&self, path: &Path) -> Result<(), DbError> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.copy_to(path).await,
            Engine::Postgres(_) => Err(DbError::Unsupported("a copy is made with pg_dump")),
        }
    }

    /// Lets go of what was deleted or replaced as far as the engine keeps it besides: on SQLite the
    /// write-ahead log. PostgreSQL keeps it until it is vacuumed.
    ///
    /// # Errors
    /// When the engine cannot do it now.
    pub async fn forget_deleted(&self) -> Result<(), DbError> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.empty_log().await,
            Engine::Postgres(_) => Ok(()),
        }
    }

    /// The doors of the world this database lives in.
    pub fn world(&self) -> &World {
        &self.inner.world
    }

    /// The feed that committed events go to.
    pub fn events(&self) -> &Events {
        &self.inner.events
    }
}

/// A statement put together from fixed pieces with its parameters.
#[derive(Debug, Clone)]
pub struct BuiltSql {
    text: String,
    params: Vec<Value>,
}

impl BuiltSql {
    /// Begins with a fixed piece without parameters.
    pub fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), params: vec![] }
    }

    /// Adds a fixed piece; each `?` in it takes the next parameter.
    #[must_use]
    pub fn push(mut self, piece: &'static str, params: Vec<Value>) -> Self {
        let mut params = params.into_iter();
        for part in piece.split_inclusive('?') {
            let Some(before) = part.strip_suffix('?') else {
                self.text.push_str(part);
                continue;
            };
            self.params.push(params.next().unwrap_or(Value::Null));
            self.text.push_str(before);
            self.text.push('$');
            self.text.push_str(&self.params.len().to_string());
        }
        self
    }

    /// Adds a piece if there is a value for it.
    #[must_use]
    pub fn push_if<T: Into<Value>>(self, piece: &'static str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.push(piece, vec![value.into()]),
            None => self,
        }
    }
}

/// A search text as a LIKE pattern: its own `%`, `_` and `\` mean themselves (ESCAPE '\').
pub fn like_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
