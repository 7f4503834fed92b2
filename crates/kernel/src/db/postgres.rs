//! PostgreSQL: a pool of connections; a unit of work is a transaction on one of them.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType};
use futures::TryStreamExt;
use futures::future::{BoxFuture, try_join_all};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::value::Columns;
use super::{Cell, DbError, Row, RowRef, Value};

/// What comes later, in a box: the compiler makes the whole driver anew in every crate that waits for a future it
/// can see into, and beside a round trip the box costs nothing.
type Answer<'a, T> = BoxFuture<'a, Result<T, DbError>>;

const CONNECTIONS: usize = 16;
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether the URL can be understood.
pub(super) fn is_valid(url: &str) -> bool {
    url.parse::<tokio_postgres::Config>().is_ok()
}

pub(super) struct Postgres {
    pool: Pool,
}

impl Postgres {
    pub(super) async fn open(url: &str) -> Result<Self, DbError> {
        // The URL may hold a password: what is wrong with it is said without repeating it.
        let mut config: tokio_postgres::Config =
            url.parse().map_err(|_| DbError::Unreachable("the PostgreSQL URL is not valid".into()))?;
        config.application_name("diwan");
        config.connect_timeout(PATIENCE);
        let tls = MakeRustlsConnect::with_native_certs()
            .map_err(|e| DbError::Unreachable(format!("the system's certificates cannot be read: {e:?}")))?;
        let manager = Manager::from_config(config, tls.0, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|e| DbError::Unreachable(e.to_string()))?;
        let this = Self { pool };
        drop(this.connection().await?);
        Ok(this)
    }

    fn connection(&self) -> Answer<'_, Object> {
        Box::pin(async move {
            self.pool.get().await.map_err(|e| match e {
                PoolError::Timeout(TimeoutType::Create) => DbError::Unreachable("it did not answer in time".into()),
                PoolError::Timeout(_) => DbError::Busy,
                PoolError::Backend(e) => DbError::Unreachable(match e.as_db_error() {
                    Some(said) => said.message().to_owned(),
                    None => chain(&e),
                }),
                other => DbError::Unreachable(chain(&other)),
            })
        })
    }

    pub(super) fn query<'a>(&'a self, sql: &'a str, params: Vec<Value>) -> Answer<'a, Vec<Row>> {
        Box::pin(async move { run(&self.connection().await?, sql, &params).await })
    }

    pub(super) async fn scan<S, F>(
        &self,
        sql: &'static str,
        params: Vec<Value>,
        mut state: S,
        mut look: F,
    ) -> Result<S, DbError>
    where
        F: FnMut(&mut S, &RowRef<'_>) -> ControlFlow<()>,
    {
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await.map_err(|e| translate(&e))?;
        let columns = Arc::default();
        let rows = connection.query_raw(&statement, references(&params)).await.map_err(|e| translate(&e))?;
        let mut rows = std::pin::pin!(rows);
        while let Some(row) = rows.try_next().await.map_err(|e| translate(&e))? {
            let row = own(&row, &columns)?;
            let cells = |at: usize| row.values.get(at).map_or(Cell::Null, Cell::from);
            if look(&mut state, &RowRef::new(&cells)).is_break() {
                break;
            }
        }
        Ok(state)
    }

    pub(super) fn begin(&self) -> Answer<'_, PostgresUnit> {
        Box::pin(async move {
            let connection = self.connection().await?;
            connection.batch_execute("BEGIN").await.map_err(|e| translate(&e))?;
            Ok(PostgresUnit { connection: Some(connection) })
        })
    }
}

/// A unit of work on a connection of its own.
pub(super) struct PostgresUnit {
    connection: Option<Object>,
}

impl PostgresUnit {
    fn connection(&self) -> Result<&Object, DbError> {
        self.connection.as_ref().ok_or(DbError::Busy)
    }

