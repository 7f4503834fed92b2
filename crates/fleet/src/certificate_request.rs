//! What a machine asks a certificate with: only the key is taken from it, and that it has it.

use rcgen::{CertificateSigningRequestParams, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKey, PublicKeyData};
use ring::digest::{SHA256, digest};
use rustls::pki_types::CertificateSigningRequestDer;

/// No request is longer.
const LONGEST: usize = 8 * 1024;

/// A key whose owner has proved that it is theirs.
#[derive(Debug)]
pub(crate) struct ProvedKey {
    pub(crate) key: PublicKey,
    pub(crate) hash: [u8; 32],
}

impl ProvedKey {
    /// Reads a request; `None` when it is none, when it is not signed with its own key, or when the key is of
    /// another kind than machines have.
    pub(crate) fn read(request: &[u8]) -> Option<Self> {
        if request.len() > LONGEST {
            return None;
        }
        let request = CertificateSigningRequestDer::from(request);
        let key = CertificateSigningRequestParams::from_der(&request).ok()?.public_key;
        let length = key.der_bytes().len();
        let is_known = (PublicKeyData::algorithm(&key) == &PKCS_ED25519 && length == 32)
            || (PublicKeyData::algorithm(&key) == &PKCS_ECDSA_P256_SHA256 && length == 65);
        let hash = hash_of(key.der_bytes());
        is_known.then_some(Self { key, hash })
    }
}

/// What is remembered of a key: of the bits that stand in a certificate for it.
pub(crate) fn hash_of(key: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, key).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384};

    fn request(key: &KeyPair) -> Vec<u8> {
        CertificateParams::default().serialize_request(key).unwrap().der().to_vec()
    }

    #[test]
    fn a_key_is_taken_from_who_has_it() {
        for kind in [&PKCS_ED25519, &PKCS_ECDSA_P256_SHA256] {
            let key = KeyPair::generate_for(kind).unwrap();
            let proved = ProvedKey::read(&request(&key)).unwrap();
            assert_eq!(proved.hash, hash_of(key.public_key_raw()));
        }
        assert!(ProvedKey::read(&request(&KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap())).is_none());
    }

    proptest! {
        #[test]
        fn a_request_that_was_changed_is_none(at in any::<prop::sample::Index>(), bit in 0..8u8) {
            let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
            let mut bytes = request(&key);
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            // Nothing but the key counts, and that the rest was signed with it.
            prop_assert!(ProvedKey::read(&bytes).is_none_or(|proved| proved.hash == hash_of(key.public_key_raw())));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            prop_assert!(ProvedKey::read(&bytes).is_none());
        }
    }
}
