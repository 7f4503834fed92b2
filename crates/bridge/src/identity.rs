//! The machine's own key: made here, never sent, and asked a certificate for.

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

/// A P-256 key of the machine's own.
pub(crate) struct MachineKey {
    pair: KeyPair,
}

impl MachineKey {
    /// A new one.
    pub(crate) fn generate() -> Result<Self, String> {
        Ok(Self { pair: KeyPair::generate().map_err(|e| e.to_string())? })
    }

    /// The one in these bytes (PKCS #8).
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let der = PrivatePkcs8KeyDer::from(bytes);
        let pair = KeyPair::try_from(&der).map_err(|e| e.to_string())?;
        Ok(Self { pair })
    }

    /// Its bytes (PKCS #8).
    pub(crate) fn bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.pair.serialize_der())
    }

    /// For proving who we are.
    pub(crate) fn private(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.pair.serialize_der()))
    }

    /// A request for a certificate (PKCS #10, DER). Only the key in it counts.
    pub(crate) fn request(&self) -> Result<Vec<u8>, String> {
        let request = CertificateParams::default().serialize_request(&self.pair).map_err(|e| e.to_string())?;
        Ok(request.der().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_bytes_and_its_request_is_signed_by_it() {
        let key = MachineKey::generate().unwrap();
        let again = MachineKey::read(&key.bytes()).unwrap();
        assert_eq!(again.bytes(), key.bytes());
        let request = again.request().unwrap();
        let (rest, parsed) = x509_parser::certification_request::X509CertificationRequest::from_der(&request).unwrap();
        assert!(rest.is_empty());
        let public = &parsed.certification_request_info.subject_pki.subject_public_key.data;
        assert_eq!(public.as_ref(), key.pair.public_key_raw());
    }

    use x509_parser::prelude::FromDer;
}
