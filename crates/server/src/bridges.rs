//! The door for machines: a WebSocket at `/bridge`. Who a machine is, it proves behind this door, to whoever
//! the composition put there; a cookie or a token means nothing here.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::Request;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::Response;
use diwan_kernel::world::BoxStream;
use diwan_kernel::{Problem, TaskPolicy};
use hyper_util::rt::TokioIo;

use crate::config::ServerConfig;
use crate::edge::Inner;
use crate::live::handshake;
use crate::pass::problems;

/// Where machines connect.
pub(crate) const PATH: &str = "/bridge";
/// When a machine that found no room or a server on its way out comes again; each adds a chance of its own.
const COME_AGAIN: Duration = Duration::from_secs(5);

/// Takes in the connections of machines. The composition fills this in.
#[async_trait]
pub trait TakesMachines: Send + Sync {
    /// Whether machines can be taken in now.
    ///
    /// # Errors
    /// Why not.
    fn ready(&self) -> Result<(), Problem>;

    /// Talks to whoever is at the other end until that is over. What flows are the frames of a WebSocket
    /// whose handshake is done.
    async fn serve(&self, connection: BoxStream, from: IpAddr);

    /// What is handed out at this path to machines that are to join, if anything is.
    async fn hand_out(&self, path: &str) -> Option<Result<Response, Problem>>;
}

impl Inner {
    /// Opens the door for a machine.
    ///
    /// # Errors
    /// 426 when it is no WebSocket, 429 when there is no room, 503 when machines cannot be taken in now.
    pub(crate) fn let_machine_in(
        &self,
        request: &mut Request,
        from: IpAddr,
        settings: &ServerConfig,
    ) -> Result<Response, Problem> {
        let bridges = self.bridges.clone().ok_or_else(problems::no_such_route)?;
        if self.supervisor.is_stopping() {
            return Err(Problem::unavailable("stopping", "The server is stopping.", COME_AGAIN));
        }
        bridges.ready()?;
        let (answer, upgrade) = handshake::accept(request)?;
        let most = (settings.max_machine_connections, settings.max_machine_connections_per_address);
        let place = self.machines.take(from, most).ok_or_else(no_room)?;
        self.supervisor.spawn("machine", TaskPolicy::Once, async move {
            let _place = place;
            match upgrade.await {
                Ok(socket) => bridges.serve(Box::new(TokioIo::new(socket)), from).await,
                Err(error) => tracing::debug!(%error, "the connection of a machine did not begin"),
            }
        });
        Ok(answer)
    }

    /// Hands out what machines need to join.
    ///
    /// # Errors
    /// 404 when nothing is there, 405 when more is asked than to read it.
    pub(crate) async fn hand_out(&self, parts: &Parts) -> Result<Response, Problem> {
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return Err(problems::method_not_allowed());
        }
        let bridges = self.bridges.as_ref().ok_or_else(problems::no_such_route)?;
        bridges.hand_out(parts.uri.path()).await.ok_or_else(problems::no_such_route)?
    }
}

/// Whether this is where machines that are to join fetch what they need.
pub(crate) fn is_handed_out(path: &str) -> bool {
    path == "/install.sh" || path.starts_with("/downloads/")
}

fn no_room() -> Problem {
    let detail = "As many machines are connected, in all or from this address, as may be.";
    Problem::too_many("too_many_machine_connections", detail, COME_AGAIN)
}

/// Who takes machines in, where anybody does.
pub(crate) type MachineDoor = Option<Arc<dyn TakesMachines>>;
