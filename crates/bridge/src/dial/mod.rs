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
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

pub use error::DialError;
pub(crate) use target::Target;

/// All of it together takes no longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// One address of several takes no longer.
const PATIENCE_EACH: Duration = Duration::from_secs(5);
/// What was sent and is not confirmed for so long is not going to be.
const UNCONFIRMED: Duration = Duration::from_secs(20);
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
    let tcp = match &proxy {
        None => connect(&target.host, target.port).await.map_err(|e| DialError::Unreachable(target.to_string(), e))?,
        Some(proxy) => {
            let at = format!("{}:{}", proxy.host, proxy.port);
            let failed = |e: &dyn std::fmt::Display| DialError::Proxy(format!("{at}: {e}"));
            let mut tcp = connect(&proxy.host, proxy.port).await.map_err(|e| failed(&e))?;
            proxy::connect(&mut tcp, proxy, target).await.map_err(|e| failed(&e))?;
            tcp
        }
    };
    if target.is_secure { outer::wrap(world, target, tcp).await } else { Ok(Box::new(tcp)) }
}

/// The name is looked up every time: it may mean another address by now. All its addresses are tried.
async fn connect(host: &str, port: u16) -> std::io::Result<TcpStream> {
    let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "the name has no address");
    for address in tokio::net::lookup_host((host, port)).await? {
        match tokio::time::timeout(PATIENCE_EACH, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return settle(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = std::io::Error::new(std::io::ErrorKind::TimedOut, format!("{address} does not answer")),
        }
    }
    Err(last)
}

/// Small messages go at once, and a dead connection is found out by the kernel too.
fn settle(stream: TcpStream) -> std::io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(UNCONFIRMED))?;
    Ok(stream)
}
