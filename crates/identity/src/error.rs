//! Why the capability could not start.

use diwan_kernel::DbError;
use diwan_kernel::keys::KeyError;

/// Why the capability could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A server key is not to be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database does not answer.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A setting that only shows its fault when it is used.
    #[error("{name} is not acceptable: {why}")]
    Setting {
        /// Which one.
        name: &'static str,
        /// Why.
        why: String,
    },
}
