//! The inner TLS 1.3: end to end between control plane and machine, whatever proxies stand in between.
//!
//! The control plane has a certificate authority of its own, which no browser and no system knows. A
//! machine knows it by its fingerprint before it says anything: it stands in the line that joins it. From
//! then on both prove themselves; who a machine is says the key that it proves.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use ring::digest::{SHA256, digest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring as provider};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::time_provider::TimeProvider;
use rustls::version::TLS13;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig,
    SignatureScheme,
};

/// What the control plane is called in its own certificate. No name server knows the name: a machine trusts
/// the key, wherever it finds it.
pub const CONTROL_PLANE: &str = "control-plane.diwan.internal";
/// What a machine without a certificate speaks: it may only ask for one.
pub const JOIN: &[u8] = b"diwan-join/1";
/// What a machine with a certificate speaks.
pub const TALK: &[u8] = b"diwan-link/1";
/// What stands before the fingerprint of the authority that a machine knows, among what it says that it speaks:
/// while the control plane changes its keys, it shows each machine the ones that it believes.
const KNOWS: &[u8] = b"diwan-knows/";
/// For so long after its end a certificate still says who somebody is: a machine that was switched off may
/// come back with the key it has. Whether it is still one of ours is asked of those who know.
pub const GRACE: Duration = Duration::from_secs(30 * 24 * 3600);

/// SHA-256 over a certificate, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of this certificate.
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, certificate).as_ref());
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint has 64 hexadecimal digits")]
pub struct NoFingerprint;

impl FromStr for Fingerprint {
    type Err = NoFingerprint;

    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NoFingerprint);
        }
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| NoFingerprint)?;
        }
        Ok(Self(bytes))
    }
}

/// A certificate with those that vouch for it, and its key.
#[derive(Debug)]
pub struct Identity {
    /// The certificate first, the authority's last.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key of the first.
    pub key: PrivateKeyDer<'static>,
}

/// How the control plane meets machines: those of its authority, and those that want to join.
///
/// # Errors
/// When the identity does not fit together.
pub fn control_plane(
    identity: Identity,
    authority: &CertificateDer<'static>,
    time: Arc<dyn TimeProvider>,
) -> Result<ServerConfig, Error> {
    let provider = Arc::new(provider::default_provider());
    let machines = WebPkiClientVerifier::builder_with_provider(Arc::new(only(authority)?), Arc::clone(&provider));
    // Who shows none may join; what they speak then is looked at before anything is said.
    let machines = machines.allow_unauthenticated().build().map_err(|e| Error::General(e.to_string()))?;
    let machines = Arc::new(Forgiving(machines));
    let config = ServerConfig::builder_with_details(provider, time).with_protocol_versions(&[&TLS13])?;
    let mut config = config.with_client_cert_verifier(machines).with_single_cert(identity.chain, identity.key)?;
    config.alpn_protocols = vec![TALK.to_vec(), JOIN.to_vec()];
    // Tickets would let a machine come back without showing its certificate, which may be revoked by then.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    Ok(config)
}

/// How a machine joins: it knows the authority's fingerprint and nothing else.
///
/// # Errors
/// When the system's cryptography cannot be set up.
pub fn joining(authority: Fingerprint, time: Arc<dyn TimeProvider>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(provider::default_provider());
    let pinned = Pinned { authority, provider: Arc::clone(&provider) };
    let config = ClientConfig::builder_with_details(provider, time).with_protocol_versions(&[&TLS13])?;
    let config = config.dangerous().with_custom_certificate_verifier(Arc::new(pinned));
    Ok(finish(config.with_no_client_auth(), JOIN, authority))
}

/// How a machine that has joined talks.
///
/// # Errors
/// When the identity does not fit together.
pub fn machine(
    identity: Identity,
    authority: &CertificateDer<'static>,
    time: Arc<dyn TimeProvider>,
) -> Result<ClientConfig, Error> {
    let provider = Arc::new(provider::default_provider());
    let config = ClientConfig::builder_with_details(provider, time).with_protocol_versions(&[&TLS13])?;
    let config = config.with_root_certificates(only(authority)?);
    Ok(finish(config.with_client_auth_cert(identity.chain, identity.key)?, TALK, Fingerprint::of(authority)))
}

/// The fingerprint of the authority that a machine knows, by what it says that it speaks.
pub fn known_authority<'a>(mut speaks: impl Iterator<Item = &'a [u8]>) -> Option<Fingerprint> {
    let text = speaks.find_map(|one| one.strip_prefix(KNOWS))?;
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn finish(mut config: ClientConfig, speaks: &[u8], authority: Fingerprint) -> ClientConfig {
    config.alpn_protocols = vec![speaks.to_vec(), [KNOWS, authority.to_string().as_bytes()].concat()];
    config.resumption = rustls::client::Resumption::disabled();
    config
}

fn only(authority: &CertificateDer<'static>) -> Result<RootCertStore, Error> {
    let mut store = RootCertStore::empty();
    store.add(authority.clone())?;
    Ok(store)
}

/// Believes certificates of machines for [`GRACE`] after their end, and before their beginning, since they were made
/// while our clock was ahead; everything else about them must hold.
#[derive(Debug)]
struct Forgiving(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for Forgiving {
    fn client_auth_mandatory(&self) -> bool {
        self.0.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match self.0.verify_client_cert(end_entity, intermediates, now) {
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }))
                if now.as_secs().saturating_sub(not_after.as_secs()) <= GRACE.as_secs() =>
            {
                self.0.verify_client_cert(end_entity, intermediates, not_after)
            }
            Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => {
                self.0.verify_client_cert(end_entity, intermediates, not_before)
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Trusts the authority of this fingerprint, which the other end shows with its own certificate, and
/// whatever that authority vouches for.
#[derive(Debug)]
struct Pinned {
    authority: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let authority = intermediates.iter().find(|shown| Fingerprint::of(shown) == self.authority);
        let authority = authority.ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        let roots = Arc::new(only(&authority.clone().into_owned())?);
        let usual = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&self.provider));
        let usual = usual.build().map_err(|e| Error::General(e.to_string()))?;
        usual.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("only TLS 1.3 is spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
