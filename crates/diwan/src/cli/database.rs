//! `diwan database`: look at, copy and take back the database of this machine's installation.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use diwan_kernel::db::Db;
use diwan_kernel::{DbError, Events, Supervisor, World};
use diwan_vault::{Guard, guard_in_use};
use serde_json::json;

use super::door::Door;
use super::failure::{Done, Failure};
use super::installation::{Installation, data_dir};
use super::screen::size;
use crate::compose::config::Config;
use crate::compose::server::MIGRATIONS;

const AFTER_HELP: &str = "\
Examples:
  diwan database status --data-dir /var/lib/diwan
  diwan database backup /backups/diwan.db           while the server runs or not
  diwan database migrate-back identity --keep 1     before an older version starts

A backup holds everything but the keys: keep keys/seal.key apart from it, and
what guards the vault: keys/vault.key, or its passphrase, or its key service.
Without them every secret in the backup is lost.";

const NEXT: &str = "`diwan doctor` looks closer.";

/// Look at and copy the database of this machine's installation
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(super) enum Database {
    /// Show which database it is and which schema it has
    Status {
        #[command(flatten)]
        installation: Installation,
    },
    /// Write a copy of an embedded database to a file
    Backup {
        /// Where to; it must not exist yet
        to: PathBuf,
        #[command(flatten)]
        installation: Installation,
    },
    /// Take schema steps of a component back, for an older version of Diwan
    MigrateBack(MigrateBack),
}

#[derive(Debug, Args)]
pub(super) struct MigrateBack {
    /// Whose steps: audit, identity, kernel
    component: String,
    /// How many of its steps to keep
    #[arg(long, value_name = "N")]
    keep: usize,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    installation: Installation,
}

fn failed(error: DbError) -> Failure {
    Failure::refused(error.to_string(), NEXT)
}

impl Database {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::Status { installation } => status(door, installation).await,
            Self::Backup { to, installation } => backup(door, to, installation).await,
            Self::MigrateBack(back) => back.run(door).await,
        }
    }
}

/// The steps that the schema has taken, in the order in which they build on each other.
pub(super) async fn steps(db: &Db) -> Result<Vec<String>, DbError> {
    let rows =
        db.query("SELECT component, name FROM schema_migration ORDER BY applied_at, component, name", vec![]).await?;
    let step =
        |row: &diwan_kernel::db::Row| Ok(format!("{}/{}", row.get::<String>("component")?, row.get::<String>("name")?));
    rows.iter().map(step).collect()
}

/// The steps that this version knows.
pub(super) fn known_steps() -> Vec<String> {
    let of = |m: &diwan_kernel::db::Migrations| {
        m.steps.iter().map(|s| format!("{}/{}", m.component, s.name)).collect::<Vec<_>>()
    };
    MIGRATIONS.iter().flat_map(of).collect()
}

async fn status(door: &Door<'_>, installation: &Installation) -> Result<Done, Failure> {
    let config = installation.load()?;
    let db = Db::open_for_reading(&config.server.location(), &World::real()).await.map_err(failed)?;
    let taken = steps(&db).await.map_err(failed)?;
    let due: Vec<_> = known_steps().into_iter().filter(|step| !taken.contains(step)).collect();
    let bytes = db.size_bytes().await.and_then(|b| u64::try_from(b).ok());
    if door.screen.is_json() {
        let status = json!({"engine": db.engine(), "size_bytes": bytes, "steps": taken, "due": due});
        door.screen.json(&status.to_string())?;
        return Ok(Done::Well);
    }
    door.screen.facts(&[
        ("Engine", db.engine().to_owned()),
        ("Size", bytes.map_or_else(|| "unknown".to_owned(), size)),
        ("Schema", taken.join(", ")),
        ("Due at the next start", if due.is_empty() { "nothing".to_owned() } else { due.join(", ") }),
    ])?;
    Ok(Done::Well)
}

async fn backup(door: &Door<'_>, to: &std::path::Path, installation: &Installation) -> Result<Done, Failure> {
    if to.exists() {
        return Err(Failure::usage(format!("{} exists already", to.display()), "Name another file."));
    }
    let config = installation.load()?;
    let db = Db::open_for_reading(&config.server.location(), &World::real()).await.map_err(failed)?;
    db.copy_to(to).await.map_err(failed)?;
    restrict(to)?;
    let needs = needs(&config, &db).await;
    if door.screen.is_json() {
        door.screen.json(&json!({"backup": to.display().to_string(), "needs": needs}).to_string())?;
    } else {
        door.screen.line(&format!("The database was copied to {}.", to.display()))?;
        eprintln!("It opens only together with {}: keep copies apart from it.", needs.join(" and "));
    }
    Ok(Done::Well)
}

/// Without what else a copy of the database is worth nothing.
async fn needs(config: &Config, db: &Db) -> Vec<String> {
    let data = data_dir(config);
    // A database from before the vault has nothing in it that it guards.
    let guard = guard_in_use(db).await.ok().flatten().map(|guard| match guard {
        Guard::KeyFile => config.vault.key_file_in(data.path()).display().to_string(),
        Guard::Passphrase => "the passphrase of the vault".to_owned(),
        Guard::Transit => "the key service of the vault (vault.transit)".to_owned(),
    });
    std::iter::once(data.seal_key().display().to_string()).chain(guard).collect()
}

/// What is in a backup is for its owner only.
fn restrict(path: &std::path::Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let done = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
    done.map_err(|e| {
        Failure::refused(format!("{}: {e}", path.display()), "Make the backup readable for yourself only.")
    })
}

impl MigrateBack {
    async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        if !MIGRATIONS.iter().any(|m| m.component == self.component) {
            let names: Vec<_> = MIGRATIONS.iter().map(|m| m.component).collect();
            return Err(Failure::usage(
                format!("there is no component {}", self.component),
                &format!("There are: {}.", names.join(", ")),
            ));
        }
        let config = self.installation.load()?;
        let (world, data) = (World::real(), data_dir(&config));
        // The server must not run: it would go on writing what the older schema has no place for.
        let lock = world.disk().lock_dir(data.path()).map_err(|e| Failure::usage(e.to_string(), NEXT))?;
        let _lock = lock.ok_or_else(|| Failure::refused("the server is running", "Stop it first."))?;
        let question = format!(
            "Take the schema of {} back to {} steps? Data of the later steps is lost.",
            self.component, self.keep
        );
        door.confirm(&question, self.yes)?;
        let supervisor = Supervisor::new();
        let db =
            Db::open(&config.server.location(), &world, &supervisor, &Events::new(&world)).await.map_err(failed)?;
        let done = db.migrate_back(MIGRATIONS, &self.component, self.keep, &data.backups()).await;
        supervisor.shut_down(std::time::Duration::from_secs(5)).await;
        let applied = done.map_err(failed)?;
        let backup = applied.backup.map(|path| path.display().to_string());
        if door.screen.is_json() {
            door.screen.json(&json!({"undone": applied.steps, "backup": backup}).to_string())?;
        } else {
            let undone = if applied.steps.is_empty() { "nothing".to_owned() } else { applied.steps.join(", ") };
            door.screen.facts(&[("Undone", undone), ("Copy made before", backup.unwrap_or_else(|| "none".into()))])?;
        }
        Ok(Done::Well)
    }
}
