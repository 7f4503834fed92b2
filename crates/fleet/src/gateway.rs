//! How a connection begins: the handshake in which both prove themselves, and what is spoken after it.

use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

use diwan_kernel::Problem;
use diwan_kernel::world::BoxStream;
use diwan_link::tls::{JOIN, TALK, known_authority};
use diwan_link::ws::WsBytes;
use diwan_link::{Driver, Limits, Link, Side};
use tokio::io::AsyncWriteExt;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::acceptor::Meeting;
use crate::farewell::Farewell;
use crate::fleet::Fleet;
use crate::shown::Shown;

/// A handshake takes no longer, nor does what must follow at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// A farewell is not waited for longer than this.
const PARTING: Duration = Duration::from_millis(500);
/// When those come again who found the vault sealed.
const COME_AGAIN: Duration = Duration::from_secs(15);
/// Who wants to join says one thing, and it is short.
const OF_NEWCOMERS: Limits = Limits { streams: 1, window: 64 * 1024, message: 64 * 1024 };
/// A machine opens one stream. A second is refused in words, not by the link.
const OF_MACHINES: Limits = Limits { streams: 2, window: 64 * 1024, message: 1024 * 1024 };

type Secured = TlsStream<WsBytes<BoxStream>>;

impl Fleet {
    /// Whether machines can be taken in now.
    ///
    /// # Errors
    /// 503 while the vault is sealed.
    pub fn ready(&self) -> Result<(), Problem> {
        match self.vault().sealed() {
            None => Ok(()),
            Some(sealed) => {
                let detail = format!("The vault is sealed, so machines cannot prove themselves. {}", sealed.detail);
                Err(Problem::unavailable("vault_sealed", detail, COME_AGAIN))
            }
        }
    }

    /// Talks to a machine over the frames of a WebSocket until that is over.
    pub async fn serve(&self, connection: BoxStream, from: IpAddr) {
        let met = tokio::time::timeout(PATIENCE, Box::pin(self.meet(connection)));
        match met.await {
            Ok(Ok((connection, generation, None))) => {
                let (link, driver) = Link::new(connection, Side::Acceptor, OF_NEWCOMERS);
                carry(link.clone(), driver, Box::pin(self.welcome_newcomer(link, generation, from))).await;
            }
            Ok(Ok((connection, generation, Some(shown)))) => {
                let (link, driver) = Link::new(connection, Side::Acceptor, OF_MACHINES);
                carry(link.clone(), driver, Box::pin(self.talk(link, generation, shown, from))).await;
            }
            Ok(Err(why)) => tracing::debug!(%from, why, "a machine was not let in"),
            Err(_) => tracing::debug!(%from, "a machine took too long to prove itself"),
        }
    }

    /// Both prove themselves, with the keys that the machine knows. Who shows no certificate can only join.
    async fn meet(&self, connection: BoxStream) -> Result<(Secured, u64, Option<Shown>), String> {
        let bytes = WsBytes::accepted(connection);
        let begun = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), bytes).await;
        let begun = begun.map_err(|error| error.to_string())?;
        let knows = begun.client_hello().alpn().and_then(known_authority);
        let met = self.meeting(knows).await;
        let Meeting { generation, config } = met.map_err(|problem| problem.detail().to_owned())?;
        let connection = match begun.into_stream(config).into_fallible().await {
            Ok(connection) => connection,
            Err((error, mut bytes)) => {
                // What is wrong with its proof still waits to be sent.
                let _ = bytes.shutdown().await;
                return Err(error.to_string());
            }
        };
        let session = connection.get_ref().1;
        let certificate = session.peer_certificates().and_then(<[_]>::first);
        let shown = match (session.alpn_protocol(), certificate) {
            (Some(JOIN), None) => None,
            (Some(TALK), Some(certificate)) => {
                Some(Shown::read(certificate).ok_or("its certificate names no machine")?)
            }
            _ => return Err("what it speaks does not fit what it showed".to_owned()),
        };
        Ok((connection, generation, shown))
    }
}

/// Runs a conversation and the link under it. Whichever ends first ends the other; the machine is told why.
async fn carry(link: Link, mut driver: Driver, conversation: impl Future<Output = Farewell> + Send + Unpin) {
    tokio::select! {
        biased;
        farewell = conversation => {
            link.close(farewell.retry_after, &farewell.reason);
            let _ = tokio::time::timeout(PARTING, &mut driver).await;
        }
        _ = &mut driver => {}
    }
}
