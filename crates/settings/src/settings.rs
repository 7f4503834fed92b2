//! The handle of this capability and what it is put together from.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use diwan_kernel::config::{Definition, Fault, Layers, Reason, Refused, Source, text_of, unreadable};
use diwan_kernel::db::Unrecorded;
use diwan_kernel::world::{DiskError, Timestamp};
use diwan_kernel::{Ctx, Db, DbError, Problem, Sealer, Secret, Supervisor, World};
use utoipa_axum::router::OpenApiRouter;

use crate::accept::Acceptable;
use crate::server_id::server_id;
use crate::table;
use crate::version::Cause;
use crate::{accept, watch};

/// Knows the sections and those who stand on them. The composition fills this in.
pub trait House: Send + Sync {
    /// All sections.
    fn sections(&self) -> &[Definition];

    /// Judges a configuration as a whole.
    ///
    /// # Errors
    /// Everything that is not acceptable about it.
    fn judge(&self, layers: &Layers) -> Result<(), Refused>;

    /// Tells those who stand on these sections how they are from now on. The configuration was judged.
    fn publish(&self, layers: &Layers, sections: &[&str]);

    /// Whether somebody at this address could not come in any more.
    fn shuts_out(&self, layers: &Layers, address: Option<IpAddr>) -> bool;
}

/// Keeps the secrets that settings only name. The composition fills this in.
#[async_trait]
pub trait Keeper: Send + Sync {
    /// Whether the caller may let a setting refer to this secret.
    ///
    /// # Errors
    /// When they may not, or it is not there.
    async fn require_referable(&self, ctx: &Ctx, name: &str) -> Result<(), Problem>;

    /// Whether there is a secret of this name.
    ///
    /// # Errors
    /// When that cannot be said.
    async fn holds(&self, name: &str) -> Result<bool, Problem>;

    /// Puts a secret that stood in the settings under a name of its own.
    ///
    /// # Errors
    /// When it cannot be kept under that name.
    async fn keep(&self, ctx: &Ctx, name: &str, setting: &str, value: Secret<String>) -> Result<(), Problem>;
}

/// The configuration file.
#[derive(Debug, Clone, Default)]
pub struct SettingsFile {
    /// Where it is, or will be once something is saved.
    pub path: PathBuf,
    /// Whether somebody named it, so that it must be there.
    pub is_named: bool,
}

/// What the capability stands on.
#[derive(Clone)]
pub struct Parts {
    /// The database, migrated.
    pub db: Db,
    /// What seals the texts of versions.
    pub sealer: Sealer,
    /// Who owns the background tasks.
    pub supervisor: Supervisor,
    /// Who knows the sections.
    pub house: Arc<dyn House>,
    /// Who keeps secrets.
    pub keeper: Arc<dyn Keeper>,
    /// The configuration file.
    pub file: SettingsFile,
    /// The configuration that the server started with.
    pub layers: Layers,
    /// Where the server remembers which one it is.
    pub data_dir: PathBuf,
}

/// Why the capability does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database does not answer.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The file that says which server this is cannot be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The file that says which server this is says something else.
    #[error("{} does not say which server this is; put it back, or remove it to begin a history anew", .0.display())]
    NoServerId(PathBuf),
    /// What is in force cannot be written down.
    #[error("the settings cannot be noted: {0}")]
    Note(Problem),
}

/// Settings that change while the server runs. Cheap to clone.
#[derive(Clone)]
pub struct Settings {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    /// Which server this is among those on the database.
    server: String,
    /// Held by whoever brings a version into force.
    changing: tokio::sync::Mutex<()>,
    now: Mutex<Now>,
}

/// What is in force.
#[derive(Clone)]
pub(crate) struct Now {
    pub(crate) layers: Layers,
    pub(crate) version: i64,
    pub(crate) refused: Option<RefusedText>,
}

/// What the file says, when that is refused and something else is in force.
#[derive(Clone)]
pub(crate) struct RefusedText {
    pub(crate) at: Timestamp,
    /// `None` when there is no file any more.
    pub(crate) text: Option<String>,
    pub(crate) faults: Vec<Fault>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("file", &self.inner.parts.file).finish_non_exhaustive()
    }
}

