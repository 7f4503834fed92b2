//! The TLS of the web around it all, where the address says `https`. What is trusted is the TLS inside; this
//! one only has to satisfy the reverse proxies on the way.

use std::sync::Arc;

use diwan_kernel::World;
use diwan_kernel::world::BoxStream;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use super::{DialError, Target};
use crate::tls_time::WorldTime;

/// Speaks TLS to whoever the system trusts.
pub(super) async fn wrap(world: &World, target: &Target, stream: BoxStream) -> Result<BoxStream, DialError> {
    let failed = |why: String| DialError::Outer(target.to_string(), why);
    let name = ServerName::try_from(target.host.clone()).map_err(|e| failed(e.to_string()))?;
    let config = config(world).map_err(|e| failed(e.to_string()))?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    Ok(Box::new(connected.map_err(|e| failed(e.to_string()))?))
}

/// The system's authorities are read every time: connecting is rare, and what is not kept takes no memory.
fn config(world: &World) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_details(provider, Arc::new(WorldTime(world.clone())));
    let builder = builder.with_safe_default_protocol_versions()?.with_root_certificates(roots);
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
