//! SQLite: readers of their own, and one writer that commits in groups.
//!
//! A unit of work holds the writer while it runs its statements inside a savepoint, then lets it go
//! and waits. The committer stands in the same queue as the units, so a commit carries every unit
//! that queued before it: while one commit waits for the disk, the next group gathers. A unit that
//! fails or is dropped rolls back to its savepoint and takes nobody with it.
//!
//! Statements of a unit, and reads of a single row, run in place: they take microseconds. Commits, and
//! reads that may be long, do not.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use tokio::sync::{Notify, OwnedMutexGuard, Semaphore, oneshot};

use super::ballast::Ballast;
use super::kept::Kept;
use super::value::Columns;
use super::{Cell, DbError, Row, RowRef, Value};
use crate::events::{Events, NewEvent};
use crate::id::{Id, Kind};
use crate::supervisor::{Supervisor, TaskPolicy};
use crate::world::World;

const READERS: usize = 4;
/// As many as threads may want one at once on a small server; others take the longer way.
const FINDERS: usize = 4;
const PATIENCE: Duration = Duration::from_secs(10);
const ROOM_CHECK: Duration = Duration::from_secs(2);
/// The write-ahead log is brought back to this size after it grew.
const WAL_LIMIT_BYTES: u64 = 4 * 1024 * 1024;

