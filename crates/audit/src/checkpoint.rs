//! Checkpoints: the server signs where the trail stands, and with it the checkpoint before, so that
//! one good signature vouches for every checkpoint and every entry up to it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diwan_kernel::Timestamp;
use serde::{Deserialize, Serialize};

use crate::canonical::{Hash, digest_of, hex, unhex};
use crate::keys::{SigningKey, Vouching};

/// Tells the digest of a checkpoint from every other hash made here.
const DIGEST: u8 = 1;

/// A signed statement: at this moment the trail ended at `seq` with `hash`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which checkpoint it is; they are numbered from 1 without gaps.
    pub number: i64,
    /// The entry that the trail ended with.
    pub seq: i64,
    /// That entry's hash.
    pub hash: Hash,
    /// When it was signed.
    pub at: Timestamp,
    /// The digest of the checkpoint before; zeros for the first.
    pub previous: Hash,
    /// Which key signed it.
    pub key_id: String,
    /// The Ed25519 signature over all of the above but the key id.
    pub signature: Vec<u8>,
}

/// What the next checkpoint builds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Base {
    pub(crate) number: i64,
    pub(crate) seq: i64,
    pub(crate) hash: Hash,
    pub(crate) digest: Hash,
}

impl Checkpoint {
    /// Signs where the trail stands.
    pub(crate) fn sign(key: &SigningKey, base: &Base, seq: i64, hash: Hash, at: Timestamp) -> Self {
        let mut checkpoint = Self {
            number: base.number + 1,
            seq,
            hash,
            at,
            previous: base.digest,
            key_id: key.vouching().key_id().to_owned(),
            signature: vec![],
        };
        checkpoint.signature = key.sign(&checkpoint.message());
        checkpoint
    }

    fn message(&self) -> Vec<u8> {
        let mut message = b"diwan audit checkpoint v1".to_vec();
        message.extend(self.number.to_be_bytes());
        message.extend(self.seq.to_be_bytes());
        message.extend(self.hash);
        message.extend(self.at.as_millis().to_be_bytes());
        message.extend(self.previous);
        message
    }

    /// Whether the signature is ours.
    pub(crate) fn is_signed(&self, vouching: &Vouching) -> bool {
        vouching.is_signed(&self.message(), &self.key_id, &self.signature)
    }

    /// What the next checkpoint repeats of this one.
    pub(crate) fn digest(&self) -> Hash {
        let mut bytes = vec![DIGEST];
        bytes.extend(self.message());
        bytes.extend((self.key_id.len() as u64).to_be_bytes());
        bytes.extend(self.key_id.as_bytes());
        bytes.extend(&self.signature);
        digest_of(&bytes)
    }

    pub(crate) fn base(&self) -> Base {
        Base { number: self.number, seq: self.seq, hash: self.hash, digest: self.digest() }
    }

    /// Whether it is the one that follows `base`.
    pub(crate) fn follows(&self, base: &Base) -> bool {
        self.number == base.number + 1 && self.previous == base.digest && self.seq > base.seq
    }
}

/// A checkpoint as the API and the anchor file show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditCheckpoint {
    /// Which checkpoint it is.
    pub number: i64,
    /// The entry that the trail ended with.
    pub seq: i64,
    /// That entry's hash, in hexadecimal digits.
    pub hash: String,
    /// When it was signed.
    pub at: Timestamp,
    /// The digest of the checkpoint before, in hexadecimal digits.
    pub previous: String,
    /// Which key signed it.
    pub key_id: String,
    /// The Ed25519 signature, in base 64.
    pub signature: String,
}

impl From<&Checkpoint> for AuditCheckpoint {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self {
            number: checkpoint.number,
            seq: checkpoint.seq,
            hash: hex(&checkpoint.hash),
            at: checkpoint.at,
            previous: hex(&checkpoint.previous),
            key_id: checkpoint.key_id.clone(),
            signature: STANDARD.encode(&checkpoint.signature),
        }
    }
}

impl AuditCheckpoint {
    /// The checkpoint itself, if this is the form of one.
    pub(crate) fn read(&self) -> Option<Checkpoint> {
        Some(Checkpoint {
            number: self.number,
            seq: self.seq,
            hash: unhex(&self.hash)?,
            at: self.at,
            previous: unhex(&self.previous)?,
            key_id: self.key_id.clone(),
            signature: STANDARD.decode(&self.signature).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_everything_and_a_digest_covers_the_signature() -> Result<(), crate::AuditError> {
        let key = SigningKey::from_seed(&[7; 32])?;
        let at = Timestamp::from_millis(5);
        let good = Checkpoint::sign(&key, &Base::default(), 9, [3; 32], at);
        assert!(good.is_signed(key.vouching()));
        assert_eq!(AuditCheckpoint::from(&good).read().as_ref(), Some(&good));
        let changed = [
            Checkpoint { number: 2, ..good.clone() },
            Checkpoint { seq: 8, ..good.clone() },
            Checkpoint { hash: [4; 32], ..good.clone() },
            Checkpoint { at: Timestamp::from_millis(6), ..good.clone() },
            Checkpoint { previous: [1; 32], ..good.clone() },
            Checkpoint { key_id: "0000".into(), ..good.clone() },
            Checkpoint { signature: vec![0; 64], ..good.clone() },
        ];
        for bad in changed {
            assert!(!bad.is_signed(key.vouching()), "{bad:?}");
            assert_ne!(bad.digest(), good.digest());
        }
        let other = SigningKey::from_seed(&[8; 32])?;
        assert!(!good.is_signed(other.vouching()));
        Ok(())
    }
}
