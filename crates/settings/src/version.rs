//! A version: a configuration that came into force, when, by whom and why.

use diwan_kernel::id::UserId;
use diwan_kernel::seal::{Place, SealError, Sealer};
use diwan_kernel::world::Timestamp;
use serde::{Deserialize, Serialize};

/// How a version came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SettingsCause)]
pub(crate) enum Cause {
    /// The server started and found it in the file.
    Start,
    /// Somebody changed the file by hand.
    File,
    /// Somebody changed settings through the API.
    Edit,
    /// Somebody went back to an older version.
    Rollback,
    /// A secret was moved from the file into the vault.
    SecretMoved,
}

impl Cause {
    /// The name used in the API and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::File => "file",
            Self::Edit => "edit",
            Self::Rollback => "rollback",
            Self::SecretMoved => "secret_moved",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Start, Self::File, Self::Edit, Self::Rollback, Self::SecretMoved]
            .into_iter()
            .find(|c| c.as_str() == text)
    }
}

/// A version as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) number: i64,
    pub(crate) at: Timestamp,
    pub(crate) by: Option<Person>,
    pub(crate) cause: Cause,
    pub(crate) comment: String,
    /// The settings that differ from the version before.
    pub(crate) keys: Vec<String>,
    pub(crate) rolled_back_to: Option<i64>,
    /// The text of the file, sealed: it may hold secrets.
    pub(crate) sealed: Vec<u8>,
}

/// Who brought a version about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SettingsEditor)]
pub(crate) struct Person {
    /// Their id.
    pub(crate) id: UserId,
    /// What they were called.
    pub(crate) name: String,
}

/// A version as people see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SettingsVersion)]
pub(crate) struct VersionView {
    /// Its number; the newest is in force.
    version: i64,
    /// When it came into force.
    at: Timestamp,
    /// Who brought it about; nobody for what was found in the file.
    by: Option<Person>,
    /// How it came about.
    cause: Cause,
    /// What whoever changed it said about it.
    comment: String,
    /// The settings that differ from the version before.
    keys: Vec<String>,
    /// Which version it went back to.
    rolled_back_to: Option<i64>,
}

impl From<Version> for VersionView {
    fn from(version: Version) -> Self {
        let Version { number, at, by, cause, comment, keys, rolled_back_to, .. } = version;
        Self { version: number, at, by, cause, comment, keys, rolled_back_to }
    }
}

fn place(row: &str) -> Place<'_> {
    Place { table: "settings_version", column: "text", row }
}

/// Seals the text of a version.
pub(crate) fn seal(sealer: &Sealer, number: i64, text: &str) -> Result<Vec<u8>, SealError> {
    sealer.seal(text.as_bytes(), place(&number.to_string()))
}

impl Version {
    /// The text of the file.
    pub(crate) fn open(&self, sealer: &Sealer) -> Result<String, SealError> {
        let bytes = sealer.unseal(&self.sealed, place(&self.number.to_string()))?;
        String::from_utf8(bytes.to_vec()).map_err(|_| SealError::Malformed)
    }
}
