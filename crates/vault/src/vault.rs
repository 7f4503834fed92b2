//! The handle of this capability and what it is put together from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use diwan_kernel::config::Live;
use diwan_kernel::id::UserId;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, Db, Problem, Role, Supervisor, Tx, World};
use utoipa_axum::router::OpenApiRouter;

use crate::backend::Backend;
use crate::backend::kv::KeyValue;
use crate::backend::local::Local;
use crate::config::{LOCAL, VaultConfig};
use crate::deliver::{self, Listeners};
use crate::error::StartError;
use crate::own_use::Needs;
use crate::patience::Patience;
use crate::seal::{Seal, WhySealed};
use crate::table::secret::Secret;

/// A person, as far as rules are about them.
#[derive(Debug, Clone)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// What they are called.
    pub name: String,
    /// What they are here.
    pub role: Role,
}

/// Knows the people of the installation, so that "who can read this?" has names in its answer.
#[async_trait]
pub trait People: Send + Sync {
    /// Everybody who can sign in.
    async fn list(&self) -> Result<Vec<Person>, Problem>;
}

/// What the audit trail last says of a secret.
#[derive(Debug, Clone)]
pub struct LastMark {
    /// What it was called.
    pub name: String,
    /// What its row must look like; `None` when it was removed.
    pub mark: Option<String>,
}

/// What the audit trail last says of what is vouched for.
#[derive(Debug, Clone, Default)]
pub struct LastMarks {
    /// Of each secret, by its id.
    pub secrets: BTreeMap<String, LastMark>,
    /// Of the list of policies; `None` before the first.
    pub policies: Option<String>,
}

impl LastMarks {
    /// Whether a secret looks otherwise than it was last written down.
    pub(crate) fn contradict(&self, secret: &Secret) -> bool {
        let mark = self.secrets.get(&secret.id.to_string()).and_then(|last| last.mark.as_ref());
        mark.is_some_and(|mark| *mark != secret.mark())
    }
}

/// Remembers outside the vault's own tables what they must look like.
#[async_trait]
pub trait Trail: Send + Sync {
    /// What the audit trail last says of what is vouched for.
    async fn last_marks(&self) -> Result<LastMarks, Problem>;
}

/// A value that was taken out past the policies.
#[derive(Debug, Clone)]
pub struct Broken {
    /// What the secret is called.
    pub secret: String,
    /// Who took it.
    pub who: String,
    /// Why, in their own words.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Tells everybody who manages secrets what they must not find out by chance.
#[async_trait]
pub trait Alarm: Send + Sync {
    /// Writes down with the change itself whom to tell.
    async fn raise(&self, ctx: &Ctx, tx: &mut Tx, broken: &Broken) -> Result<(), Problem>;
    /// What was written down is committed.
    fn send(&self);
}

/// What the capability stands on.
#[derive(Clone)]
pub struct Parts {
    /// The database, migrated.
    pub db: Db,
    /// Who owns the background tasks.
    pub supervisor: Supervisor,
    /// The settings of this capability.
    pub config: Live<VaultConfig>,
    /// Where the key file is unless the settings say otherwise.
    pub data_dir: PathBuf,
    /// Who is here.
    pub people: Arc<dyn People>,
    /// What was written down about secrets.
    pub trail: Arc<dyn Trail>,
    /// What the server itself needs.
    pub needs: Arc<dyn Needs>,
    /// Whom to tell.
    pub alarm: Arc<dyn Alarm>,
    /// Whether a passphrase is among the first that are tried.
    pub is_guessed_early: fn(&str) -> bool,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Secrets that never leak. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Vault {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    parts: Parts,
    seal: Seal,
    backends: BTreeMap<String, Box<dyn Backend>>,
    patience: Patience,
    listeners: Listeners,
    /// Carries what webhooks are told; made for the first of them, since it holds the certificates of the machine.
    webhooks: OnceLock<reqwest::Client>,
    /// Held by whoever changes which master keys there are: the key file is read and then replaced,
    /// and a key that got lost in between would be lost for ever.
    changing_masters: tokio::sync::Mutex<()>,
    /// Held by whoever makes a key of the control plane's own: who comes second reads it, which is possible
    /// only once the first has it written down.
    making_own_keys: tokio::sync::Mutex<()>,
    is_rewrapping: AtomicBool,
}

/// So many wrong passphrases may one caller type in so long a time, and so many all together.
const TRIES: usize = 5;
const TRIES_OF_ALL: usize = 60;
const TRIES_WITHIN: Duration = Duration::from_secs(60);

impl Vault {
    /// Starts the capability: brings the master key back if that needs nobody, and begins its
    /// background work. A vault that stays sealed is no reason not to start.
    ///
    /// # Errors
    /// When the database does not answer, or a setting is not usable.
    pub async fn start(parts: Parts) -> Result<Self, StartError> {
        let seal = Seal::sealed(WhySealed::NotInitialised, "Nobody has said yet what guards the master key.");
        let local = Local { world: parts.db.world().clone(), seal: seal.clone() };
        let mut backends: BTreeMap<String, Box<dyn Backend>> = BTreeMap::new();
        backends.insert(LOCAL.to_owned(), Box::new(local));
        for config in &parts.config.get().backends {
            let unusable = |why| StartError::Setting { name: format!("vault.backends ({})", config.name), why };
            let store = KeyValue::new(parts.db.world(), config).map_err(unusable)?;
            backends.insert(config.name.clone(), Box::new(store));
        }
        let patience = Patience::new(TRIES, TRIES_OF_ALL, TRIES_WITHIN);
        let (listeners, webhooks, is_rewrapping) = Default::default();
        let (changing_masters, making_own_keys) = Default::default();
        let inner = Inner {
            seal,
            backends,
            patience,
            listeners,
            webhooks,
            parts,
            changing_masters,
            making_own_keys,
            is_rewrapping,
        };
        let this = Self { inner: Arc::new(inner) };
        this.bring_back().await?;
        this.spawn_upkeep();
        this.spawn_delivery();
        Ok(this)
    }

