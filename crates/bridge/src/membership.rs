//! What a machine knows of the control plane that it joined.

use diwan_link::tls::Fingerprint;
use diwan_protocol::VerifyingKey;
use diwan_protocol::succession::Succession;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use rustls::pki_types::CertificateDer;

/// Whose machine this is, and how it proves it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Membership {
    /// Where the control plane is reached.
    #[n(0)]
    pub url: String,
    /// The fingerprint of its authority: 64 hexadecimal digits.
    #[n(1)]
    pub fingerprint: String,
    /// The machine's id: `mch_…`.
    #[n(2)]
    pub machine: String,
    /// What it is called.
    #[n(3)]
    pub name: String,
    /// Its certificate first, the authority's last (DER).
    #[n(4)]
    pub chain: Vec<ByteVec>,
    /// The keys that sign commands.
    #[n(5)]
    pub keys: Vec<VerifyingKey>,
    /// When it joined, in milliseconds since 1970.
    #[n(6)]
    pub joined_ms: i64,
    /// What was before the control plane changed its keys.
    #[n(7)]
    pub former: Option<Former>,
}

/// What is still good for a while: the control plane may have been put back to a time before the change.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Former {
    /// The machine's certificate first, the authority's last (DER).
    #[n(0)]
    pub chain: Vec<ByteVec>,
    /// The keys that signed commands.
    #[n(1)]
    pub keys: Vec<VerifyingKey>,
    /// Until when, in milliseconds since 1970.
    #[n(2)]
    pub until_ms: i64,
}

impl Membership {
    /// The certificates, the machine's own first.
    pub(crate) fn certificates(&self) -> Vec<CertificateDer<'static>> {
        self.chain.iter().map(|der| CertificateDer::from(der.to_vec())).collect()
    }

    /// The keys whose signature is believed at this time.
    pub(crate) fn believed(&self, now_ms: i64) -> Vec<VerifyingKey> {
        self.keys.iter().chain(self.former_at(now_ms).into_iter().flat_map(|former| &former.keys)).cloned().collect()
    }

    /// What was before, while it is still good.
    pub(crate) fn former_at(&self, now_ms: i64) -> Option<&Former> {
        self.former.as_ref().filter(|former| now_ms < former.until_ms)
    }

    /// Takes over from the keys before.
    pub(crate) fn succeed(&mut self, succession: &Succession, chain: Vec<ByteVec>) {
        let (chain, keys) = (std::mem::replace(&mut self.chain, chain), succession.keys.clone());
        let keys = std::mem::replace(&mut self.keys, keys);
        self.former = Some(Former { chain, keys, until_ms: succession.until_ms });
        self.fingerprint = Fingerprint::of(&CertificateDer::from(succession.authority.as_slice())).to_string();
    }

    /// From when until when the machine's certificate is valid, in milliseconds since 1970.
    pub fn validity_ms(&self) -> Option<(i64, i64)> {
        let (_, certificate) = x509_parser::parse_x509_certificate(self.chain.first()?).ok()?;
        let validity = certificate.validity();
        Some((validity.not_before.timestamp() * 1000, validity.not_after.timestamp() * 1000))
    }
}

/// A membership and the key that proves it.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Identity {
    /// What was joined.
    #[n(0)]
    pub(crate) membership: Membership,
    /// The key (PKCS #8).
    #[n(1)]
    pub(crate) key: ByteVec,
}

impl Drop for Identity {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(self.key.as_mut_slice());
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("membership", &self.membership).finish_non_exhaustive()
    }
}
