//! The tables, one file each: all the SQL of this capability is here.

pub(crate) mod glass;
pub(crate) mod hook;
pub(crate) mod lease;
pub(crate) mod master;
pub(crate) mod own_key;
pub(crate) mod policy;
pub(crate) mod removal;
pub(crate) mod rewrap;
pub(crate) mod secret;
pub(crate) mod switch;
pub(crate) mod version;

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
