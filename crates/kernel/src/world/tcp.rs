//! The network of the machine: TCP.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::{TcpListener, TcpStream, lookup_host};

use super::{BoxStream, Listener, Net};

/// One address of several takes no longer.
const PATIENCE_EACH: Duration = Duration::from_secs(5);
/// What was sent and is not confirmed for so long is not going to be.
const UNCONFIRMED: Duration = Duration::from_secs(20);

pub(super) struct TcpNet;

#[async_trait]
impl Net for TcpNet {
    async fn listen(&self, at: SocketAddr) -> Result<Box<dyn Listener>> {
        Ok(Box::new(TcpDoor(TcpListener::bind(at).await?)))
    }

    async fn connect(&self, host: &str, port: u16) -> Result<BoxStream> {
        let mut last = Error::new(ErrorKind::NotFound, "the name has no address");
        for address in lookup_host((host, port)).await? {
            match tokio::time::timeout(PATIENCE_EACH, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return settle(stream),
                Ok(Err(error)) => last = error,
                Err(_) => last = Error::new(ErrorKind::TimedOut, format!("{address} does not answer")),
            }
        }
        Err(last)
    }
}

/// Small messages go at once, and a dead connection is found out by the system too.
fn settle(stream: TcpStream) -> Result<BoxStream> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(UNCONFIRMED))?;
    Ok(Box::new(stream))
}

struct TcpDoor(TcpListener);

#[async_trait]
impl Listener for TcpDoor {
    async fn accept(&self) -> Result<(BoxStream, SocketAddr)> {
        let (stream, from) = self.0.accept().await?;
        // Small answers must not wait for more bytes to fill a packet.
        stream.set_nodelay(true)?;
        Ok((Box::new(stream), from))
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        self.0.local_addr()
    }
}