    /// Its operations, with paths relative to `/api/v1`.
    pub fn routes(&self) -> OpenApiRouter {
        crate::api::routes().with_state(self.clone())
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

    pub(crate) fn config(&self) -> Arc<VaultConfig> {
        self.inner.parts.config.get()
    }

    pub(crate) fn people(&self) -> &dyn People {
        &*self.inner.parts.people
    }

    pub(crate) fn is_guessed_early(&self, passphrase: &str) -> bool {
        (self.inner.parts.is_guessed_early)(passphrase)
    }

    pub(crate) fn needs(&self) -> &dyn Needs {
        &*self.inner.parts.needs
    }

    pub(crate) fn trail(&self) -> &dyn Trail {
        &*self.inner.parts.trail
    }

    pub(crate) fn alarm(&self) -> &dyn Alarm {
        &*self.inner.parts.alarm
    }

    pub(crate) fn seal(&self) -> &Seal {
        &self.inner.seal
    }

    pub(crate) fn patience(&self) -> &Patience {
        &self.inner.patience
    }

    pub(crate) fn listeners(&self) -> &Listeners {
        &self.inner.listeners
    }

    /// Carries what webhooks are told.
    ///
    /// # Errors
    /// When the certificates of this machine cannot be read.
    pub(crate) fn webhooks(&self) -> Result<&reqwest::Client, String> {
        if let Some(client) = self.inner.webhooks.get() {
            return Ok(client);
        }
        let client = deliver::client(self.inner.parts.config.clone())?;
        Ok(self.inner.webhooks.get_or_init(|| client))
    }

    /// Waits until nobody else changes which master keys there are.
    pub(crate) async fn change_masters(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.inner.changing_masters.lock().await
    }

    /// Waits until nobody else makes a key of the control plane's own.
    pub(crate) async fn make_own_keys(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.inner.making_own_keys.lock().await
    }

    /// Whether data keys are being wrapped anew.
    pub(crate) fn is_rewrapping(&self) -> &AtomicBool {
        &self.inner.is_rewrapping
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.config().key_file_in(&self.inner.parts.data_dir)
    }

    /// The back end with this name.
    pub(crate) fn backend(&self, name: &str) -> Option<&dyn Backend> {
        self.inner.backends.get(name).map(|b| &**b)
    }

    /// The names of the back ends.
    pub(crate) fn backend_names(&self) -> impl Iterator<Item = &str> {
        self.inner.backends.keys().map(String::as_str)
    }
}
