//! Connections without sockets.

use std::net::SocketAddr;
use std::sync::Mutex;

use async_trait::async_trait;
use diwan_kernel::world::{BoxStream, Listener, Net};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;

const BUFFER_BYTES: usize = 64 * 1024;

/// Where connections come from.
pub(crate) struct Door(mpsc::UnboundedSender<(BoxStream, SocketAddr)>);

impl Door {
    /// A new connection from this address.
    pub(crate) fn connect_from(&self, peer: &str) -> DuplexStream {
        let (near, far) = tokio::io::duplex(BUFFER_BYTES);
        assert!(self.0.send((Box::new(far), peer.parse().unwrap())).is_ok(), "nobody lets in any more");
        near
    }
}

/// A listener whose connections come from the test.
pub(crate) struct Pipes(tokio::sync::Mutex<mpsc::UnboundedReceiver<(BoxStream, SocketAddr)>>);

pub(crate) fn pipes() -> (Door, Pipes) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Door(sender), Pipes(tokio::sync::Mutex::new(receiver)))
}

#[async_trait]
impl Listener for Pipes {
    async fn accept(&self) -> std::io::Result<(BoxStream, SocketAddr)> {
        match self.0.lock().await.recv().await {
            Some(connection) => Ok(connection),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(SocketAddr::from(([127, 0, 0, 1], 7400)))
    }
}

/// The doors that the edge opens by itself.
#[derive(Default)]
pub(crate) struct Doors(Mutex<Vec<Door>>);

impl Doors {
    /// A connection through the first one, from this machine.
    pub(crate) fn connect(&self) -> DuplexStream {
        self.0.lock().unwrap().first().expect("the edge opened a door").connect_from("127.0.0.1:1")
    }
}

#[async_trait]
impl Net for Doors {
    async fn listen(&self, _: SocketAddr) -> std::io::Result<Box<dyn Listener>> {
        let (door, listener) = pipes();
        self.0.lock().unwrap().push(door);
        Ok(Box::new(listener))
    }

    async fn connect(&self, _: &str, _: u16) -> std::io::Result<BoxStream> {
        Ok(Box::new(self.connect()))
    }
}
