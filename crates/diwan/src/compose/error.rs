//! Why the product did not start: one sentence, and what to do about it.

use std::net::SocketAddr;
use std::path::PathBuf;

use diwan_audit::AuditError;
use diwan_kernel::DbError;
use diwan_kernel::config::Refused;
use diwan_kernel::keys::KeyError;
use diwan_kernel::seal::SealError;
use diwan_kernel::world::DiskError;
use diwan_server::ServeError;

use super::config::is_unreadable;

/// Why the product did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is not acceptable.
    #[error(transparent)]
    Config(#[from] Refused),
    /// The data directory cannot be used.
    #[error("the data directory is not usable: {0}")]
    DataDir(#[from] DiskError),
    /// Another server has the data directory.
    #[error("another Diwan server is already running on the data directory {}", .0.display())]
    Locked(PathBuf),
    /// The sealing keys cannot be used.
    #[error(transparent)]
    SealingKey(#[from] SealError),
    /// A server key does not open.
    #[error(transparent)]
    ServerKey(#[from] KeyError),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The database that was named cannot be opened.
    #[error("{error}; it is named by {place}")]
    Named {
        /// Why.
        #[source]
        error: DbError,
        /// Where it is named.
        place: String,
    },
    /// The address is taken.
    #[error("the address {0} is already in use")]
    AddressTaken(SocketAddr),
    /// The address cannot be listened at.
    #[error("cannot listen at {address}: {why}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        why: String,
    },
    /// The certificate, or the address for metrics, cannot be used.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A part of the product refused to start.
    #[error("{0}")]
    Part(String),
}

impl From<AuditError> for StartError {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Db(e) => Self::Database(e),
            AuditError::KeySealed(e) => Self::ServerKey(e),
            other => Self::Part(other.to_string()),
        }
    }
}

impl From<diwan_identity::StartError> for StartError {
    fn from(error: diwan_identity::StartError) -> Self {
        match error {
            diwan_identity::StartError::Key(e) => Self::ServerKey(e),
            diwan_identity::StartError::Db(e) => Self::Database(e),
            other => Self::Part(other.to_string()),
        }
    }
}

impl From<diwan_vault::StartError> for StartError {
    fn from(error: diwan_vault::StartError) -> Self {
        match error {
            diwan_vault::StartError::Db(e) => Self::Database(e),
            other => Self::Part(other.to_string()),
        }
    }
}

impl From<diwan_settings::StartError> for StartError {
    fn from(error: diwan_settings::StartError) -> Self {
        match error {
            diwan_settings::StartError::Db(e) => Self::Database(e),
            other => Self::Part(other.to_string()),
        }
    }
}

impl StartError {
    /// What to do about it.
    pub fn next(&self) -> &'static str {
        match self {
            Self::Config(refused) if is_unreadable(refused) => "Name a file that this user can read with --config.",
            Self::Config(_) => "Correct the setting; `diwan config reference` lists them all.",
            Self::DataDir(_) => {
                "Give this user the directory (and space on its disk), or name another one with --data-dir."
            }
            Self::Locked(_) => "Stop the other server first, or name another directory with --data-dir.",
            Self::SealingKey(_) | Self::ServerKey(_) => {
                "Put back the key file that belongs to this database (keys/seal.key in the data directory), or name the directory that it lives in with --data-dir."
            }
            Self::Database(DbError::Newer(_)) | Self::Named { error: DbError::Newer(_), .. } => {
                "Start the newer version, or restore the backup made before the upgrade."
            }
            Self::Named { .. } => {
                "Check what stands there, and that the database can be reached and written; `diwan doctor` looks closer."
            }
            Self::Database(_) => {
                "Check --database-url and that the database can be reached and written; `diwan doctor` looks closer."
            }
            Self::AddressTaken(_) => "Stop what uses it, or name another one with --listen.",
            Self::Listen { .. } => "Name an address of this machine with --listen.",
            Self::Serve(ServeError::Tls(_)) => "Correct the files that --tls-cert and --tls-key name.",
            Self::Serve(ServeError::Listen { .. }) => {
                "Stop what uses the address, or name another one with --metrics-listen."
            }
            Self::Part(_) => "Run `diwan doctor` for a closer look.",
        }
    }

    /// Says which setting names a database that cannot be opened.
    pub fn opening(error: DbError, place: Option<String>) -> Self {
        match place {
            Some(place) => Self::Named { error, place },
            None => Self::Database(error),
        }
    }

    /// Says what a failed attempt to listen means.
    pub fn listening(address: SocketAddr, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::AddrInUse => Self::AddressTaken(address),
            _ => Self::Listen { address, why: error.to_string() },
        }
    }
}
