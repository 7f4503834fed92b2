//! Listening: connections are let in one by one, given little time to say what they want, and handed
//! to HTTP. Everything goes through the doors of [`World`](diwan_kernel::World), so that it runs in a
//! simulation as it does in the world.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::TaskPolicy;
use diwan_kernel::world::Listener;

use crate::edge::Inner;

mod connection;
mod door;
mod opening;
mod paced;
mod tls;

pub(crate) use door::{Door, Slot};
pub(crate) use tls::Tls;
pub use tls::{TlsError, check_certificate};

/// After an accept that failed (too many open files), others get the chance to finish.
const BREATH: Duration = Duration::from_millis(100);

/// Why the server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened at.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Where the server listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Serving {
    /// For people and programs.
    pub local_addr: SocketAddr,
    /// For Prometheus.
    pub metrics_addr: Option<SocketAddr>,
    /// Whether it speaks https itself.
    pub is_tls: bool,
}

/// What is behind a listener.
#[derive(Clone)]
pub(crate) enum Behind {
    /// The product.
    Everything(Option<Arc<Tls>>),
    /// The metrics page.
    Metrics,
}

/// Lets connections in until the shutdown begins.
pub(crate) fn let_in(edge: &Arc<Inner>, listener: Box<dyn Listener>, behind: Behind) {
    edge.supervisor.spawn("accept", TaskPolicy::Critical, accept(edge.clone(), listener, behind));
}

async fn accept(edge: Arc<Inner>, listener: Box<dyn Listener>, behind: Behind) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = edge.supervisor.stopping() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "a connection could not be accepted");
                if !edge.supervisor.pause(BREATH).await {
                    return;
                }
                continue;
            }
        };
        // Closing at once is the cheapest answer to a flood.
        let Some(slot) = edge.door.admit(peer.ip(), &edge.settings.get(), &edge.metrics) else { continue };
        let serving = connection::serve(edge.clone(), stream, peer, slot, behind.clone());
        edge.supervisor.spawn("connection", TaskPolicy::Once, serving);
    }
}
