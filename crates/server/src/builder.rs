//! How an edge is put together from the capabilities, which it does not know.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderValue;
use diwan_kernel::config::Live;
use diwan_kernel::{Db, Events, Sealer, Supervisor, TaskPolicy, World};
use ring::digest::{SHA256, digest};
use url::Url;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::authenticator::{Authenticator, NobodyKnown};
use crate::bridges::{MachineDoor, TakesMachines};
use crate::config::{Origin, ServerConfig};
use crate::dashboard::Dashboard;
use crate::edge::{Edge, Inner};
use crate::health::Readiness;
use crate::listen::Door;
use crate::live::{self, Places, TOPICS, Topic};
use crate::metrics::{Gauge, Metrics};
use crate::openapi;
use crate::operation::Operations;
use crate::pass::host::Hosts;
use crate::pass::limits::Limits;
use crate::pass::promise::Promises;
use crate::pass::refusals::Refusals;
use crate::platform::{NothingKnown, Platform, VitalSigns};

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
    settings: Live<ServerConfig>,
    public_url: Option<Url>,
    capabilities: Vec<OpenApiRouter>,
    authenticator: Arc<dyn Authenticator>,
    vital_signs: Arc<dyn VitalSigns>,
    topics: Vec<Topic>,
    bridges: MachineDoor,
    dashboard: Option<Dashboard>,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Builder {
    pub(crate) fn new(ground: Ground, settings: Live<ServerConfig>) -> Self {
        let authenticator = Arc::new(NobodyKnown { world: ground.world.clone() });
        Self {
            ground,
            settings,
            public_url: None,
            capabilities: vec![],
            authenticator,
            vital_signs: Arc::new(NothingKnown),
            topics: TOPICS.to_vec(),
            bridges: None,
            dashboard: None,
        }
    }

    /// The address that people open. What the settings say of it does not count: they may leave it out.
    #[must_use]
    pub fn public_url(mut self, url: Url) -> Self {
        self.public_url = Some(url);
        self
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

    /// Adds a topic to the live feed.
    #[must_use]
    pub fn topic(mut self, topic: Topic) -> Self {
        self.topics.push(topic);
        self
    }

    /// Says who takes in the connections of machines.
    #[must_use]
    pub fn bridges(mut self, bridges: Arc<dyn TakesMachines>) -> Self {
        self.bridges = Some(bridges);
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
    /// When two capabilities contradict each other, or the address that people open is not one.
    pub fn build(mut self) -> Result<Edge, BuildError> {
        let public = self.public_url.take().map(|url| url.as_str().parse::<Origin>()).transpose();
        let public = public.map_err(|why| BuildError(format!("the public address: {why}")))?;
        let is_https = self.settings.get().tls_cert.is_some() || public.as_ref().is_some_and(Origin::is_https);
        let open = Arc::<Gauge>::default();
        let own = [self.live(&open).routes(), self.platform(is_https).routes()];
        let (router, document) = join(self.capabilities.drain(..).chain(own))?;
        let operations = Operations::read(&document).map_err(BuildError)?;
        let json = openapi::to_json(&document).map_err(|e| BuildError(e.to_string()))?;
        let metrics = Arc::new(Metrics::new(operations.all(), open));
        let Self { ground, settings, authenticator, dashboard, bridges, .. } = self;
        let Ground { world, db, sealer, supervisor, .. } = ground;
        let promises = Promises::new(db.clone(), sealer, supervisor.clone());
        supervisor.spawn("idempotency sweep", TaskPolicy::Critical, promises.clone().sweep());
        Ok(Edge::new(Inner {
            settings,
            is_https,
            version: VERSION,
            started: world.monotonic(),
            hosts: Hosts::new(public),
            authenticator,
            operations,
            router,
            document_tag: tag_of(&json)?,
            document: Bytes::from(json),
            dashboard,
            limits: Limits::default(),
            promises,
            refusals: Refusals::start(&db, &supervisor),
            readiness: Readiness::default(),
            metrics,
            door: Arc::<Door>::default(),
            bridges,
            machines: Arc::<Door>::default(),
            world,
            db,
            supervisor,
        }))
    }

    fn live(&self, open: &Arc<Gauge>) -> Arc<live::Live> {
        Arc::new(live::Live {
            world: self.ground.world.clone(),
            events: self.ground.events.clone(),
            supervisor: self.ground.supervisor.clone(),
            authenticator: self.authenticator.clone(),
            open: open.clone(),
            topics: self.topics.clone(),
            places: Arc::<Places>::default(),
        })
    }

    fn platform(&self, is_https: bool) -> Platform {
        let world = &self.ground.world;
        Platform {
            db: self.ground.db.clone(),
            version: VERSION,
            started_at: world.now(),
            started: world.monotonic(),
            world: world.clone(),
            settings: self.settings.clone(),
            is_https,
            vital_signs: self.vital_signs.clone(),
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