    pub(super) fn query<'a>(&'a mut self, sql: &'a str, params: &'a [Value]) -> Answer<'a, Vec<Row>> {
        Box::pin(async move { run(self.connection()?, sql, params).await })
    }

    pub(super) fn execute<'a>(&'a mut self, sql: &'a str, params: &'a [Value]) -> Answer<'a, u64> {
        Box::pin(async move {
            let connection = self.connection()?;
            let statement = connection.prepare_cached(sql).await.map_err(|e| translate(&e))?;
            connection.execute_raw(&statement, references(params)).await.map_err(|e| translate(&e))
        })
    }

    /// Sent one after the other without waiting in between.
    pub(super) fn execute_many<'a>(&'a mut self, sql: &'a str, rows: &'a [Vec<Value>]) -> Answer<'a, ()> {
        Box::pin(async move {
            let connection = self.connection()?;
            let statement = connection.prepare_cached(sql).await.map_err(|e| translate(&e))?;
            let sent = rows.iter().map(|row| connection.execute_raw(&statement, references(row)));
            try_join_all(sent).await.map(drop).map_err(|e| translate(&e))
        })
    }

    pub(super) fn execute_script<'a>(&'a mut self, sql: &'a str) -> Answer<'a, ()> {
        Box::pin(async move { self.connection()?.batch_execute(sql).await.map_err(|e| translate(&e)) })
    }

    pub(super) fn commit(mut self) -> Answer<'static, ()> {
        Box::pin(async move {
            let connection = self.connection()?;
            connection.batch_execute("COMMIT").await.map_err(|e| translate(&e))?;
            // Given back to the pool: there is nothing left to undo.
            self.connection.take();
            Ok(())
        })
    }
}

impl Drop for PostgresUnit {
    fn drop(&mut self) {
        // A connection with an open transaction is closed rather than reused: the server undoes it.
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

fn references(params: &[Value]) -> impl ExactSizeIterator<Item = &(dyn ToSql + Sync)> {
    params.iter().map(|p| p as &(dyn ToSql + Sync))
}

async fn run(connection: &Object, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
    let statement = connection.prepare_cached(sql).await.map_err(|e| translate(&e))?;
    let references: Vec<_> = references(params).collect();
    let rows = connection.query(&statement, &references).await.map_err(|e| translate(&e))?;
    let columns = Arc::new(statement.columns().iter().map(|c| c.name()).collect());
    rows.iter().map(|row| own(row, &columns)).collect()
}

fn own(row: &tokio_postgres::Row, columns: &Arc<Columns>) -> Result<Row, DbError> {
    let mut values = Vec::with_capacity(row.len());
    for (at, column) in row.columns().iter().enumerate() {
        let value = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(at).map(|v| v.map(Value::Int)),
            Type::INT4 => row.try_get::<_, Option<i32>>(at).map(|v| v.map(|v| Value::Int(v.into()))),
            Type::INT2 => row.try_get::<_, Option<i16>>(at).map(|v| v.map(|v| Value::Int(v.into()))),
            Type::BOOL => row.try_get::<_, Option<bool>>(at).map(|v| v.map(|v| Value::Int(v.into()))),
            Type::FLOAT8 => row.try_get::<_, Option<f64>>(at).map(|v| v.map(Value::Real)),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(at).map(|v| v.map(Value::Blob)),
            _ => row.try_get::<_, Option<String>>(at).map(|v| v.map(Value::Text)),
        };
        values.push(value.map_err(|e| translate(&e))?.unwrap_or(Value::Null));
    }
    Ok(Row { columns: columns.clone(), values })
}

fn translate(error: &tokio_postgres::Error) -> DbError {
    let Some(db) = error.as_db_error() else {
        return if error.is_closed() { DbError::Unreachable(chain(error)) } else { DbError::Engine(chain(error)) };
    };
    match db.code() {
        &SqlState::UNIQUE_VIOLATION => DbError::Unique(db.constraint().unwrap_or_default().to_owned()),
        &SqlState::FOREIGN_KEY_VIOLATION => DbError::Reference,
        &SqlState::CHECK_VIOLATION | &SqlState::NOT_NULL_VIOLATION => DbError::Check(db.message().to_owned()),
        &SqlState::DISK_FULL => DbError::Full,
        &SqlState::READ_ONLY_SQL_TRANSACTION => DbError::ReadOnly,
        &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED | &SqlState::TOO_MANY_CONNECTIONS => {
            DbError::Busy
        }
        &SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN | &SqlState::CANNOT_CONNECT_NOW => {
            DbError::Unreachable(db.message().to_owned())
        }
        _ => DbError::Engine(chain(error)),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some errors say what their cause says.
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
