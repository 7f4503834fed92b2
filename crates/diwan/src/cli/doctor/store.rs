//! The database and the audit trail in it.

use diwan_audit::{AnchorState, OfflineKey, verify_offline};
use diwan_kernel::db::{Db, Location};
use diwan_kernel::{Sealer, World};

use super::super::database::{known_steps, steps};
use super::super::installation::data_dir;
use super::super::screen::size;
use super::Findings;
use crate::compose::config::Config;

/// Looks at the database.
pub(super) async fn look(config: &Config, world: &World, found: &mut Findings) {
    let location = config.server.location();
    if let Location::Sqlite(path) = &location
        && !path.exists()
    {
        found.look(
            "database",
            format!("There is no database {} yet.", path.display()),
            "It is made at the first start.",
        );
        return;
    }
    let db = match Db::open_for_reading(&location, world).await {
        Ok(db) => db,
        Err(error) => {
            found.mend(
                "database",
                error.to_string(),
                "Check server.database_url, that the database runs, and that this user may read it.",
            );
            return;
        }
    };
    integrity(&db, found).await;
    schema(&db, found).await;
    trail(config, &db, world, found).await;
    super::vault::look(config, &db, found).await;
    super::settings::look(config, &db, found).await;
}

async fn integrity(db: &Db, found: &mut Findings) {
    match db.check().await {
        Ok(damage) if damage.is_empty() => {
            let bytes = db.size_bytes().await.and_then(|b| u64::try_from(b).ok());
            let bytes = bytes.map(|b| format!(" ({})", size(b))).unwrap_or_default();
            found.good("database", format!("The {} database opens and is whole{bytes}.", db.engine()));
        }
        Ok(damage) => {
            let first = damage.into_iter().next().unwrap_or_default();
            found.mend(
                "database",
                format!("The database is damaged: {first}."),
                "Stop the server, keep a copy of the files, and restore the newest backup.",
            );
        }
        Err(error) => {
            found.mend("database", error.to_string(), "Check that the database runs and that this user may read it.")
        }
    }
}

async fn schema(db: &Db, found: &mut Findings) {
    let Ok(taken) = steps(db).await else {
        found.look("schema", "The database has no schema yet.", "It is made at the first start.");
        return;
    };
    let known = known_steps();
    let unknown: Vec<_> = taken.iter().filter(|step| !known.contains(step)).cloned().collect();
    let due: Vec<_> = known.iter().filter(|step| !taken.contains(step)).cloned().collect();
    if !unknown.is_empty() {
        let detail = format!("The database was written by a newer version of Diwan ({}).", unknown.join(", "));
        found.mend("schema", detail, "Start the newer version, or restore the backup made before the upgrade.");
    } else if due.is_empty() {
        found.good("schema", "The schema is that of this version.");
    } else {
        found.look(
            "schema",
            format!("The schema is older: {} are due.", due.join(", ")),
            "They run at the next start, after a backup.",
        );
    }
}

async fn trail(config: &Config, db: &Db, world: &World, found: &mut Findings) {
    let data = data_dir(config);
    // Looking must not make a key file where there is none.
    if !data.seal_key().exists() {
        return;
    }
    let Ok(sealer) = Sealer::open(world, &data.seal_key()) else { return };
    let report = match verify_offline(db, OfflineKey::Sealed(&sealer), Some(data.path())).await {
        Ok(report) => report,
        Err(error) => {
            found.mend(
                "audit",
                format!("The audit trail cannot be verified: {error}."),
                "Put back the key file that belongs to this database.",
            );
            return;
        }
    };
    let restore =
        "Keep the database as it is as evidence, and compare it with a backup; `diwan audit verify` says more.";
    match (&report.fault, report.anchor) {
        (Some(fault), _) => found.mend("audit", fault.detail.clone(), restore),
        (None, AnchorState::Ok) => {
            found.good("audit", format!("The audit trail verifies: {} entries, {} checkpoints.", report.entries, report.checkpoints));
        }
        (None, _) => found.look(
            "audit",
            "The audit trail verifies, but the copy of its latest checkpoint (audit.anchor) is missing or damaged.",
            "If nobody removed it on purpose, compare the trail with a backup; a new copy is made while the server runs.",
        ),
    }
}
