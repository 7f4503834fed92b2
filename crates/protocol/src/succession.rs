//! The control plane takes other keys: the ones before vouch for the ones after.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::signed::{Refusal, SigningKey, VerifyingKey};

/// The version that is written here, and the only one that is read.
pub const VERSION: u16 = 1;
/// An authority's certificate and a few keys need no more.
pub const LONGEST: usize = 16 * 1024;

/// What a signature is over besides the bytes, so that it is worth nothing for a command.
const CONTEXT: &[u8] = b"diwan succession 1\0";

/// Which keys come after those that sign this.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Succession {
    /// [`VERSION`].
    #[n(0)]
    pub version: u16,
    /// The certificate of the new authority (DER).
    #[n(1)]
    pub authority: ByteVec,
    /// The new keys that sign commands.
    #[n(2)]
    pub keys: Vec<VerifyingKey>,
    /// Until when the keys before are still good, in milliseconds since 1970.
    #[n(3)]
    pub until_ms: i64,
}

/// The same as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SignedSuccession {
    /// The bytes that were signed.
    #[n(0)]
    pub bytes: ByteVec,
    /// Ed25519.
    #[n(1)]
    pub signature: ByteVec,
    /// Which of the keys before signed.
    #[n(2)]
    pub key: String,
}

impl SigningKey {
    /// Vouches for the keys that come after this one.
    pub fn sign_succession(&self, succession: &Succession) -> SignedSuccession {
        let bytes = crate::encode(succession);
        let (signature, key) = self.seal(CONTEXT, &bytes);
        SignedSuccession { bytes: bytes.into(), signature: signature.into(), key }
    }
}

impl SignedSuccession {
    /// What comes after, when one of these keys vouches for it.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn open(&self, keys: &[VerifyingKey]) -> Result<Succession, Refusal> {
        if self.bytes.len() > LONGEST {
            return Err(Refusal::TooLong);
        }
        let key = keys.iter().find(|key| key.id == self.key).ok_or(Refusal::Signature)?;
        key.check(CONTEXT, &self.bytes, &self.signature)?;
        let succession: Succession = minicbor::decode(&self.bytes).map_err(|_| Refusal::Form)?;
        if crate::encode(&succession) != self.bytes.as_slice() || succession.keys.is_empty() {
            return Err(Refusal::Form);
        }
        if succession.version != VERSION {
            return Err(Refusal::Version(succession.version));
        }
        Ok(succession)
    }
}
