//! The handle of this capability and what it is put together from.

use std::path::PathBuf;
use std::sync::Arc;

use diwan_kernel::{Db, Events, Supervisor, World};
use diwan_vault::Vault;
use url::Url;

use crate::connections::Connections;

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
    /// What machines and people reach the control plane by.
    pub public_url: Url,
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
}

impl Fleet {
    /// Starts the capability.
    pub fn start(parts: Parts) -> Self {
        Self { inner: Arc::new(Inner { parts, connections: Connections::default() }) }
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
}
