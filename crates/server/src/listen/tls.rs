//! TLS 1.2 and 1.3 with the operator's certificate, which is read again when its files change.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use diwan_kernel::{Supervisor, World};
use ring::digest::{SHA256, digest};
use rustls::crypto::ring as provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Why the certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("the certificate cannot be read: {0}")]
    Unreadable(#[from] diwan_kernel::world::DiskError),
    /// The files do not hold what they should, or do not belong together.
    #[error("the certificate {certificate} with the key {key} cannot be used: {why}")]
    Unusable {
        /// The certificate's file.
        certificate: String,
        /// The key's file.
        key: String,
        /// What is wrong.
        why: String,
    },
}

/// Says whether a server could use this certificate with this key.
///
/// # Errors
/// Why it could not.
pub fn check_certificate(world: &World, certificate: &str, key: &str) -> Result<(), TlsError> {
    Files { certificate: certificate.into(), key: key.into() }.read(world).map(drop)
}

/// A certificate with its key, by their files.
#[derive(Debug, Clone)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// The certificate in force.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// The server's side of TLS.
pub(crate) struct Tls {
    pub(super) acceptor: TlsAcceptor,
    current: Arc<Current>,
    files: Files,
}

impl Tls {
    /// Reads the certificate.
    ///
    /// # Errors
    /// When it cannot be used.
    pub(crate) fn open(world: &World, certificate: &str, key: &str) -> Result<Self, TlsError> {
        let files = Files { certificate: certificate.into(), key: key.into() };
        let (certified, _) = files.read(world)?;
        let current = Arc::new(Current(RwLock::new(Arc::new(certified))));
        let versions = rustls::ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
            .with_safe_default_protocol_versions();
        let mut config = versions
            .map_err(|e| files.unusable(e.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(current.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.ticketer = provider::Ticketer::new().map_err(|e| files.unusable(e.to_string()))?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), current, files })
    }

    /// Looks at the files now and then; a certificate that is not usable leaves the old one in force.
    pub(crate) async fn keep_fresh(self: Arc<Self>, world: World, supervisor: Supervisor) {
        let mut seen = self.files.read(&world).ok().map(|(_, print)| print);
        while supervisor.pause(LOOK_AGAIN).await {
            match self.files.read(&world) {
                Ok((_, print)) if seen == Some(print) => {}
                Ok((certified, print)) => {
                    *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
                    seen = Some(print);
                    tracing::info!("the TLS certificate was read again");
                }
                Err(error) if seen.is_some() => {
                    tracing::warn!(%error, "the TLS certificate changed but cannot be used; the old one stays in force");
                    seen = None;
                }
                Err(_) => {}
            }
        }
    }
}

type Fingerprint = [u8; 32];

impl Files {
    fn read(&self, world: &World) -> Result<(CertifiedKey, Fingerprint), TlsError> {
        let (chain, key) = (world.disk().read(&self.certificate)?, world.disk().read(&self.key)?);
        let mut print = Fingerprint::default();
        print.copy_from_slice(digest(&SHA256, &[&chain[..], &key[..]].concat()).as_ref());
        let unusable = |e: rustls::pki_types::pem::Error| self.unusable(e.to_string());
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&chain).collect::<Result<_, _>>().map_err(unusable)?;
        if chain.is_empty() {
            return Err(self.unusable("there is no certificate in it".into()));
        }
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(unusable)?;
        let certified = CertifiedKey::from_der(chain, key, &provider::default_provider());
        let why = |e| match e {
            rustls::Error::InconsistentKeys(_) => "the key does not belong to the certificate".to_owned(),
            other => other.to_string(),
        };
        Ok((certified.map_err(|e| self.unusable(why(e)))?, print))
    }

    fn unusable(&self, why: String) -> TlsError {
        let (certificate, key) = (self.certificate.display().to_string(), self.key.display().to_string());
        TlsError::Unusable { certificate, key, why }
    }
}