thread_local! {
    /// The finder that this thread used last: what that keeps in memory is near to it.
    static LAST_FINDER: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

pub(super) struct Sqlite {
    path: PathBuf,
    world: World,
    /// There is none when the database was opened for reading only.
    writer: Option<Arc<tokio::sync::Mutex<Writer>>>,
    readers: Arc<Readers>,
    /// For reads of a row or two, which are done in place.
    finders: Box<[Mutex<Connection>]>,
    kept: Arc<Kept>,
    work_done: Arc<Notify>,
    full: Arc<AtomicBool>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    commits: AtomicU64,
    units: AtomicU64,
}

struct Writer {
    connection: Connection,
    in_group: bool,
    group: Vec<Waiting>,
    ballast: Ballast,
}

struct Waiting {
    events: Vec<NewEvent>,
    answer: oneshot::Sender<Result<(), DbError>>,
}

struct Readers {
    free: Mutex<Vec<Connection>>,
    places: Arc<Semaphore>,
}

impl Sqlite {
    pub(super) fn open(path: &Path, world: &World, supervisor: &Supervisor, events: &Events) -> Result<Self, DbError> {
        let unreachable = |e: rusqlite::Error| DbError::Unreachable(format!("{}: {e}", path.display()));
        let connection = Connection::open(path).map_err(unreachable)?;
        prepare_writer(&connection).map_err(unreachable)?;
        let ballast = Ballast::beside(path);
        let is_full = !ballast.take();
        let writer = Arc::new(tokio::sync::Mutex::new(Writer { connection, in_group: false, group: vec![], ballast }));
        let this = Self { writer: Some(writer.clone()), ..Self::open_for_reading(path, world)? };
        this.full.store(is_full, Ordering::Relaxed);
        this.spawn_committer(writer.clone(), supervisor, events);
        this.spawn_room_watch(writer, supervisor);
        Ok(this)
    }

    pub(super) fn open_for_reading(path: &Path, world: &World) -> Result<Self, DbError> {
        let unreachable = |e: rusqlite::Error| DbError::Unreachable(format!("{}: {e}", path.display()));
        let readers = (0..READERS).map(|_| open_reader(path)).collect::<Result<Vec<_>, _>>().map_err(unreachable)?;
        let finders =
            (0..FINDERS).map(|_| open_reader(path).map(Mutex::new)).collect::<Result<_, _>>().map_err(unreachable)?;
        Ok(Self {
            path: path.to_owned(),
            world: world.clone(),
            finders,
            kept: Arc::default(),
            writer: None,
            readers: Arc::new(Readers { free: Mutex::new(readers), places: Arc::new(Semaphore::new(READERS)) }),
            work_done: Arc::default(),
            full: Arc::default(),
            counts: Arc::default(),
        })
    }

    pub(super) fn write_counts(&self) -> (u64, u64) {
        (self.counts.commits.load(Ordering::Relaxed), self.counts.units.load(Ordering::Relaxed))
    }

    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    pub(super) async fn query(&self, sql: Cow<'static, str>, params: Vec<Value>) -> Result<Vec<Row>, DbError> {
        self.with_reader(move |connection| run(connection, &sql, &params)).await
    }

    pub(super) async fn scan<S, F>(
        &self,
        sql: &'static str,
        params: Vec<Value>,
        mut state: S,
        mut look: F,
    ) -> Result<S, DbError>
    where
        S: Send + 'static,
        F: FnMut(&mut S, &RowRef<'_>) -> ControlFlow<()> + Send + 'static,
    {
        self.with_reader(move |connection| {
            let mut statement = bind(connection, sql, &params).map_err(translate)?;
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next().map_err(translate)? {
                let cells = |at| row.get_ref(at).map_or(Cell::Null, cell);
                if look(&mut state, &RowRef::new(&cells)).is_break() {
                    break;
                }
            }
            Ok(state)
        })
        .await
    }

    /// Lends a reader to some work away from the event loop. Its place goes with the work: a caller
    /// that goes away meanwhile does not give the place back before the reader.
    async fn with_reader<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let place = tokio::time::timeout(PATIENCE, self.readers.places.clone().acquire_owned()).await;
        let place = place.map_err(|_| DbError::Busy)?.map_err(|_| DbError::Busy)?;
        let readers = self.readers.clone();
        let lent = move || {
            let connection = lock(&readers.free).pop().ok_or(DbError::Busy)?;
            let done = work(&connection);
            lock(&readers.free).push(connection);
            drop(place);
            done
        };
        self.world.heavy(lent).await.map_err(|e| DbError::Engine(e.to_string()))?
    }

    /// Reads a row or two in place: it takes less time than handing it to another thread would.
    pub(super) async fn find(&self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, DbError> {
        match self.finder().map(|connection| run(&connection, sql, &params)) {
            Some(rows) => rows,
            None => self.query(sql.into(), params).await,
        }
    }

    /// Finds a row by an id, or knows it still.
    pub(super) async fn find_kept<K: Kind>(&self, sql: &'static str, id: Id<K>) -> Result<Option<Arc<Row>>, DbError> {
        let (key, now) = (Kept::key(sql, id.bits()), self.world.monotonic());
        // Without a writer of our own, another process writes and does not tell.
        let calm = self.writer.as_ref().and_then(|_| self.kept.calm());
        if let Some(row) = calm.and_then(|calm| self.kept.get(&key, calm, now)) {
            return Ok(Some(row));
        }
        let row = self.find(sql, vec![id.into()]).await?.into_iter().next().map(Arc::new);
        if let (Some(calm), Some(row)) = (calm, &row) {
            self.kept.keep(key, row.clone(), calm, now);
        }
        Ok(row)
    }

    /// A finder that nobody uses, and if it can be the one that this thread used last.
    fn finder(&self) -> Option<MutexGuard<'_, Connection>> {
        let last = LAST_FINDER.get();
        (last..last + FINDERS).map(|at| at % FINDERS).find_map(|at| {
            let free = match self.finders.get(at)?.try_lock() {
                Ok(connection) => connection,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return None,
            };
            LAST_FINDER.set(at);
            Some(free)
        })
    }

    /// Waits for the writer and opens a savepoint.
    pub(super) async fn begin(&self, frees: bool) -> Result<SqliteUnit, DbError> {
        if self.is_full() && !frees {
            return Err(DbError::Full);
        }
        let writer = self.writer.clone().ok_or(DbError::ReadOnly)?;
        let locked = tokio::time::timeout(PATIENCE, writer.lock_owned()).await;
        let mut writer = locked.map_err(|_| DbError::Busy)?;
        if !writer.in_group {
            writer.execute_batch("BEGIN IMMEDIATE")?;
            writer.in_group = true;
        }
        writer.execute_batch("SAVEPOINT unit")?;
        Ok(SqliteUnit { writer: Some(writer), work_done: self.work_done.clone(), full: self.full.clone() })
    }

    pub(super) async fn copy_to(&self, path: &Path) -> Result<(), DbError> {
        let (from, to) = (self.path.clone(), path.to_owned());
        let copy = move || {
            let connection = open_reader(&from)?;
            connection.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map(drop)
        };
        let done = self.world.heavy(copy).await.map_err(|e| DbError::Engine(e.to_string()))?;
        done.map_err(translate)
    }

    /// Empties the write-ahead log, which holds what pages looked like before.
    pub(super) async fn empty_log(&self) -> Result<(), DbError> {
        let path = self.path.clone();
        let empty = move || {
            let connection = Connection::open(path)?;
            connection.busy_timeout(PATIENCE)?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
        };
        let done = self.world.heavy(empty).await.map_err(|e| DbError::Engine(e.to_string()))?;
        if done.map_err(translate)? == 0 { Ok(()) } else { Err(DbError::Busy) }
    }

    fn spawn_committer(&self, writer: Arc<tokio::sync::Mutex<Writer>>, supervisor: &Supervisor, events: &Events) {
        let (work_done, world, events) = (self.work_done.clone(), self.world.clone(), events.clone());
        let (full, counts, kept) = (self.full.clone(), self.counts.clone(), self.kept.clone());
        supervisor.spawn("database committer", TaskPolicy::Foundation, async move {
            loop {
                work_done.notified().await;
                let guard = writer.clone().lock_owned().await;
                counts.commits.fetch_add(u64::from(!guard.group.is_empty()), Ordering::Relaxed);
                counts.units.fetch_add(guard.group.len() as u64, Ordering::Relaxed);
                commit_group(guard, &world, &full, &kept, &events).await;
            }
        });
    }

    /// When the disk was full, looks every now and then whether there is room again.
    fn spawn_room_watch(&self, writer: Arc<tokio::sync::Mutex<Writer>>, supervisor: &Supervisor) {
        let (full, watcher) = (self.full.clone(), supervisor.clone());
        supervisor.spawn("database room watch", TaskPolicy::Once, async move {
            while watcher.pause(ROOM_CHECK).await {
                if full.load(Ordering::Relaxed) && writer.lock().await.ballast.take() {
                    full.store(false, Ordering::Relaxed);
                    tracing::info!("there is room on the disk again; writes go on");
                }
            }
        });
    }
}

async fn commit_group(
    mut writer: OwnedMutexGuard<Writer>,
    world: &World,
    full: &AtomicBool,
    kept: &Kept,
    events: &Events,
) {
    if !writer.in_group {
        return;
    }
    let group = std::mem::take(&mut writer.group);
    let commit = move || {
        let outcome = writer.execute_batch("COMMIT");
        if outcome.is_err() && !writer.connection.is_autocommit() {
            // The group is undone; what it held is told so below.
            let _ = writer.connection.execute_batch("ROLLBACK");
        }
        writer.in_group = false;
        if matches!(outcome, Err(DbError::Full)) {
            writer.free_ballast();
        }
        outcome
    };
    kept.turn();
    let outcome = world.heavy(commit).await.unwrap_or_else(|e| Err(DbError::Engine(e.to_string())));
    kept.turn();
    if matches!(outcome, Err(DbError::Full)) {
        full.store(true, Ordering::Relaxed);
    }
    for waiting in group {
        let answer = match &outcome {
            Ok(()) => {
                events.publish(waiting.events);
                Ok(())
            }
            Err(DbError::Full) => Err(DbError::Full),
            Err(DbError::ReadOnly) => Err(DbError::ReadOnly),
            Err(other) => Err(DbError::Engine(other.to_string())),
        };
        // Whoever went away meanwhile has its change all the same.
        let _ = waiting.answer.send(answer);
    }
}

impl Writer {
    fn execute_batch(&self, sql: &'static str) -> Result<(), DbError> {
        let done = self.connection.prepare_cached(sql).and_then(|mut s| s.execute([]).map(drop));
        done.map_err(translate)
    }

    fn free_ballast(&self) {
        tracing::error!("the disk is full: writes are refused until there is room; the reserve is freed for deletes");
        self.ballast.release();
        let _ = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    }
}

/// A unit of work on the writer.
pub(super) struct SqliteUnit {
    writer: Option<OwnedMutexGuard<Writer>>,
    work_done: Arc<Notify>,
    full: Arc<AtomicBool>,
}

impl SqliteUnit {
    pub(super) fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        let writer = self.writer.as_ref().ok_or(DbError::Busy)?;
        run(&writer.connection, sql, params).inspect_err(|e| {
            if matches!(e, DbError::Full) {
                self.full.store(true, Ordering::Relaxed);
                writer.ballast.release();
            }
        })
    }

    pub(super) fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, DbError> {
        let writer = self.writer.as_ref().ok_or(DbError::Busy)?;
        let changed = bind(&writer.connection, sql, params).and_then(|mut s| s.raw_execute()).map_err(translate);
        changed.map(|n| n as u64).inspect_err(|e| {
            if matches!(e, DbError::Full) {
                self.full.store(true, Ordering::Relaxed);
                writer.ballast.release();
            }
        })
    }

    /// Several statements at once, without parameters: migrations.
    pub(super) fn execute_script(&mut self, sql: &str) -> Result<(), DbError> {
        let writer = self.writer.as_ref().ok_or(DbError::Busy)?;
        writer.connection.execute_batch(sql).map_err(translate)
    }

    /// Joins the group, and waits until the group is on the disk.
    pub(super) async fn commit(mut self, events: Vec<NewEvent>) -> Result<(), DbError> {
        let answer = {
            let writer = self.writer.as_mut().ok_or(DbError::Busy)?;
            writer.execute_batch("RELEASE unit")?;
            let (sender, receiver) = oneshot::channel();
            writer.group.push(Waiting { events, answer: sender });
            receiver
        };
        self.writer = None;
        self.work_done.notify_one();
        answer.await.unwrap_or(Err(DbError::Busy))
    }
}

