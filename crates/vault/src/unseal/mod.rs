//! How the master key is brought back at a start. It is never in the database: it is in a file, or
//! derived from a passphrase, or encrypted by a key service that has to be asked.

pub(crate) mod key_file;
pub(crate) mod passphrase;
pub(crate) mod transit;

use serde::{Deserialize, Serialize};

use crate::envelope::KeyBytes;

/// What guards a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MasterKeyGuard)]
pub enum Guard {
    /// A file that only the server can read: it unseals by itself at every start.
    KeyFile,
    /// A passphrase that somebody types after every start.
    Passphrase,
    /// The transit engine of HashiCorp Vault or OpenBao: it unseals by asking that.
    Transit,
}

impl Guard {
    /// The name used in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeyFile => "key_file",
            Self::Passphrase => "passphrase",
            Self::Transit => "transit",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::KeyFile, Self::Passphrase, Self::Transit].into_iter().find(|g| g.as_str() == text)
    }
}

/// Why a master key could not be brought back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnsealError {
    /// The key file is not there.
    #[error("the key file {0} is not there")]
    NoKeyFile(String),
    /// The key file does not hold this key.
    #[error("the key file {path} does not hold the key {id}: it belongs to another installation, or is too old")]
    NotInKeyFile {
        /// Which file.
        path: String,
        /// Which key is wanted.
        id: String,
    },
    /// The key file is not usable.
    #[error(transparent)]
    KeyFile(#[from] diwan_kernel::key_file::KeyFileError),
    /// Somebody has to type the passphrase.
    #[error("the passphrase has to be entered")]
    PassphraseNeeded,
    /// The key that came back is not the right one.
    #[error("this is not the key that the vault was sealed with")]
    WrongKey,
    /// The key service refused or did not answer.
    #[error("the key service did not help: {0}")]
    Transit(String),
    /// What the database remembers of the key makes no sense.
    #[error("what is stored about the master key is not readable")]
    Malformed,
}

/// A master key that was made, and what must be remembered to bring it back.
pub(crate) struct Guarded {
    pub(crate) key: KeyBytes,
    /// What the row of the key remembers: a salt, a ciphertext of the key service, or nothing.
    pub(crate) memo: serde_json::Value,
}
