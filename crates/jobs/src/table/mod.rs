//! The tables, one a file.

pub(crate) mod attempt;
pub(crate) mod dependency;
pub(crate) mod flow;
pub(crate) mod gauge;
pub(crate) mod job;
pub(crate) mod light;
pub(crate) mod schedule;

use diwan_kernel::DbError;
use diwan_kernel::db::Row;

fn mismatch(column: &str) -> DbError {
    DbError::Mismatch { column: column.to_owned() }
}

fn json<T: serde::de::DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>, DbError> {
    let Some(text) = row.get::<Option<String>>(column)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|_| mismatch(column))
}

fn int(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
