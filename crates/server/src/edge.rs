//! The edge itself: built once, then answering until the shutdown.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Request};
use axum::response::Response;
use diwan_kernel::config::Live;
use diwan_kernel::world::Listener;
use diwan_kernel::{Db, Supervisor, TaskPolicy, World};

use crate::authenticator::Authenticator;
use crate::bridges::MachineDoor;
use crate::builder::{Builder, Ground};
use crate::config::ServerConfig;
use crate::dashboard::Dashboard;
use crate::health::Readiness;
use crate::listen::{self, Behind, Door, ServeError, Serving, Tls};
use crate::metrics::Metrics;
use crate::operation::Operations;
use crate::pass::Entrance;
use crate::pass::host::Hosts;
use crate::pass::limits::Limits;
use crate::pass::promise::Promises;
use crate::pass::refusals::Refusals;

/// The edge. Cheap to clone.
#[derive(Clone)]
pub struct Edge {
    inner: Arc<Inner>,
}

/// What answering a request needs.
pub(crate) struct Inner {
    pub world: World,
    pub db: Db,
    pub supervisor: Supervisor,
    /// What may change while it runs: looked at once for each request and each connection.
    pub settings: Live<ServerConfig>,
    /// Whether people reach it by https, as far as it was told.
    pub is_https: bool,
    pub version: &'static str,
    /// When it was built, by the monotonic clock.
    pub started: Duration,
    pub hosts: Hosts,
    pub authenticator: Arc<dyn Authenticator>,
    pub operations: Operations,
    pub router: Router,
    pub document: Bytes,
    pub document_tag: HeaderValue,
    pub dashboard: Option<Dashboard>,
    pub limits: Limits,
    pub promises: Promises,
    pub refusals: Refusals,
    pub readiness: Readiness,
    pub metrics: Arc<Metrics>,
    pub door: Arc<Door>,
    /// Where machines connect, and how many did.
    pub bridges: MachineDoor,
    pub machines: Arc<Door>,
}

impl std::fmt::Debug for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edge").field("operations", &self.inner.operations.all().len()).finish_non_exhaustive()
    }
}

impl Edge {
    /// Begins to put one together, which follows these settings.
    pub fn builder(ground: Ground, settings: impl Into<Live<ServerConfig>>) -> Builder {
        Builder::new(ground, settings.into())
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// The OpenAPI document, as it is served at `/api/v1/openapi.json`.
    pub fn openapi(&self) -> &str {
        std::str::from_utf8(&self.inner.document).unwrap_or_default()
    }

    /// Answers a request that did not come over a connection.
    pub async fn call(&self, request: Request<Body>, peer: SocketAddr) -> Response {
        self.inner.answer(request, peer, &Entrance::default()).await
    }

    /// Lets in whoever comes to this listener, until the supervisor begins the shutdown. With a
    /// certificate configured it speaks TLS. Metrics are served where the configuration says.
    ///
    /// # Errors
    /// When the certificate cannot be used or the address for metrics cannot be listened at.
    pub async fn serve(&self, listener: Box<dyn Listener>) -> Result<Serving, ServeError> {
        let edge = &self.inner;
        let settings = edge.settings.get();
        let tls = match (&settings.tls_cert, &settings.tls_key) {
            (Some(certificate), Some(key)) => Some(Arc::new(Tls::open(&edge.world, certificate, key)?)),
            _ => None,
        };
        if let Some(tls) = tls.clone() {
            let fresh = tls.keep_fresh(edge.world.clone(), edge.supervisor.clone());
            edge.supervisor.spawn("certificate watch", TaskPolicy::Critical, fresh);
        }
        let metrics_addr = match settings.metrics_listen {
            Some(at) => Some(self.serve_metrics(at).await?),
            None => None,
        };
        let at = settings.listen;
        let local_addr = listener.local_addr().map_err(|source| ServeError::Listen { address: at, source })?;
        let is_tls = tls.is_some();
        listen::let_in(edge, listener, Behind::Everything(tls));
        Ok(Serving { local_addr, metrics_addr, is_tls })
    }

    async fn serve_metrics(&self, at: SocketAddr) -> Result<SocketAddr, ServeError> {
        let failed = |source| ServeError::Listen { address: at, source };
        let listener = self.inner.world.net().listen(at).await.map_err(failed)?;
        let local_addr = listener.local_addr().map_err(failed)?;
        listen::let_in(&self.inner, listener, Behind::Metrics);
        Ok(local_addr)
    }
}
