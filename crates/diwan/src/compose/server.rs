//! The control plane, put together: each part is built from its configuration and handed to those
//! that stand on it. Nothing is decided here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use diwan_audit::Audit;
use diwan_fleet::Fleet;
use diwan_identity::Identity;
use diwan_jobs::Jobs;
use diwan_kernel::config::Live;
use diwan_kernel::db::{Applied, Db, KERNEL, Migrations};
use diwan_kernel::supervisor::Farewell;
use diwan_kernel::world::DirLock;
use diwan_kernel::{Events, Permission, Sealer, Secret, Supervisor, World};
use diwan_server::{Dashboard, Edge, Ground, ServeError, ServerConfig, check_certificate};
use diwan_settings::Settings;
use diwan_vault::Vault;
use url::Url;

use super::StartError;
use super::config::{Config, Publishers, usual_file};
use super::fleet::{self, Gateway};
use super::gate::{Gate, Pulse};
use super::jobs;
use super::settings::{self, LaterSettings, LaterVault};
use super::vault;

/// The schema of every capability, in the order in which they build on each other.
pub const MIGRATIONS: &[Migrations] = &[
    KERNEL,
    diwan_audit::MIGRATIONS,
    diwan_identity::MIGRATIONS,
    diwan_vault::MIGRATIONS,
    diwan_settings::MIGRATIONS,
    diwan_fleet::MIGRATIONS,
    diwan_jobs::MIGRATIONS,
];

/// Which version this is.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A running control plane.
#[derive(Debug)]
pub struct Product {
    /// Where it listens.
    pub address: SocketAddr,
    /// What a person opens.
    pub open_url: String,
    /// What programs on this machine reach it by.
    pub local_url: String,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// With which the first person becomes owner, when there is none yet.
    pub setup_link: Option<Secret<String>>,
    /// Whether mails are kept in the outbox because there is no mail server.
    pub mail_goes_to_outbox: bool,
    /// Owns its tasks.
    pub supervisor: Supervisor,
    /// The world it lives in.
    pub world: World,
    /// Its database.
    pub db: Db,
    /// Its feed.
    pub events: Events,
    /// Its audit trail.
    pub audit: Audit,
    /// Its people.
    pub identity: Identity,
    /// Its secrets.
    pub vault: Vault,
    /// Its settings.
    pub settings: Settings,
    /// Its machines.
    pub fleet: Fleet,
    /// Its jobs.
    pub jobs: Jobs,
    /// How the server itself is set up at each moment.
    pub server_settings: Live<ServerConfig>,
    _lock: DirLock,
}

impl Product {
    /// Finishes what is under way and stops.
    pub async fn shut_down(self) -> Farewell {
        let grace = Duration::from_secs(self.server_settings.get().shutdown_grace_s);
        self.supervisor.shut_down(grace).await
    }
}

/// The directories of an installation.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The installation at this path.
    pub fn at(path: &str) -> Self {
        Self(PathBuf::from(path))
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The sealing keys.
    pub fn seal_key(&self) -> PathBuf {
        self.0.join("keys").join("seal.key")
    }

    /// Copies of the database.
    pub fn backups(&self) -> PathBuf {
        self.0.join("backups")
    }
}

/// Starts the control plane.
///
/// # Errors
/// When anything it stands on is not as it must be; nothing is left running then.
pub async fn start(config: Config, world: World) -> Result<Product, StartError> {
    let supervisor = Supervisor::new();
    let started = build(config, world, &supervisor).await;
    if started.is_err() {
        supervisor.shut_down(Duration::from_secs(2)).await;
    }
    started
}

