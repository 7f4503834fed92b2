//! The keys of the fleet, generation by generation: the authority's, and the one that signs commands. The vault
//! keeps them; they are at hand here only while it is unsealed.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, Problem, Timestamp};
use diwan_link::tls::Fingerprint;
use diwan_protocol::SigningKey;
use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::authority::{Authority, hex};
use crate::fleet::Fleet;
use crate::table::{self, generation};

const AUTHORITY: &str = "diwan/fleet-authority";
const SIGNING: &str = "diwan/fleet-commands";
/// For so long the keys of the generation before are still good: who was away may come and learn the new ones.
pub(crate) const OVERLAP: Duration = Duration::from_secs(30 * 24 * 3600);
/// Another server may have changed the keys: this long it may not be known here.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// The keys of one generation.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) number: u64,
    /// Since when they are in use; the first ones were from the beginning.
    pub(crate) since: Option<Timestamp>,
    pub(crate) authority: Authority,
    pub(crate) signing: Arc<SigningKey>,
}

/// What is at hand: the keys that are good now.
#[derive(Debug)]
pub(crate) struct Keys {
    current: Generation,
    former: Option<Generation>,
    /// From when on it is to be looked at again.
    until: Option<Timestamp>,
}

impl Keys {
    /// The newest.
    pub(crate) const fn current(&self) -> &Generation {
        &self.current
    }

    /// All that are good, the newest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Generation> {
        std::iter::once(&self.current).chain(&self.former)
    }

    /// The ones of this generation; of one that is good no more, the newest.
    pub(crate) fn of(&self, number: u64) -> &Generation {
        self.all().find(|generation| generation.number == number).unwrap_or(&self.current)
    }

    /// The ones that a machine knows. Who says nothing about that has known the control plane for long.
    pub(crate) fn known_by(&self, authority: Option<Fingerprint>) -> &Generation {
        match authority {
            Some(known) => self.all().find(|one| one.authority.fingerprint() == known).unwrap_or(&self.current),
            None => self.former.as_ref().unwrap_or(&self.current),
        }
    }

    /// Until when the generation before is still good.
    pub(crate) fn overlap_ends(&self) -> Option<Timestamp> {
        self.former.as_ref().and(self.current.since).map(|since| since.plus(OVERLAP))
    }
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
        let now = self.world().now();
        let newest = generation::newest(self.db()).await?;
        let (number, since) = newest.map_or((1, None), |(number, since)| (number, Some(since)));
        let current = self.open_generation(number, since).await?;
        let is_overlap = since.is_some_and(|since| now < since.plus(OVERLAP));
        let former = if is_overlap { Some(self.open_generation(number - 1, None).await?) } else { None };
        let again = (self.db().engine() != "sqlite").then(|| now.plus(LOOK_AGAIN));
        let mut keys = Keys { current, former, until: None };
        keys.until = again.into_iter().chain(keys.overlap_ends()).min();
        let keys = Arc::new(keys);
        *self.keys_slot().lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&keys));
        Ok(keys)
    }

    async fn open_generation(&self, number: u64, since: Option<Timestamp>) -> Result<Generation, Problem> {
        let (now, world) = (self.world().now(), self.world().clone());
        let (authority, signing) = (name_of(AUTHORITY, number), name_of(SIGNING, number));
        let kept = self.vault().own_key(&authority, || Authority::make(now).map_err(Problem::internal));
        let opened = Authority::open(&kept.await?).ok_or_else(|| unreadable(&authority))?;
        let seed = self.vault().own_key(&signing, || Ok(Zeroizing::new(world.random::<32>().to_vec()))).await?;
        let signing = Arc::new(signing_key(&seed).ok_or_else(|| unreadable(&signing))?);
        let generation = Generation { number, since, authority: opened, signing };
        self.note_keys(&generation).await?;
        Ok(generation)
    }

    /// The keys, if they were needed before; let go of when the vault was sealed since, or others may be in use.
    pub(crate) fn keys_at_hand(&self) -> Option<Arc<Keys>> {
        let is_sealed = self.vault().sealed().is_some();
        let now = self.world().now();
        let mut slot = self.keys_slot().lock().unwrap_or_else(PoisonError::into_inner);
        if is_sealed || slot.as_ref().is_some_and(|keys| keys.until.is_some_and(|until| until <= now)) {
            *slot = None;
        }
        slot.clone()
    }

    /// Other keys are in use from now on.
    pub(crate) fn forget_keys(&self) {
        *self.keys_slot().lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.forget_acceptor();
    }

    /// Writes the public halves down, so that it can be told later what was trusted since when.
    async fn note_keys(&self, keys: &Generation) -> Result<(), Problem> {
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

/// The first generation has no number in its name.
fn name_of(name: &str, number: u64) -> String {
    if number == 1 { name.to_owned() } else { format!("{name}-{number}") }
}

/// Its id follows from its public half.
fn signing_key(seed: &[u8]) -> Option<SigningKey> {
    let public = SigningKey::from_seed("", seed)?.verifying_key().bytes;
    SigningKey::from_seed(&hex(&digest(&SHA256, &public).as_ref()[..8]), seed)
}

fn unreadable(name: &str) -> Problem {
    Problem::internal(format!("what the vault keeps as {name} is no such key"))
}
