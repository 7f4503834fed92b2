//! The tables, one file each: all the SQL about machines is here.

pub(crate) mod certificate;
pub(crate) mod generation;
pub(crate) mod join_token;
pub(crate) mod key;
pub(crate) mod machine;
pub(crate) mod policy;

use diwan_kernel::DbError;
use diwan_kernel::db::Row;

/// Reads a column that holds one of a few words.
fn word<T>(row: &Row, column: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, DbError> {
    parse(&row.get::<String>(column)?).ok_or_else(|| DbError::Mismatch { column: column.to_owned() })
}

/// How many rows a page asks for, as the database wants it.
fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
