//! Keys that the control plane makes for itself and that nobody is ever shown.
//!
//! They are no secrets of anybody's: they have a table of their own, which no operation reads. What they
//! share with secrets is the envelope, and that the rotation of the master key takes them along.

use diwan_kernel::key_file::KeyBytes;
use diwan_kernel::{Ctx, DbError, Entry, Problem};
use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::backend::Stored;
use crate::envelope::{Place, open_value, seal_value};
use crate::error;
use crate::master::{Masters, Plain};
use crate::name::OWN;
use crate::secret::SecretId;
use crate::table::own_key;
use crate::vault::Vault;
use crate::vouch::count_wraps;

/// Where the key of this name lives. It follows from the name, so that rows that were swapped do not open.
fn place_of(name: &str) -> Place {
    let mut bits = [0; 16];
    bits.copy_from_slice(&digest(&SHA256, format!("diwan.vault.own-key.{name}").as_bytes()).as_ref()[..16]);
    Place { secret: SecretId::from_bits(u128::from_be_bytes(bits)), version: 1 }
}

impl Vault {
    /// The control plane's own key of this name, which begins with `diwan/`. When there is none yet it is
    /// made, once among all servers.
    ///
    /// # Errors
    /// 503 while the vault is sealed; what making one says.
    pub async fn own_key(
        &self,
        name: &str,
        fresh: impl FnOnce() -> Result<Zeroizing<Vec<u8>>, Problem> + Send,
    ) -> Result<Zeroizing<Vec<u8>>, Problem> {
        debug_assert!(name.starts_with(OWN), "{name} is not among the control plane's own");
        let masters = self.current_masters().await?;
        if let Some(stored) = own_key::find(self.db(), name).await? {
            return open(&masters, name, &stored);
        }
        let _only_one = self.make_own_keys().await;
        if let Some(stored) = own_key::find(self.db(), name).await? {
            return open(&masters, name, &stored);
        }
        let made = fresh()?;
        if self.keep_own(&masters, name, &made).await? {
            return Ok(made);
        }
        let stored = own_key::find(self.db(), name).await?;
        open(&masters, name, &stored.ok_or_else(error::changed_meanwhile)?)
    }

    /// The names of those that were changed, cut or swapped where they are kept.
    pub(crate) async fn own_keys_that_do_not_open(&self, masters: &Masters) -> Result<Vec<String>, Problem> {
        let mut broken = vec![];
        for name in own_key::names(self.db()).await? {
            let opens = match own_key::find(self.db(), &name).await {
                Err(DbError::Mismatch { .. }) => false,
                found => found?.is_some_and(|stored| open(masters, &name, &stored).is_ok()),
            };
            if !opens {
                broken.push(name);
            }
        }
        Ok(broken)
    }

    /// Keeps a new one. False when another server was faster.
    async fn keep_own(&self, masters: &Masters, name: &str, key: &[u8]) -> Result<bool, Problem> {
        let (place, ctx) = (place_of(name), Ctx::system(self.world(), "vault"));
        let data_key = KeyBytes::fresh(self.world());
        let stored = Stored::Here {
            master: masters.active().id(),
            data_key: masters.active().wrap(self.world(), &data_key, place).map_err(Problem::internal)?,
            value: seal_value(self.world(), &data_key, key, place).map_err(Problem::internal)?,
        };
        let mut tx = self.db().begin(&ctx).await?;
        match own_key::insert(&mut tx, (name, place.secret), &stored, ctx.now()).await {
            Err(DbError::Unique(_)) => return Ok(false),
            other => other?,
        }
        if !count_wraps(&mut tx, masters, masters.active().id(), 1).await? {
            // The master key is being rotated at this very moment.
            return Err(error::changed_meanwhile());
        }
        tx.commit(Entry::done("vault.make_own_key").on("own_key", name)).await?;
        Ok(true)
    }
}

fn open(masters: &Masters, name: &str, stored: &Stored) -> Result<Plain, Problem> {
    let Stored::Here { data_key, value, .. } = stored else { return Err(error::tampered(name)) };
    let opened = masters.unwrap(data_key, place_of(name)).and_then(|key| open_value(&key, value, place_of(name)));
    opened.map_err(|e| error::tampered(format!("the key {name}: {e}")))
}
