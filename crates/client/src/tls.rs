//! Whom to believe that they are the server.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring as provider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use serde::{Deserialize, Serialize};

use crate::error::ClientError;

/// Whom to believe that they are the server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Whoever the operating system trusts.
    #[default]
    System,
    /// Whoever the authorities in this PEM file vouch for, and nobody else.
    CaFile(PathBuf),
    /// The one certificate with this SHA-256 fingerprint, and nobody else.
    Pinned(Fingerprint),
}

/// The SHA-256 digest of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; 32]);

impl FromStr for Fingerprint {
    type Err = String;

    /// Reads 64 hexadecimal digits, with or without colons and `sha256:` before.
    fn from_str(given: &str) -> Result<Self, String> {
        let wrong = || "a fingerprint is the SHA-256 of the certificate: 64 hexadecimal digits".to_owned();
        let text = given.trim().to_lowercase();
        let digits: Vec<u32> = text
            .strip_prefix("sha256:")
            .unwrap_or(&text)
            .chars()
            .filter(|c| *c != ':')
            .map(|c| c.to_digit(16))
            .collect::<Option<_>>()
            .ok_or_else(wrong)?;
        let bytes: Vec<u8> = digits.chunks(2).filter_map(|p| u8::try_from(p.first()? << 4 | p.get(1)?).ok()).collect();
        <[u8; 32]>::try_from(bytes).ok().filter(|_| digits.len() == 64).map(Self).ok_or_else(wrong)
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = String;

    fn try_from(given: String) -> Result<Self, String> {
        given.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Trust {
    /// Sets a connection up to believe them.
    pub(crate) fn apply(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, ClientError> {
        // One provider everywhere; a second attempt finds the first one's.
        let _ = provider::default_provider().install_default();
        match self {
            Self::System => Ok(builder),
            Self::CaFile(path) => {
                let unusable =
                    |why: String| ClientError::Setup(format!("the file {} cannot be used: {why}", path.display()));
                let pem = std::fs::read(path).map_err(|e| unusable(e.to_string()))?;
                let authorities = reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| unusable(e.to_string()))?;
                if authorities.is_empty() {
                    return Err(unusable("it holds no certificate in PEM".into()));
                }
                Ok(builder.tls_certs_only(authorities))
            }
            Self::Pinned(fingerprint) => {
                let provider = Arc::new(provider::default_provider());
                let pinned = Arc::new(Pinned { fingerprint: *fingerprint, provider: provider.clone() });
                let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
                let config = config.map_err(|e| ClientError::Setup(e.to_string()))?;
                let config = config.dangerous().with_custom_certificate_verifier(pinned).with_no_client_auth();
                Ok(builder.tls_backend_preconfigured(config))
            }
        }
    }
}

/// What is wrong with the server's certificate, when that is the cause.
pub(crate) fn distrust(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    let within = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    let error = cause.downcast_ref::<Error>().or_else(|| within?.downcast_ref::<Error>())?;
    Some(match error {
        Error::InvalidCertificate(why) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired".into(),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet: is the clock right?".into()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another name".into()
            }
            CertificateError::UnknownIssuer => "no authority that is trusted here vouches for its certificate".into(),
            CertificateError::ApplicationVerificationFailure => NOT_PINNED.into(),
            // Made by its owner, like `openssl req -x509` does.
            other => format!("its certificate is not one that an authority gave to a server ({other:?})"),
        },
        _ => return None,
    })
}

const NOT_PINNED: &str = "its certificate is not the one with the given fingerprint";

/// Believes one certificate: what an authority would say does not matter, what the certificate's key
/// signed does.
#[derive(Debug)]
struct Pinned {
    fingerprint: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if digest(&SHA256, end_entity).as_ref() == self.fingerprint.0 {
            return Ok(ServerCertVerified::assertion());
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_reads_in_every_usual_form() {
        let plain = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        for given in [&plain, &colons, &format!("sha256:{plain}")] {
            assert_eq!(given.parse::<Fingerprint>().map(|f| f.to_string()), Ok(format!("sha256:{plain}")));
        }
        for given in ["", "ab", &"zz".repeat(32), &"a".repeat(63)] {
            assert!(given.parse::<Fingerprint>().is_err(), "{given}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused() -> Result<(), Box<dyn std::error::Error>> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), "nothing")?;
        let trust = Trust::CaFile(file.path().to_owned());
        assert!(matches!(trust.apply(reqwest::Client::builder()), Err(ClientError::Setup(_))));
        Ok(())
    }
}
