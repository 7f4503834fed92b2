//! How an edge is put together from the capabilities, which it does not know.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderValue;
use diwan_kernel::{Db, Events, Sealer, Supervisor, TaskPolicy, World};
use ring::digest::{SHA256, digest};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::authenticator::{Authenticator, NobodyKnown};
use crate::config::{ServerConfig, origin_of};
use crate::dashboard::Dashboard;
use crate::edge::{Edge, Inner};
use crate::health::Readiness;
use crate::listen::Door;
use crate::live::{Live, Places, TOPICS, Topic};
use crate::metrics::{Gauge, Metrics};
use crate::openapi;
use crate::operation::Operations;
use crate::pass::carry::Carrier;
use crate::pass::host::Hosts;
use crate::pass::limits::Limits;
use crate::pass::promise::Promises;
use crate::pass::refusals::Refusals;
use crate::platform::{NothingKnown, Platform, Setting, VitalSigns};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the edge stands on.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The doors to the world.
    pub world: World,
    /// The database.
    pub db: Db,
    /// What happens.
    pub events: Events,
    /// Seals the answers of idempotent writes.
    pub sealer: Sealer,
    /// Owns the tasks.
    pub supervisor: Supervisor,
}

/// Why the edge cannot be built: a mistake in the composition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the edge cannot be built: {0}")]
pub struct BuildError(String);

/// Puts an edge together.
pub struct Builder {
    ground: Ground,
    config: ServerConfig,
    capabilities: Vec<OpenApiRouter>,
    authenticator: Arc<dyn Authenticator>,
    vital_signs: Arc<dyn VitalSigns>,
    settings: Vec<Setting>,
    topics: Vec<Topic>,
    dashboard: Option<Dashboard>,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Builder {
    pub(crate) fn new(ground: Ground, config: ServerConfig) -> Self {
        let authenticator = Arc::new(NobodyKnown { world: ground.world.clone() });
        Self {
            ground,
            config,
            capabilities: vec![],
            authenticator,
            vital_signs: Arc::new(NothingKnown),
            settings: vec![],
            topics: TOPICS.to_vec(),
            dashboard: None,
        }
    }

    /// Adds a capability: its operations, with paths below `/api/v1`.
    #[must_use]
    pub fn capability(mut self, routes: OpenApiRouter) -> Self {
        self.capabilities.push(routes);
        self
    }

    /// Says who turns credentials into callers.
    #[must_use]
    pub fn authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.authenticator = authenticator;
        self
    }

    /// Says who knows how many people there are.
    #[must_use]
    pub fn vital_signs(mut self, signs: Arc<dyn VitalSigns>) -> Self {
        self.vital_signs = signs;
        self
    }

    /// The configuration in force, for those who may see it.
    #[must_use]
    pub fn settings(mut self, settings: Vec<Setting>) -> Self {
        self.settings = settings;
        self
    }

    /// Adds a topic to the live feed.
    #[must_use]
    pub fn topic(mut self, topic: Topic) -> Self {
        self.topics.push(topic);
        self
    }

    /// The dashboard's files.
    #[must_use]
    pub fn dashboard(mut self, dashboard: Option<Dashboard>) -> Self {
        self.dashboard = dashboard;
        self
    }

    /// Builds it and starts its background work.
    ///
    /// # Errors
    /// When two capabilities contradict each other.
    pub fn build(mut self) -> Result<Edge, BuildError> {
        let open = Arc::<Gauge>::default();
        let own = [self.live(&open).routes(), self.platform().routes()];
        let (router, document) = join(self.capabilities.drain(..).chain(own))?;
        let operations = Operations::read(&document).map_err(BuildError)?;
        let json = openapi::to_json(&document).map_err(|e| BuildError(e.to_string()))?;
        let metrics = Arc::new(Metrics::new(operations.all(), open));
        let Self { ground, config, authenticator, dashboard, .. } = self;
        let Ground { world, db, sealer, supervisor, .. } = ground;
        let time_limit = std::time::Duration::from_secs(config.request_timeout_s);
        let public_origin = config.public_url.as_deref().and_then(|url| origin_of(url).ok());
        let exempt = config.trusted_proxies.clone();
        let promises = Promises::new(db.clone(), sealer, supervisor.clone());
        supervisor.spawn("idempotency sweep", TaskPolicy::Critical, promises.clone().sweep());
        Ok(Edge::new(Inner {
            is_https: config.is_https(),
            version: VERSION,
            started: world.monotonic(),
            hosts: Hosts::new(public_origin, &config.allowed_hosts),
            authenticator,
            operations,
            carrier: Carrier { router, time_limit, metrics: metrics.clone() },
            document_tag: tag_of(&json)?,
            document: Bytes::from(json),
            dashboard,
            limits: Limits::new(&config),
            promises,
            refusals: Refusals::start(&db, &supervisor),
            readiness: Readiness::default(),
            metrics,
            door: Door::new(config.max_connections, config.max_connections_per_address, exempt),
            world,
            db,
            supervisor,
            config,
        }))
    }

    fn live(&self, open: &Arc<Gauge>) -> Arc<Live> {
        Arc::new(Live {
            world: self.ground.world.clone(),
            events: self.ground.events.clone(),
            supervisor: self.ground.supervisor.clone(),
            authenticator: self.authenticator.clone(),
            open: open.clone(),
            topics: self.topics.clone(),
            places: Arc::new(Places::new(self.config.max_live_connections_per_account)),
        })
    }

    fn platform(&mut self) -> Platform {
        let world = &self.ground.world;
        Platform {
            db: self.ground.db.clone(),
            version: VERSION,
            started_at: world.now(),
            started: world.monotonic(),
            world: world.clone(),
            is_exposed_in_clear: self.config.is_exposed_in_clear(),
            vital_signs: self.vital_signs.clone(),
            settings: std::mem::take(&mut self.settings),
        }
    }
}

/// One router and one document out of many. A path belongs to one capability.
fn join(capabilities: impl Iterator<Item = OpenApiRouter>) -> Result<(Router, OpenApi), BuildError> {
    let (mut router, mut documents, mut paths) = (Router::new(), vec![], BTreeSet::new());
    for capability in capabilities {
        let (routes, document) = capability.split_for_parts();
        for path in document.paths.paths.keys() {
            if !paths.insert(path.clone()) {
                return Err(BuildError(format!("two capabilities claim the path {path}")));
            }
        }
        router = router.merge(routes);
        documents.push(document);
    }
    Ok((router, openapi::assemble(VERSION, documents).map_err(BuildError)?))
}

fn tag_of(json: &str) -> Result<HeaderValue, BuildError> {
    let digest = digest(&SHA256, json.as_bytes());
    let hex: String = digest.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::try_from(format!("\"{hex}\"")).map_err(|e| BuildError(e.to_string()))
}
