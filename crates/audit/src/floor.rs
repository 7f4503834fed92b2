//! The floor: a signed statement that everything up to it was removed because of its age, so that
//! the rest still verifies and a removal by anybody else does not pass for one.

use diwan_kernel::Timestamp;

use crate::checkpoint::Base;
use crate::keys::{SigningKey, Vouching};

/// Where the trail begins after old entries were removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Floor {
    /// The checkpoint up to which everything was removed.
    pub(crate) base: Base,
    /// When.
    pub(crate) at: Timestamp,
    pub(crate) key_id: String,
    pub(crate) signature: Vec<u8>,
}

impl Floor {
    /// Signs that everything up to a checkpoint is removed.
    pub(crate) fn sign(key: &SigningKey, base: Base, at: Timestamp) -> Self {
        let mut floor = Self { base, at, key_id: key.vouching().key_id().to_owned(), signature: vec![] };
        floor.signature = key.sign(&floor.message());
        floor
    }

    fn message(&self) -> Vec<u8> {
        let mut message = b"diwan audit floor v1".to_vec();
        message.extend(self.base.seq.to_be_bytes());
        message.extend(self.base.hash);
        message.extend(self.base.number.to_be_bytes());
        message.extend(self.base.digest);
        message.extend(self.at.as_millis().to_be_bytes());
        message
    }

    /// Whether the signature is ours.
    pub(crate) fn is_signed(&self, vouching: &Vouching) -> bool {
        vouching.is_signed(&self.message(), &self.key_id, &self.signature)
    }
}
