//! The keys of the fleet: the authority's, and the one that signs commands. The vault keeps them; they are at
//! hand here only while it is unsealed.

use std::sync::{Arc, PoisonError};

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, Problem};
use diwan_protocol::SigningKey;
use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::authority::{Authority, hex};
use crate::fleet::Fleet;
use crate::table;

const AUTHORITY: &str = "diwan/fleet-authority";
const SIGNING: &str = "diwan/fleet-commands";

/// What is at hand.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) authority: Authority,
    pub(crate) signing: Arc<SigningKey>,
}

impl Fleet {
    /// The keys. They are made when they are needed for the first time.
    ///
    /// # Errors
    /// 503 while the vault is sealed.
    pub(crate) async fn keys(&self) -> Result<Arc<Keys>, Problem> {
        if let Some(keys) = self.keys_at_hand() {
            return Ok(keys);
        }
        let (now, world) = (self.world().now(), self.world().clone());
        let authority = self.vault().own_key(AUTHORITY, || Authority::make(now).map_err(Problem::internal));
        let authority = Authority::open(&authority.await?).ok_or_else(|| unreadable(AUTHORITY))?;
        let seed = self.vault().own_key(SIGNING, || Ok(Zeroizing::new(world.random::<32>().to_vec()))).await?;
        let signing = Arc::new(signing_key(&seed).ok_or_else(|| unreadable(SIGNING))?);
        let keys = Arc::new(Keys { authority, signing });
        self.note_keys(&keys).await?;
        *self.keys_slot().lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&keys));
        Ok(keys)
    }

    /// The key that signs commands.
    ///
    /// # Errors
    /// 503 while the vault is sealed.
    pub(crate) async fn signing_key(&self) -> Result<Arc<SigningKey>, Problem> {
        Ok(Arc::clone(&self.keys().await?.signing))
    }

    /// The keys, if they were needed before; let go of when the vault was sealed since.
    pub(crate) fn keys_at_hand(&self) -> Option<Arc<Keys>> {
        let is_sealed = self.vault().sealed().is_some();
        let mut slot = self.keys_slot().lock().unwrap_or_else(PoisonError::into_inner);
        if is_sealed {
            *slot = None;
        }
        slot.clone()
    }

    /// Writes the public halves down, so that it can be told later what was trusted since when.
    async fn note_keys(&self, keys: &Keys) -> Result<(), Problem> {
        let (authority, signing) = (keys.authority.fingerprint().to_string(), keys.signing.verifying_key());
        if table::key::is_known(self.db(), &authority).await? && table::key::is_known(self.db(), &signing.id).await? {
            return Ok(());
        }
        let ctx = Ctx::system(self.world(), "fleet");
        let mut tx = self.db().begin(&ctx).await?;
        let certificate = keys.authority.certificate();
        table::key::insert(&mut tx, &authority, "authority", certificate, ctx.now()).await?;
        table::key::insert(&mut tx, &signing.id, "commands", &signing.bytes, ctx.now()).await?;
        Ok(tx.commit_unrecorded(Unrecorded::Bookkeeping).await?)
    }
}

/// Its id follows from its public half.
fn signing_key(seed: &[u8]) -> Option<SigningKey> {
    let public = SigningKey::from_seed("", seed)?.verifying_key().bytes;
    SigningKey::from_seed(&hex(&digest(&SHA256, &public).as_ref()[..8]), seed)
}

fn unreadable(name: &str) -> Problem {
    Problem::internal(format!("what the vault keeps as {name} is no such key"))
}
