//! The handle of this capability and what it is put together from.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use diwan_kernel::config::Live;
use diwan_kernel::{Db, Events, Supervisor, World};
use diwan_vault::Vault;
use url::Url;
use utoipa_axum::router::OpenApiRouter;

use crate::acceptor::Acceptor;
use crate::commands::{self, ArtifactsConfig, Commands, OutputsConfig};
use crate::connections::Connections;
use crate::install::{Bridges, Installer};
use crate::keys::Keys;
use crate::samples::Samples;
use crate::ssh_keys::{self, Tended};
use crate::watchers::Watchers;

/// What the capability stands on.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The database, migrated.
    pub db: Db,
    /// The live feed.
    pub events: Events,
    /// Who owns the tasks.
    pub supervisor: Supervisor,
    /// Keeps the authority's key and the key that signs commands.
    pub vault: Vault,
    /// Where the output of commands is kept.
    pub data_dir: PathBuf,
    /// How much of it is kept, and for how long.
    pub outputs: Live<OutputsConfig>,
    /// Where copies of the files that they leave are put.
    pub artifacts: Live<ArtifactsConfig>,
    /// What machines and people reach the control plane by.
    pub public_url: Url,
    /// What is handed out to machines that are to join.
    pub bridges: Bridges,
}

/// The machines. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Fleet {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    parts: Parts,
    connections: Connections,
    keys: Mutex<Option<Arc<Keys>>>,
    acceptor: Mutex<Option<Acceptor>>,
    samples: Samples,
    watchers: Watchers,
    commands: Commands,
    tended: Tended,
    installer: Installer,
}

impl Fleet {
    /// Starts the capability.
    pub fn start(parts: Parts) -> Self {
        let (connections, keys, acceptor, samples, watchers, tended, installer) = Default::default();
        let commands = Commands::new(parts.db.world(), &parts.data_dir);
        let inner = Inner { parts, connections, keys, acceptor, samples, watchers, commands, tended, installer };
        let this = Self { inner: Arc::new(inner) };
        this.spawn_upkeep();
        commands::start(&this);
        ssh_keys::start(&this);
        crate::rules::start(&this);
        this
    }

    /// Its operations, with paths relative to `/api/v1`.
    pub fn routes(&self) -> OpenApiRouter {
        let routes = crate::api::routes().merge(commands::api::routes()).merge(ssh_keys::api::routes());
        routes.merge(crate::rules::api::routes()).with_state(self.clone())
    }

    pub(crate) fn db(&self) -> &Db {
        &self.inner.parts.db
    }

    pub(crate) fn world(&self) -> &World {
        self.inner.parts.db.world()
    }

    pub(crate) fn supervisor(&self) -> &Supervisor {
        &self.inner.parts.supervisor
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.inner.parts.vault
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.inner.connections
    }

    pub(crate) fn events(&self) -> &Events {
        &self.inner.parts.events
    }

    pub(crate) fn public_url(&self) -> &Url {
        &self.inner.parts.public_url
    }

    pub(crate) fn keys_slot(&self) -> &Mutex<Option<Arc<Keys>>> {
        &self.inner.keys
    }

    pub(crate) fn acceptor_slot(&self) -> &Mutex<Option<Acceptor>> {
        &self.inner.acceptor
    }

    pub(crate) fn samples(&self) -> &Samples {
        &self.inner.samples
    }

    pub(crate) fn watchers(&self) -> &Watchers {
        &self.inner.watchers
    }

    pub(crate) fn bridges(&self) -> &Bridges {
        &self.inner.parts.bridges
    }

    pub(crate) fn installer(&self) -> &Installer {
        &self.inner.installer
    }

    pub(crate) fn tended(&self) -> &Tended {
        &self.inner.tended
    }

    /// What is kept of what commands say, by the settings of this moment.
    pub(crate) fn outputs(&self) -> Arc<OutputsConfig> {
        self.inner.parts.outputs.get()
    }

    /// Where copies of files are put, by the settings of this moment.
    pub(crate) fn artifacts_config(&self) -> Arc<ArtifactsConfig> {
        self.inner.parts.artifacts.get()
    }

    /// The same, for whoever waits for others.
    pub(crate) fn artifacts_live(&self) -> Live<ArtifactsConfig> {
        self.inner.parts.artifacts.clone()
    }

    pub(crate) fn commands(&self) -> &Commands {
        &self.inner.commands
    }
}