impl Drop for SqliteUnit {
    fn drop(&mut self) {
        let Some(writer) = self.writer.take() else { return };
        // A failed statement may have undone everything already; then there is no savepoint left.
        if writer.connection.is_autocommit() {
            let mut writer = writer;
            writer.in_group = false;
            for waiting in writer.group.drain(..) {
                let _ = waiting.answer.send(Err(DbError::Full));
            }
            return;
        }
        if writer.execute_batch("ROLLBACK TO unit").is_err() {
            tracing::error!("a unit of work could not be undone");
        }
        let _ = writer.execute_batch("RELEASE unit");
        drop(writer);
        self.work_done.notify_one();
    }
}

fn prepare_writer(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "journal_size_limit", WAL_LIMIT_BYTES as i64)?;
    // What is deleted or replaced is overwritten: whoever takes the disk must not find it.
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "cache_size", -8192)?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.set_prepared_statement_cache_capacity(256);
    lower_every_script(connection)?;
    connection.busy_timeout(PATIENCE)
}

/// By itself it knows the letters of English only, so that `É` is not found by `é`.
fn lower_every_script(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("lower", 1, flags, |called| {
        let ValueRef::Text(text) = called.get_raw(0) else { return Ok(None) };
        Ok(Some(String::from_utf8_lossy(text).to_lowercase()))
    })
}

fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.pragma_update(None, "cache_size", -2048)?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.set_prepared_statement_cache_capacity(128);
    lower_every_script(&connection)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

fn bind<'c>(
    connection: &'c Connection,
    sql: &str,
    params: &[Value],
) -> rusqlite::Result<rusqlite::CachedStatement<'c>> {
    let mut statement = connection.prepare_cached(sql)?;
    debug_assert!(
        (1..=params.len()).all(|n| statement.parameter_name(n) == Some(&format!("${n}"))),
        "parameters must first appear in the order $1, $2…: {sql}"
    );
    for (at, value) in params.iter().enumerate() {
        match value {
            Value::Null => statement.raw_bind_parameter(at + 1, rusqlite::types::Null)?,
            Value::Int(v) => statement.raw_bind_parameter(at + 1, v)?,
            Value::Real(v) => statement.raw_bind_parameter(at + 1, v)?,
            Value::Text(v) => statement.raw_bind_parameter(at + 1, v)?,
            Value::Blob(v) => statement.raw_bind_parameter(at + 1, v)?,
        }
    }
    Ok(statement)
}

fn run(connection: &Connection, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
    let mut statement = bind(connection, sql, params).map_err(translate)?;
    let (mut found, mut columns) = (vec![], None);
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(translate)? {
        // Only a statement that was stepped knows the columns of tables that changed since it was prepared.
        let columns: &Arc<Columns> = columns.get_or_insert_with(|| Arc::new(row.as_ref().column_names().collect()));
        let mut values = Vec::with_capacity(columns.len());
        for at in 0..columns.len() {
            values.push(row.get_ref(at).map(own).map_err(translate)?);
        }
        found.push(Row { columns: columns.clone(), values });
    }
    Ok(found)
}

fn cell(value: ValueRef<'_>) -> Cell<'_> {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(v) => Cell::Int(v),
        ValueRef::Real(v) => Cell::Real(v),
        ValueRef::Text(v) => Cell::Text(String::from_utf8_lossy(v)),
        ValueRef::Blob(v) => Cell::Blob(v),
    }
}

fn own(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(v) => Value::Int(v),
        ValueRef::Real(v) => Value::Real(v),
        ValueRef::Text(v) => Value::Text(String::from_utf8_lossy(v).into_owned()),
        ValueRef::Blob(v) => Value::Blob(v.to_vec()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Turns an engine's error into a decision. After a failed fsync nobody knows what is on the disk:
/// the process ends at once, and the next start recovers from what is.
fn translate(error: rusqlite::Error) -> DbError {
    let rusqlite::Error::SqliteFailure(failure, message) = &error else { return DbError::Engine(error.to_string()) };
    let message = message.clone().unwrap_or_default();
    match (failure.code, failure.extended_code) {
        (_, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC) => {
            tracing::error!("flushing to the disk failed; stopping so that nothing unsaved is taken for saved");
            std::process::abort();
        }
        (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => DbError::Unique(message),
        (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => DbError::Reference,
        (ErrorCode::ConstraintViolation, _) => DbError::Check(message),
        (ErrorCode::DiskFull, _) => DbError::Full,
        // A disk that became read-only refuses what is written to files that were open before.
        (ErrorCode::ReadOnly, _) | (_, ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_TRUNCATE) => DbError::ReadOnly,
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => DbError::Busy,
        (ErrorCode::CannotOpen, _) => DbError::Unreachable(message),
        _ => DbError::Engine(error.to_string()),
    }
}
