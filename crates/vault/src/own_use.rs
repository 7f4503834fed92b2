//! What the server itself keeps here: secrets that its settings only name.

use async_trait::async_trait;
use diwan_kernel::config::SecretSource;
use diwan_kernel::{Ctx, Db, DbError, Problem, Secret};
use zeroize::Zeroizing;

use crate::config::LOCAL;
use crate::error;
use crate::keep::{NewSecret, Source};
use crate::kind::SecretKind;
use crate::name::SecretName;
use crate::policy::Action;
use crate::table;
use crate::take::{Wish, read_entry};
use crate::vault::Vault;

/// What somebody is said to read a secret for when they let a setting refer to it.
const SETTINGS: &str = "settings";

/// Knows what the server itself needs secrets for.
pub trait Needs: Send + Sync {
    /// The setting that names this secret, when one does.
    fn setting_that_needs(&self, secret: &str) -> Option<String>;
}

/// Whether there is a secret of this name. That can be said while the vault is sealed too.
///
/// # Errors
/// When the database does not answer.
pub async fn holds(db: &Db, name: &str) -> Result<bool, DbError> {
    let Some(name) = SecretName::parse(name) else { return Ok(false) };
    Ok(table::secret::find_named(db, &name).await?.is_some())
}

#[async_trait]
impl SecretSource for Vault {
    async fn read(&self, name: &str, purpose: &'static str) -> Result<Secret<String>, Problem> {
        self.masters()?;
        let secret = self.named(name).await?;
        let taken = self.open(secret, None).await?;
        let wish = Wish { purpose: Some(purpose.to_owned()), ..Wish::default() };
        let ctx = Ctx::system(self.world(), purpose);
        self.db().begin(&ctx).await?.commit(read_entry("secret.read", &taken, &wish)).await?;
        Ok(taken.value)
    }
}

impl Vault {
    /// Whether there is a secret of this name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn holds(&self, name: &str) -> Result<bool, Problem> {
        Ok(holds(self.db(), name).await?)
    }

    /// A secret that a setting names stays where that looks for it.
    ///
    /// # Errors
    /// 409 when one does.
    pub(crate) fn require_not_needed(&self, name: &SecretName) -> Result<(), Problem> {
        let needed = self.needs().setting_that_needs(name.as_str());
        needed.map_or(Ok(()), |setting| Err(still_needed(name, &setting)))
    }

    /// Whether the caller may let a setting refer to this secret: whoever does so has the server read
    /// it for them.
    ///
    /// # Errors
    /// 403 without a policy that lets them read it; 404 when it is not there.
    pub async fn require_referable(&self, ctx: &Ctx, name: &str) -> Result<(), Problem> {
        let secret = self.named(name).await?;
        self.require(ctx, Action::Read, &secret.name, Some(SETTINGS)).await
    }

    /// Puts a secret that stood in the settings under a name of its own.
    ///
    /// # Errors
    /// As for any new secret: 403, 409, 422, 503.
    pub async fn keep_setting(
        &self,
        ctx: &Ctx,
        name: &str,
        setting: &str,
        value: Secret<String>,
    ) -> Result<(), Problem> {
        let new = NewSecret {
            name: SecretName::read("name", name)?,
            kind: SecretKind::Free,
            description: format!("The setting {setting}"),
            provider: String::new(),
            backend: LOCAL.to_owned(),
            recipe: None,
            source: Source::Given(Zeroizing::new(value.expose().clone())),
            // Only whoever set it knows when it has to change.
            rotation_days: Some(None),
            overlap_hours: None,
            expires_at: None,
        };
        self.create_secret(ctx, new).await.map(drop)
    }

    async fn named(&self, name: &str) -> Result<table::secret::Secret, Problem> {
        let name = SecretName::parse(name).ok_or_else(error::no_secret)?;
        table::secret::find_named(self.db(), &name).await?.ok_or_else(error::no_secret)
    }
}

fn still_needed(name: &SecretName, setting: &str) -> Problem {
    Problem::conflict(
        "secret_needed",
        "A setting needs the secret",
        format!(
            "The setting {setting} names the secret {name}: without it, under this name, the server would lack it."
        ),
        "Change the setting first, then the secret.",
    )
}
