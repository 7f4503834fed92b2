//! A look at what guards the master key without a running server. Nothing is changed.

use std::path::{Path, PathBuf};

use diwan_kernel::{Db, DbError};

use crate::config::VaultConfig;
use crate::table::{master, switch};
use crate::unseal::{Guard, Guards, UnsealError, key_file};

/// What a look at the guard of the master key found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuardFound {
    /// There is no master key yet.
    NotSetUp,
    /// What guards it brings back the key that this database was sealed with.
    Opens(Guard),
    /// Somebody types the passphrase after each start.
    Typed,
    /// The key cannot be had, and why.
    Missing(Guard, String),
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// How the guard is.
    pub guard: GuardFound,
    /// Where the key file is, or would be.
    pub key_file: PathBuf,
    /// How many earlier keys it holds for backups that need them.
    pub retired_keys: usize,
    /// Whether somebody sealed the vault by hand.
    pub is_sealed: bool,
}

/// Looks whether the master keys of this database can be had on this machine.
///
/// # Errors
/// When the database does not answer, or does not know the vault yet.
pub async fn examine(db: &Db, config: &VaultConfig, data_dir: &Path) -> Result<Examination, DbError> {
    let rows = master::list_in_use(db).await?;
    let key_file = config.key_file_in(data_dir);
    let guards = Guards { world: db.world(), config, key_file: &key_file };
    let guard = match rows.first() {
        None => GuardFound::NotSetUp,
        Some(active) => match guards.bring_back_by_itself(&rows).await {
            Ok(_) => GuardFound::Opens(active.guard),
            Err(UnsealError::PassphraseNeeded) => GuardFound::Typed,
            Err(error) => GuardFound::Missing(active.guard, error.sentence()),
        },
    };
    let retired_keys = key_file::count_retired(db.world(), &key_file);
    Ok(Examination { guard, key_file, retired_keys, is_sealed: switch::sealed_at(db).await?.is_some() })
}

/// What guards the master key in use; `None` when there is none yet.
///
/// # Errors
/// When the database does not answer, or does not know the vault yet.
pub async fn guard_in_use(db: &Db) -> Result<Option<Guard>, DbError> {
    Ok(master::list_in_use(db).await?.into_iter().find(|row| row.is_active).map(|row| row.guard))
}
