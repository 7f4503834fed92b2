//! The way to the control plane: names, proxies, TLS of the web, the WebSocket, and inside it all the TLS
//! that proves who is who.

mod error;
mod outer;
mod proxy;
mod target;

use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::World;
use diwan_kernel::world::BoxStream;
use diwan_link::ws::WsBytes;
use diwan_link::{Driver, Limits, Link, Side};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

pub use error::DialError;
pub(crate) use target::Target;

/// All of it together takes no longer.
const PATIENCE: Duration = Duration::from_secs(20);
const HANDSHAKE: usize = 4 * 1024;

/// Dials, and proves and is proven to with this configuration.
pub(crate) async fn dial(world: &World, target: &Target, inner: ClientConfig) -> Result<(Link, Driver), DialError> {
    let dialled = tokio::time::timeout(PATIENCE, all_the_way(world, target, inner)).await;
    dialled.unwrap_or_else(|_| Err(DialError::TooSlow(target.to_string())))
}

async fn all_the_way(world: &World, target: &Target, inner: ClientConfig) -> Result<(Link, Driver), DialError> {
    let stream = reach(world, target).await?;
    let asked = tokio_tungstenite::client_async_with_config(target.websocket(), stream, Some(handshake()));
    let (socket, _) = asked.await.map_err(|e| DialError::from_websocket(target, e))?;
    let name = ServerName::try_from(diwan_link::tls::CONTROL_PLANE).map_err(|e| DialError::Inner(e.to_string()))?;
    let connected = TlsConnector::from(Arc::new(inner)).connect(name, WsBytes::dialled(socket.into_inner())).await;
    let connection = connected.map_err(DialError::from_inner)?;
    Ok(Link::new(connection, Side::Dialler, Limits::default()))
}

/// The handshake needs no more than this; what comes after it is the link's.
fn handshake() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(HANDSHAKE).write_buffer_size(0)
}

/// The stream that the WebSocket is spoken over.
async fn reach(world: &World, target: &Target) -> Result<BoxStream, DialError> {
    let proxy = proxy::for_target(target, |name| std::env::var(name).ok()).map_err(DialError::Proxy)?;
    let net = world.net();
    let stream = match &proxy {
        None => {
            let reached = net.connect(&target.host, target.port).await;
            reached.map_err(|e| DialError::Unreachable(target.to_string(), e))?
        }
        Some(proxy) => {
            let at = format!("{}:{}", proxy.host, proxy.port);
            let failed = |e: &dyn std::fmt::Display| DialError::Proxy(format!("{at}: {e}"));
            let mut stream = net.connect(&proxy.host, proxy.port).await.map_err(|e| failed(&e))?;
            proxy::connect(&mut stream, proxy, target).await.map_err(|e| failed(&e))?;
            stream
        }
    };
    if target.is_secure { outer::wrap(world, target, stream).await } else { Ok(stream) }
}
