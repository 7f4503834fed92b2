//! A secret in the configuration: best kept in the vault and only named here.

use async_trait::async_trait;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};

use super::definition::SECRET;
use crate::problem::Problem;
use crate::redact::{REDACTED, Secret};

/// What a reference into the vault begins with.
pub const VAULT: &str = "vault:";

/// The longest name that a secret of the vault may have.
const LONGEST_NAME: usize = 128;

/// A secret, or where it is kept.
#[derive(Debug, Clone)]
pub enum SecretValue {
    /// As it was written.
    Plain(Secret<String>),
    /// The name of a secret of the vault.
    Vault(String),
}

impl Default for SecretValue {
    fn default() -> Self {
        Self::Plain(Secret::default())
    }
}

/// Who reads what is kept in the vault, for the server itself.
#[async_trait]
pub trait SecretSource: Send + Sync + std::fmt::Debug {
    /// The value of a secret now. That it was read, and what for, is written down.
    ///
    /// # Errors
    /// When there is no such secret, the vault is sealed, or its keeper is away.
    async fn read(&self, name: &str, purpose: &'static str) -> Result<Secret<String>, Problem>;
}

impl SecretValue {
    /// The name that a text like `vault:mail/password` refers to.
    pub fn reference(text: &str) -> Option<&str> {
        let name = text.strip_prefix(VAULT)?;
        let letter = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let is_part = |part: &str| {
            part.bytes().next().is_some_and(letter)
                && part.bytes().all(|c| letter(c) || matches!(c, b'.' | b'_' | b'-'))
        };
        (name.len() <= LONGEST_NAME && name.split('/').all(is_part)).then_some(name)
    }

    /// Whether nobody set it.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Plain(secret) if secret.expose().is_empty())
    }

    /// The secret itself, wherever it is.
    ///
    /// # Errors
    /// When the vault does not give it.
    pub async fn read(&self, source: &dyn SecretSource, purpose: &'static str) -> Result<Secret<String>, Problem> {
        match self {
            Self::Plain(secret) => Ok(secret.clone()),
            Self::Vault(name) => source.read(name, purpose).await,
        }
    }
}

impl From<&str> for SecretValue {
    fn from(text: &str) -> Self {
        match Self::reference(text) {
            Some(name) => Self::Vault(name.to_owned()),
            None => Self::Plain(Secret::new(text.to_owned())),
        }
    }
}

impl<'de> Deserialize<'de> for SecretValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Secret::<String>::deserialize(deserializer)?;
        Ok(Self::from(text.expose().as_str()))
    }
}

impl Serialize for SecretValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Vault(name) => serializer.collect_str(&format_args!("{VAULT}{name}")),
            Self::Plain(_) if self.is_empty() => serializer.serialize_str(""),
            Self::Plain(_) => serializer.serialize_str(REDACTED),
        }
    }
}

impl utoipa::PartialSchema for SecretValue {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::Custom(SECRET.to_owned());
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}
impl utoipa::ToSchema for SecretValue {}
