//! What machines are told of SSH keys that are kept here: public halves, never more. And what keeps an older version
//! alive while a machine still opens for that one only.

use std::time::Duration;

use diwan_kernel::{Ctx, Entry, Problem};

use crate::error;
use crate::event::SecretChanged;
use crate::kind::SecretKind;
use crate::name::SecretName;
use crate::policy::Action;
use crate::secret::SecretId;
use crate::table::secret::{self, Secret};
use crate::table::version::{self, Version};
use crate::vault::Vault;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The public half of the current version of an SSH key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshPublicKey {
    /// Which secret.
    pub id: SecretId,
    /// What it is called now.
    pub name: SecretName,
    /// Which version is current.
    pub version: i64,
    /// The kind and the key, in the form of OpenSSH.
    pub key: String,
    /// SHA-256 of it, as OpenSSH shows it.
    pub fingerprint: String,
}

impl Vault {
    /// The SSH key with this id or name, for somebody who wants it on a machine: they may have it rotated, since from
    /// then on that is what rotating it comes to.
    ///
    /// # Errors
    /// 403 without a policy; 404; 422 when it is no SSH key; 503 while the vault is sealed.
    pub async fn ssh_key_for(&self, ctx: &Ctx, named: &str) -> Result<SshPublicKey, Problem> {
        self.masters()?;
        let found = match named.parse::<SecretId>() {
            Ok(id) => secret::find(self.db(), id).await?,
            Err(_) => match SecretName::parse(named) {
                Some(name) => secret::find_named(self.db(), &name).await?,
                None => None,
            },
        };
        let found = found.ok_or_else(error::no_secret)?;
        self.require(ctx, Action::Rotate, &found.name, None).await?;
        self.public_half(found)?.ok_or_else(no_ssh_key)
    }

    /// The SSH key with this id, as it was signed; `None` when there is no such secret any more, or it is none.
    ///
    /// # Errors
    /// 503 while the vault is sealed, 500 when it was edited in the database.
    pub async fn ssh_key(&self, id: SecretId) -> Result<Option<SshPublicKey>, Problem> {
        self.masters()?;
        secret::find(self.db(), id).await?.map_or(Ok(None), |found| self.public_half(found))
    }

    /// Has a version that is not current stay usable for some days more: a machine does not know a newer one yet.
    ///
    /// # Errors
    /// 404, 503 while the vault is sealed.
    pub async fn keep_usable(&self, ctx: &Ctx, id: SecretId, number: i64) -> Result<(), Problem> {
        let masters = self.current_masters().await?;
        let secret = self.genuine(&masters, id).await?;
        if number == secret.current_version {
            return Ok(());
        }
        let (older, _) = self.genuine_version(&masters, id, number).await?;
        let is_long_enough = older.valid_until.is_some_and(|until| until > ctx.now().plus(DAY));
        if is_long_enough || older.destroyed_at.is_some() {
            return Ok(());
        }
        let until = ctx.now().plus(DAY * 2);
        let older = Version { valid_until: Some(until), ..older }.sign(id, masters.vouching());
        let mut tx = self.db().begin(ctx).await?;
        version::set_valid_until(&mut tx, id, &older).await?;
        tx.emit(&SecretChanged { id });
        let entry = Entry::done("secret.keep_usable").on("secret", &secret.name).with("version", number);
        Ok(tx.commit(entry.with("until", until.to_string())).await?)
    }

    /// What is put on machines is what was signed, and nothing that was edited in the database.
    fn public_half(&self, found: Secret) -> Result<Option<SshPublicKey>, Problem> {
        if !found.is_genuine(self.masters()?.vouching()) {
            return Err(error::tampered("the description was edited"));
        }
        let fact = |name: &str| found.facts.get(name).map(ToString::to_string);
        let halves = fact("public_key").zip(fact("fingerprint")).filter(|_| found.kind == SecretKind::SshKey);
        let Some((key, fingerprint)) = halves else { return Ok(None) };
        Ok(Some(SshPublicKey { id: found.id, name: found.name, version: found.current_version, key, fingerprint }))
    }
}

fn no_ssh_key() -> Problem {
    Problem::invalid_field("secret", "not_an_ssh_key", "This secret is no SSH key.")
}
