//! How the master key is brought back at a start. It is never in the database: it is in a file, or
//! derived from a passphrase, or encrypted by a key service that has to be asked.

pub(crate) mod key_file;
pub(crate) mod passphrase;
pub(crate) mod transit;

use std::path::Path;

use diwan_kernel::key_file::KeyBytes;
use diwan_kernel::{Secret, World};
use serde::{Deserialize, Serialize};

use crate::config::VaultConfig;
use crate::envelope::MasterKey;
use crate::master::Masters;
use crate::table::master::Master;

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
    /// The file with the passphrase is not usable.
    #[error("the passphrase file {path} is not usable: {why}")]
    PassphraseFile {
        /// Which file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
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

/// Everything that guards master keys here.
pub(crate) struct Guards<'a> {
    pub(crate) world: &'a World,
    pub(crate) config: &'a VaultConfig,
    pub(crate) key_file: &'a Path,
}

impl Guards<'_> {
    /// Brings the keys of these rows back, and proves that they are the right ones.
    pub(crate) async fn bring_back(
        &self,
        rows: &[Master],
        passphrase: Option<Secret<String>>,
    ) -> Result<Masters, UnsealError> {
        let mut keys = Vec::with_capacity(rows.len());
        let mut vouching_key = None;
        for row in rows {
            let bytes = self.key_of(row, passphrase.as_ref()).await?;
            let key = MasterKey::new(row.id, &bytes).map_err(|_| UnsealError::Malformed)?;
            let vouching = key.unwrap_vouching(&row.vouching).map_err(|_| UnsealError::WrongKey)?;
            vouching_key.get_or_insert(vouching);
            keys.push(key);
        }
        let vouching_key = vouching_key.ok_or(UnsealError::Malformed)?;
        if rows.first().is_none_or(|row| !row.is_active) {
            return Err(UnsealError::Malformed);
        }
        let active = keys.remove(0);
        Ok(Masters::new(active, keys, vouching_key))
    }

    /// The same with nobody there who types.
    pub(crate) async fn bring_back_by_itself(&self, rows: &[Master]) -> Result<Masters, UnsealError> {
        let needs_passphrase = rows.iter().any(|row| row.guard == Guard::Passphrase);
        let passphrase = if needs_passphrase { passphrase_in_file(self.world, self.config)? } else { None };
        self.bring_back(rows, passphrase).await
    }

    async fn key_of(&self, row: &Master, passphrase: Option<&Secret<String>>) -> Result<KeyBytes, UnsealError> {
        match row.guard {
            Guard::KeyFile => key_file::open(self.world, self.key_file, row.id),
            Guard::Passphrase => {
                let passphrase = passphrase.ok_or(UnsealError::PassphraseNeeded)?;
                passphrase::open(self.world, passphrase, row.memo.clone()).await
            }
            Guard::Transit => transit::open(self.world, self.config.transit.as_ref(), row.memo.clone()).await,
        }
    }
}

/// The passphrase in the file that the settings name, if they name one.
///
/// # Errors
/// When it cannot be read, or others can read it.
pub(crate) fn passphrase_in_file(world: &World, config: &VaultConfig) -> Result<Option<Secret<String>>, UnsealError> {
    use std::os::unix::fs::PermissionsExt;
    let Some(path) = &config.passphrase_file else { return Ok(None) };
    let unusable = |why: String| UnsealError::PassphraseFile { path: path.clone(), why };
    let mode = std::fs::metadata(path).map_err(|e| unusable(e.to_string()))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(unusable(format!("others can read it (mode {mode:o}); run: chmod 600 {path}")));
    }
    let bytes = zeroize::Zeroizing::new(world.disk().read(Path::new(path)).map_err(|e| unusable(e.to_string()))?);
    let text = std::str::from_utf8(&bytes).map_err(|_| unusable("it is not text".into()))?;
    Ok(Some(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned())))
}
