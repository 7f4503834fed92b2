//! The two databases that every story is told on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use diwan_kernel::db::{Db, Location, Migrations};
use diwan_kernel::supervisor::Farewell;
use diwan_kernel::{Events, Sealer, Supervisor, World};

/// Where `make test` says a throw-away PostgreSQL is.
pub const POSTGRES_VARIABLE: &str = "DIWAN_TEST_POSTGRES_URL";

/// A database engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A SQLite file in a directory of the test's own.
    Sqlite,
    /// A schema of the test's own on a real PostgreSQL server.
    Postgresql,
}

impl Backend {
    /// An empty database that no other test sees.
    ///
    /// # Panics
    /// When there is no PostgreSQL: an absent backend is a failure, never a silent skip.
    pub async fn provision(self, dir: &Path) -> Location {
        match self {
            Self::Sqlite => Location::Sqlite(dir.join("diwan.db")),
            Self::Postgresql => Location::Postgres(new_schema().await),
        }
    }
}

async fn new_schema() -> String {
    let base = std::env::var(POSTGRES_VARIABLE).unwrap_or_else(|_| {
        panic!("{POSTGRES_VARIABLE} is not set: run the tests with `make test`, which starts a PostgreSQL")
    });
    let (client, connection) = tokio_postgres::connect(&base, tokio_postgres::NoTls).await.expect("PostgreSQL answers");
    let name = format!("test_{}", World::real().random::<8>().map(|b| format!("{b:02x}")).concat());
    let create = format!("CREATE SCHEMA {name}");
    tokio::select! {
        biased;
        created = client.batch_execute(&create) => created.expect("a schema can be made"),
        _ = connection => panic!("PostgreSQL hung up"),
    }
    let separator = if base.contains('?') { '&' } else { '?' };
    format!("{base}{separator}options=-csearch_path%3D{name}")
}

/// A database with what it stands on, for tests below the product.
#[derive(Debug)]
pub struct Ground {
    /// The world it lives in.
    pub world: World,
    /// Owns its tasks.
    pub supervisor: Supervisor,
    /// Its feed.
    pub events: Events,
    /// The database.
    pub db: Db,
    /// Seals its secrets.
    pub sealer: Sealer,
    /// Where it is.
    pub location: Location,
    dir: tempfile::TempDir,
}

impl Ground {
    /// A migrated, empty database.
    pub async fn new(backend: Backend, migrations: &[Migrations]) -> Self {
        Self::in_world(World::real(), backend, migrations).await
    }

    /// The same in a world of one's own.
    pub async fn in_world(world: World, backend: Backend, migrations: &[Migrations]) -> Self {
        let dir = tempfile::tempdir().expect("a directory can be made");
        let location = backend.provision(dir.path()).await;
        let (supervisor, events) = (Supervisor::new(), Events::new(&world));
        let sealer = Sealer::open(&world, &dir.path().join("seal.key")).expect("a key file can be made");
        let db = Db::open(&location, &world, &supervisor, &events).await.expect("the database opens");
        db.migrate(migrations, &dir.path().join("backups")).await.expect("the migrations run");
        Self { world, supervisor, events, db, sealer, location, dir }
    }

    /// The test's own directory.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Where copies go.
    pub fn backups(&self) -> PathBuf {
        self.dir.path().join("backups")
    }

    /// Ends its tasks.
    pub async fn shut_down(&self) -> Farewell {
        self.supervisor.shut_down(Duration::from_secs(10)).await
    }
}

/// Tells a story on every backend: one test each, `name::sqlite` and `name::postgresql`.
///
/// ```ignore
/// on_every_backend! {
///     async fn a_saved_lamp_is_found(backend) { … }
/// }
/// ```
#[macro_export]
macro_rules! on_every_backend {
    ($($(#[$meta:meta])* async fn $name:ident($backend:ident) $story:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "a story may need nothing from outside")]
            use super::*;

            async fn story($backend: $crate::Backend) $story

            #[tokio::test]
            async fn sqlite() {
                Box::pin(story($crate::Backend::Sqlite)).await;
            }

            #[tokio::test]
            async fn postgresql() {
                Box::pin(story($crate::Backend::Postgresql)).await;
            }
        }
    )+};
}
