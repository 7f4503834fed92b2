//! The key that vouches for the trail. The private half never leaves the server: it signs
//! checkpoints, and a key derived from it seals the head, so that whoever can write the database but
//! does not have the key can change nothing unnoticed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diwan_kernel::keys::{KeyError, existing_server_key, has_server_keys_but, server_key};
use diwan_kernel::{Db, DbError, Sealer, World};
use ring::hmac;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::canonical::{Hash, digest_of, hex};
use crate::error::AuditError;

const NAME: &str = "audit-signing";
const SEED_LEN: usize = 32;

/// Whether the installation was started before: the trail is begun before any other part of the server
/// makes itself a key.
pub(crate) async fn was_started(db: &Db) -> Result<bool, DbError> {
    has_server_keys_but(db, NAME).await
}

/// The server's signing key.
pub(crate) struct SigningKey {
    pair: Ed25519KeyPair,
    vouching: Vouching,
}

/// What is needed to check signatures and seals, without being able to make signatures.
#[derive(Clone)]
pub struct Vouching {
    public: Hash,
    key_id: String,
    /// Known to the server only; without it the entries after the last checkpoint are not vouched for.
    head: Option<hmac::Key>,
}

impl std::fmt::Debug for Vouching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vouching").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// The server's key, made on the first start.
    pub(crate) async fn open(db: &Db, sealer: &Sealer, world: &World) -> Result<Self, AuditError> {
        let fresh = || Zeroizing::new(world.random::<SEED_LEN>().to_vec());
        Self::from_seed(&server_key(db, sealer, NAME, fresh).await?)
    }

    /// The server's key, if there is one: for readers that must not change anything.
    pub(crate) async fn find(db: &Db, sealer: &Sealer) -> Result<Option<Self>, AuditError> {
        let seed = existing_server_key(db, sealer, NAME).await.map_err(AuditError::from)?;
        seed.map(|seed| Self::from_seed(&seed)).transpose()
    }

    pub(crate) fn from_seed(seed: &[u8]) -> Result<Self, AuditError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| AuditError::KeyUnusable)?;
        let mut vouching = Vouching::new(pair.public_key().as_ref()).ok_or(AuditError::KeyUnusable)?;
        let derive = hmac::Key::new(hmac::HMAC_SHA256, seed);
        vouching.head =
            Some(hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&derive, b"diwan audit head key v1").as_ref()));
        Ok(Self { pair, vouching })
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    pub(crate) const fn vouching(&self) -> &Vouching {
        &self.vouching
    }

    /// The seal of the head that stands at `seq` with `hash`.
    pub(crate) fn seal_head(&self, seq: i64, hash: &Hash) -> Hash {
        let mut seal = Hash::default();
        if let Some(key) = &self.vouching.head {
            seal.copy_from_slice(hmac::sign(key, &head_message(seq, hash)).as_ref());
        }
        seal
    }
}

impl Vouching {
    /// For checking with nothing but the public key.
    pub fn new(public: &[u8]) -> Option<Self> {
        let public: Hash = public.try_into().ok()?;
        Some(Self { public, key_id: key_id(&public), head: None })
    }

    /// For checking with nothing but the public key, as the API and files show it.
    pub fn parse(public_key: &str) -> Option<Self> {
        Self::new(&STANDARD.decode(public_key.trim()).ok()?)
    }

    /// The id of the key: the beginning of the digest of its public half.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The public half, in base 64.
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.public)
    }

    /// Whether the signature is ours.
    pub(crate) fn is_signed(&self, message: &[u8], key_id: &str, signature: &[u8]) -> bool {
        key_id == self.key_id && UnparsedPublicKey::new(&ED25519, self.public).verify(message, signature).is_ok()
    }

    /// Whether the seal of the head is ours; `None` when only the server could tell.
    pub(crate) fn is_sealed(&self, seq: i64, hash: &Hash, seal: &[u8]) -> Option<bool> {
        let key = self.head.as_ref()?;
        Some(hmac::verify(key, &head_message(seq, hash), seal).is_ok())
    }
}

fn head_message(seq: i64, hash: &Hash) -> Vec<u8> {
    let mut message = b"diwan audit head v1".to_vec();
    message.extend(seq.to_be_bytes());
    message.extend(hash);
    message
}

fn key_id(public: &Hash) -> String {
    hex(&digest_of(public)[..8])
}

impl From<KeyError> for AuditError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Db(e) => Self::Db(e),
            other => Self::KeySealed(other),
        }
    }
}

#[cfg(test)]
mod vectors;
