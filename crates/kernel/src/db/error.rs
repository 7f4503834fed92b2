//! What the database can answer instead of what was asked.

use std::time::Duration;

use axum::http::StatusCode;

use crate::problem::Problem;

/// Why the database did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DbError {
    /// Something with that key is there already. Callers decide by the constraint's name.
    #[error("unique constraint {0}")]
    Unique(String),
    /// It refers to something that is not there, or is still referred to.
    #[error("foreign key constraint")]
    Reference,
    /// A value that the table does not take.
    #[error("constraint {0}")]
    Check(String),
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// The files cannot be written.
    #[error("the database is read-only")]
    ReadOnly,
    /// Too many are waiting, or the disk is too slow.
    #[error("the database is busy")]
    Busy,
    /// It cannot be reached or opened.
    #[error("the database is not reachable: {0}")]
    Unreachable(String),
    /// The tables are of a newer binary.
    #[error(
        "the database was written by a newer version of Diwan (it has {0}); start that version, or restore the backup made before the upgrade"
    )]
    Newer(String),
    /// A migration did not work; the tables are as before.
    #[error("migration {name} failed and was undone: {why}")]
    Migration {
        /// Which one.
        name: String,
        /// What the engine said.
        why: String,
    },
    /// A query and the code that reads it disagree.
    #[error("column {column} is missing or of another type")]
    Mismatch {
        /// Which column.
        column: String,
    },
    /// A write with this idempotency key is there already.
    #[error("this idempotency key is in use")]
    KeyInUse,
    /// The audit entry could not be written, so the change was not made.
    #[error("the audit trail could not be written: {0}")]
    Audit(String),
    /// The engine in use cannot do this.
    #[error("not possible with this database: {0}")]
    Unsupported(&'static str),
    /// Anything else the engine says.
    #[error("database: {0}")]
    Engine(String),
}

impl DbError {
    /// Whether it is this unique constraint (`table.column` on SQLite, its index name on PostgreSQL:
    /// name indices `table_column_key` so that both match).
    pub fn is_unique(&self, table: &str, column: &str) -> bool {
        matches!(self, Self::Unique(name) if name.contains(&format!("{table}.{column}")) || name == &format!("{table}_{column}_key"))
    }
}

const SOON: Duration = Duration::from_secs(2);

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match &error {
            DbError::Full => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "disk_full",
                "The disk is full",
                "The disk that holds Diwan's data is full, so nothing new can be saved. What was saved is safe.",
                "Free space on the server's disk; Diwan goes on by itself.",
            ),
            DbError::ReadOnly => {
                Self::unavailable("storage_read_only", "The disk that holds Diwan's data cannot be written.", SOON)
            }
            DbError::Busy => Self::unavailable("storage_busy", "The database is busy.", SOON),
            DbError::Unreachable(_) => {
                Self::unavailable("storage_unreachable", "The database cannot be reached.", SOON)
            }
            DbError::Audit(_) => Self::unavailable(
                "audit_unavailable",
                "The audit trail cannot be written, so the change was not made.",
                SOON,
            ),
            DbError::KeyInUse => Self::conflict(
                "idempotency_key_in_progress",
                "This request is already being carried out",
                "Another request with the same Idempotency-Key is being carried out at this moment.",
                "Wait a moment and repeat the request with the same key.",
            ),
            _ => return Self::internal(error),
        }
        .because(error)
    }
}
