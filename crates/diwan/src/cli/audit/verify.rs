//! `diwan audit verify`: asks the server, or looks at an installation's files without it.

use std::path::{Path, PathBuf};

use clap::Args;
use diwan_audit::{OfflineKey, Vouching, verify_offline};
use diwan_client::{AuditFault, AuditVerification};
use diwan_kernel::db::{Db, Location};
use diwan_kernel::{Sealer, World};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{Tone, safe};
use crate::compose::server::DataDir;

const AFTER_HELP: &str = "\
Without --data-dir the server verifies its own trail and says so in it. With it,
the files are read (nothing is written), while the server runs or not;
--database-url names the database if it is not in the data directory.
With --public-key, a copy of the database alone can be checked up to its last
signed checkpoint. Ends with 1 when something is wrong.

Examples:
  diwan audit verify
  diwan audit verify --data-dir /var/lib/diwan
  diwan audit verify --database-url copy.db --public-key KEY";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Verify {
    /// The data directory of the installation to look at
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Its database: a SQLite path or a PostgreSQL URL
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Check with this public key (from `diwan audit key`) instead of the installation's key file
    #[arg(long, value_name = "KEY", value_parser = public_key)]
    public_key: Option<Vouching>,
}

fn public_key(text: &str) -> Result<Vouching, String> {
    Vouching::parse(text).ok_or_else(|| "a public key is 32 bytes in base 64, as `diwan audit key` shows it".to_owned())
}

impl Verify {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let text = if self.data_dir.is_some() || self.database_url.is_some() {
            self.look_at_files().await?
        } else if self.public_key.is_some() {
            return Err(Failure::usage(
                "--public-key is for the files of an installation or for a copy of its database",
                "Name the copy with --database-url, or the installation with --data-dir.",
            ));
        } else {
            door.client()?.verify_audit_chain().await?.text().to_owned()
        };
        let unreadable = |e: serde_json::Error| {
            Failure::refused(format!("the answer does not fit: {e}"), "Is the server another version?")
        };
        let report: AuditVerification = serde_json::from_str(&text).map_err(unreadable)?;
        if door.screen.is_json() {
            door.screen.json(&text)?;
        } else {
            self.tell(door, &report)?;
        }
        let is_anchored = report.anchor == "ok" || !self.has_anchor();
        Ok(if report.ok && is_anchored { Done::Well } else { Done::Found })
    }

    /// A copy of the database has no anchor beside it.
    const fn has_anchor(&self) -> bool {
        self.data_dir.is_some() || self.database_url.is_none()
    }

    async fn look_at_files(&self) -> Result<String, Failure> {
        let next = "Check --data-dir and --database-url, and that this user may read them.";
        let failed = |why: String| Failure::refused(why, next);
        let world = World::real();
        let dir = self.data_dir.as_deref().map(|dir| DataDir::at(&dir.to_string_lossy()));
        let misplaced = self.database_url.as_deref().and_then(|url| diwan_server::check_database_url(url).err());
        if let Some(why) = misplaced {
            return Err(Failure::usage(format!("--database-url: {}", why.text), next));
        }
        let location = match (&self.database_url, &dir) {
            (Some(url), _) => Location::parse(url),
            (None, Some(dir)) => Location::Sqlite(dir.path().join("diwan.db")),
            (None, None) => return Err(Failure::usage("there is nothing to look at", next)),
        };
        let db = Db::open_for_reading(&location, &world).await.map_err(|e| failed(e.to_string()))?;
        let sealer = match (&self.public_key, &dir) {
            (Some(_), _) => None,
            (None, Some(dir)) => Some(sealing_keys(&world, &dir.seal_key())?),
            (None, None) => {
                return Err(Failure::usage("there is no key to check with", "Add --data-dir, or --public-key."));
            }
        };
        let key = match (&self.public_key, &sealer) {
            (Some(public), _) => OfflineKey::Public(public),
            (None, Some(sealer)) => OfflineKey::Sealed(sealer),
            (None, None) => {
                return Err(Failure::usage("there is no key to check with", "Add --data-dir, or --public-key."));
            }
        };
        let report =
            verify_offline(&db, key, dir.as_ref().map(DataDir::path)).await.map_err(|e| failed(e.to_string()))?;
        serde_json::to_string(&report).map_err(|e| failed(e.to_string()))
    }

    fn tell(&self, door: &Door<'_>, report: &AuditVerification) -> Result<(), Failure> {
        let AuditVerification { entries, checkpoints, first_seq, last_seq, head_hash, anchor, duration_ms, .. } =
            report;
        if let Some(AuditFault { kind, seq, detail }) = &report.fault {
            let mark = door.screen.toned(Tone::Bad, "✗");
            door.screen.line(&format!("{mark} The trail cannot be relied on from entry {seq} on ({}).", safe(kind)))?;
            door.screen.line(&format!("  {}", safe(detail)))?;
            door.screen.line(&format!(
                "  The {entries} entries before it are good. Keep this database as it is and compare it with a backup."
            ))?;
            return Ok(());
        }
        let mark = door.screen.toned(Tone::Good, "✓");
        let which = if *entries == 0 { "no entries yet".into() } else { format!("entries {first_seq} to {last_seq}") };
        door.screen.line(&format!(
            "{mark} Nothing was changed or removed: {which} (signed checkpoints: {checkpoints}, {duration_ms} ms)."
        ))?;
        door.screen.line(&format!("  Hash of the last entry: {}", safe(head_hash)))?;
        if anchor != "ok" && self.has_anchor() {
            let mark = door.screen.toned(Tone::Doubtful, "!");
            door.screen.line(&format!("{mark} The copy of the latest checkpoint outside the database is {}: an older copy of the database would not be noticed.", safe(anchor)))?;
        }
        Ok(())
    }
}

/// The key file, which must be there: looking must not make one.
fn sealing_keys(world: &World, path: &Path) -> Result<Sealer, Failure> {
    let next = "Name the data directory, or check with --public-key.";
    if !path.exists() {
        return Err(Failure::usage(format!("there is no key file {}", path.display()), next));
    }
    Sealer::open(world, path).map_err(|e| Failure::usage(e.to_string(), next))
}