async fn build(mut config: Config, world: World, supervisor: &Supervisor) -> Result<Product, StartError> {
    let data = DataDir::at(&config.server.data_dir);
    let lock = prepare(&data, &world)?;
    // What only looks comes first: a taken port or a wrong certificate leaves no half-made installation.
    let listener = world.net().listen(config.server.listen).await;
    let listener = listener.map_err(|e| StartError::listening(config.server.listen, &e))?;
    let address = listener.local_addr().map_err(|e| StartError::listening(config.server.listen, &e))?;
    let public_url = public_url(&config, address)?;
    if let (Some(certificate), Some(key)) = (&config.server.tls_cert, &config.server.tls_key) {
        check_certificate(&world, certificate, key).map_err(ServeError::from)?;
    }

    if config.file.path.as_os_str().is_empty() {
        config.file.path = usual_file(&config.server.data_dir);
    }
    let publishers = Publishers::new(&config);
    let sections = publishers.sections();
    let secrets = Arc::new(LaterVault::default());

    let events = Events::new(&world);
    let sealer = Sealer::open(&world, &data.seal_key())?;
    let db = Db::open(&config.server.location(), &world, supervisor, &events).await;
    let db = db.map_err(|e| StartError::opening(e, config.layers.whence("server", "database_url")))?;
    announce(&db.migrate(MIGRATIONS, &data.backups()).await?);

    let audit = Audit::start(&db, &sealer, supervisor, &world, data.path(), sections.audit.clone()).await?;
    let identity = Identity::start(diwan_identity::Parts {
        db: db.clone(),
        sealer: sealer.clone(),
        supervisor: supervisor.clone(),
        config: sections.identity.clone(),
        mail: sections.mail.clone(),
        oidc: sections.oidc.clone(),
        secrets: secrets.clone(),
        public_url: public_url.clone(),
        instance_name: config.server.instance_name.clone(),
        product_version: VERSION,
    })
    .await?;

    let needs = Arc::new(LaterSettings::default());
    let vault = vault::parts(&db, supervisor, sections.vault.clone(), data.path(), (&identity, &audit), needs.clone());
    let vault = Vault::start(vault).await?;
    secrets.is_here(&vault);

    let mail_goes_to_outbox = config.mail.host.is_empty();
    let file = (data.path(), config.file.clone(), config.layers.clone());
    let settings = settings::parts(&db, &sealer, supervisor, &vault, publishers, file);
    let settings = Settings::start(settings).await?;
    needs.are_here(&settings);
    let fleet = Fleet::start(diwan_fleet::Parts {
        db: db.clone(),
        events: events.clone(),
        supervisor: supervisor.clone(),
        vault: vault.clone(),
        data_dir: data.path().to_owned(),
        outputs: sections.outputs.clone(),
        artifacts: sections.artifacts.clone(),
        public_url: public_url.clone(),
        bridges: fleet::bridges(data.path()),
    });
    let work = Jobs::start(diwan_jobs::Parts {
        db: db.clone(),
        events: events.clone(),
        supervisor: supervisor.clone(),
        fleet: fleet.clone(),
        config: sections.jobs.clone(),
        sealer: sealer.clone(),
        owners: Arc::new(jobs::People(identity.clone())),
        public_url: public_url.clone(),
    });
    let work = work.await?;
    let ground =
        Ground { world: world.clone(), db: db.clone(), events: events.clone(), sealer, supervisor: supervisor.clone() };
    let edge = Edge::builder(ground, sections.server.clone())
        .public_url(public_url.clone())
        .capability(identity.routes())
        .capability(audit.routes())
        .capability(vault.routes())
        .capability(settings.routes())
        .capability(fleet.routes())
        .capability(work.routes())
        .bridges(Arc::new(Gateway(fleet.clone())))
        .topic(("secrets", Permission::StatusRead))
        .topic(("settings", Permission::SettingsRead))
        .topic(("machines", Permission::MachinesRead))
        .topic(("jobs", Permission::JobsRead))
        .authenticator(Arc::new(Gate::new(identity.clone(), sections.server.clone())))
        .vital_signs(Arc::new(Pulse {
            identity: identity.clone(),
            audit: audit.clone(),
            vault: vault.clone(),
            settings: settings.clone(),
            fleet: fleet.clone(),
            mail: sections.mail.clone(),
        }))
        .dashboard(Some(Dashboard::embedded()))
        .build()
        .map_err(|e| StartError::Part(e.to_string()))?;
    edge.serve(listener).await?;
    let setup_link = identity.setup_link().await.map_err(|e| StartError::Part(e.to_string()))?;
    Ok(Product {
        address,
        local_url: local_url(&config, address, &public_url),
        data_dir: data.path().to_owned(),
        open_url: public_url.to_string().trim_end_matches('/').to_owned(),
        setup_link: setup_link.map(|link| link.url),
        mail_goes_to_outbox,
        supervisor: supervisor.clone(),
        world,
        db,
        events,
        audit,
        identity,
        vault,
        settings,
        fleet,
        jobs: work,
        server_settings: sections.server,
        _lock: lock,
    })
}

fn prepare(data: &DataDir, world: &World) -> Result<DirLock, StartError> {
    let disk = world.disk();
    disk.create_dir(data.path())?;
    disk.create_dir(&data.path().join("keys"))?;
    disk.lock_dir(data.path())?.ok_or_else(|| StartError::Locked(data.path().to_owned()))
}

/// What people open: as configured, or else this machine's own name for itself. A name rather than
/// 127.0.0.1, because browsers bind passkeys to names.
///
/// # Errors
/// When what is configured is not a URL.
pub fn public_url(config: &Config, address: SocketAddr) -> Result<Url, StartError> {
    let scheme = if config.server.tls_cert.is_some() { "https" } else { "http" };
    let guessed = if address.ip().is_loopback() || address.ip().is_unspecified() {
        format!("{scheme}://localhost:{}", address.port())
    } else {
        format!("{scheme}://{address}")
    };
    let url = config.server.public_url.as_deref().unwrap_or(&guessed);
    Url::parse(url).map_err(|e| StartError::Part(format!("server.public_url is not a URL: {e}")))
}

/// Without a proxy and without names, unless a certificate says by which name it wants to be called.
fn local_url(config: &Config, address: SocketAddr, public: &Url) -> String {
    if config.server.tls_cert.is_some() {
        return public.as_str().trim_end_matches('/').to_owned();
    }
    let local = if address.is_ipv6() { IpAddr::from(Ipv6Addr::LOCALHOST) } else { Ipv4Addr::LOCALHOST.into() };
    let ip = if address.ip().is_unspecified() { local } else { address.ip() };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

fn announce(applied: &Applied) {
    if !applied.steps.is_empty() {
        let (steps, backup) = (applied.steps.join(" "), applied.backup.as_ref().map(|path| path.display().to_string()));
        tracing::info!(steps, backup, "the database schema was brought up to date");
    }
}
