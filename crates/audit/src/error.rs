//! Why the audit trail cannot be used.

use diwan_kernel::DbError;
use diwan_kernel::keys::KeyError;

/// Why the audit trail cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The database does not answer.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The signing key does not open.
    #[error(transparent)]
    KeySealed(KeyError),
    /// The signing key is not a key.
    #[error("the signing key of the audit trail is not usable")]
    KeyUnusable,
    /// There is no signing key, so there never was a trail.
    #[error("this database has no audit trail yet")]
    NoTrail,
}