impl Settings {
    /// Starts the capability: notes what is in force, takes up what the file says by now, and begins
    /// to watch it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn start(parts: Parts) -> Result<Self, StartError> {
        let now = Now { layers: parts.layers.clone(), version: 0, refused: None };
        let server = server_id(&parts.db, &parts.data_dir)?;
        let inner = Inner { parts, server, changing: tokio::sync::Mutex::default(), now: Mutex::new(now) };
        let this = Self { inner: Arc::new(inner) };
        this.note_the_start().await?;
        watch::look(&this, Cause::Start).await;
        watch::spawn(&this);
        Ok(this)
    }

    /// Takes up what the file says now, as the watch would a moment later; what becomes of it is in the log.
    pub async fn look_at_file(&self) {
        watch::look(self, Cause::File).await;
    }

    /// Its operations, with paths relative to `/api/v1`.
    pub fn routes(&self) -> OpenApiRouter {
        crate::api::routes().with_state(self.clone())
    }

    /// What the server started with becomes a version, unless it is the newest one already.
    async fn note_the_start(&self) -> Result<(), StartError> {
        let _changing = self.change().await;
        let ctx = Ctx::system(self.world(), "settings");
        if !self.server().is_empty() {
            let mut tx = self.db().begin(&ctx).await?;
            table::adopt(&mut tx, self.server()).await?;
            tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
        }
        let layers = self.parts().layers.clone();
        let text = layers.text().unwrap_or_default().to_owned();
        if let Some(newest) = table::find_newest(self.db(), self.server()).await? {
            self.now().version = newest.number;
            match newest.open(self.sealer()) {
                Ok(before) if before == text => return Ok(()),
                // It was changed while no server ran.
                Ok(before) => drop(self.now().layers.add_text("", &before)),
                Err(error) => tracing::error!(%error, version = newest.number, "the newest settings do not open"),
            }
        }
        let new = Acceptable { layers, cause: Cause::Start, comment: String::new(), rolled_back_to: None };
        accept::bring_into_force(self, &ctx, new).await.map(drop).map_err(StartError::Note)
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.inner.parts
    }

    pub(crate) fn db(&self) -> &Db {
        &self.inner.parts.db
    }

    /// Which server this is among those on the database.
    pub(crate) fn server(&self) -> &str {
        &self.inner.server
    }

    pub(crate) fn world(&self) -> &World {
        self.inner.parts.db.world()
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.inner.parts.sealer
    }

    pub(crate) fn sections(&self) -> &[Definition] {
        self.inner.parts.house.sections()
    }

    /// Waits until nobody else brings a version into force.
    pub(crate) async fn change(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.inner.changing.lock().await
    }

    /// What is in force, once nobody is about to change it.
    pub(crate) async fn settled(&self) -> Now {
        let _changing = self.change().await;
        self.now().clone()
    }

    pub(crate) fn now(&self) -> MutexGuard<'_, Now> {
        self.inner.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the file says at this moment; `None` when there is none.
    pub(crate) fn read_file(&self) -> Result<Option<String>, Refused> {
        let path = &self.parts().file.path;
        let shown = path.display().to_string();
        match self.world().disk().read(path) {
            Ok(bytes) => text_of(&shown, bytes).map(Some),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(unreadable(&shown, Reason::of_system(&error.source))),
        }
    }

    /// The layers with this text instead of what the file said.
    ///
    /// # Errors
    /// Everything that is not acceptable about it.
    pub(crate) fn judge(&self, text: &str) -> Result<Layers, Refused> {
        let mut layers = self.now().layers.clone();
        layers.add_text(&self.parts().file.path.display().to_string(), text)?;
        self.parts().house.judge(&layers)?;
        Ok(layers)
    }

    /// The setting of this name, like `mail.port`.
    pub(crate) fn find(&self, name: &str) -> Option<(&Definition, &diwan_kernel::config::Key)> {
        let (section, key) = name.split_once('.')?;
        let section = self.sections().iter().find(|s| s.name == section)?;
        Some((section, section.key(key)?))
    }

    /// Who sets this rather than the file, when somebody does.
    pub(crate) fn locked_by(&self, section: &str, key: &str) -> Option<Source> {
        Some(self.now().layers.source_of(section, key)).filter(|source| *source > Source::File)
    }
}
