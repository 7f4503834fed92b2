//! The audit trail: how fast entries are appended, and how fast a long trail is verified.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use diwan_audit::{Audit, AuditConfig, MIGRATIONS, OfflineKey, verify_offline};
use diwan_kernel::db::{Db, KERNEL, Location};
use diwan_kernel::{Ctx, Entry, Events, Sealer, Supervisor, World};

use crate::report::Report;

const ENTRIES: u32 = 200_000;
const BATCH: u32 = 5_000;

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) async fn measure(report: &mut Report) -> Result<()> {
    let dir = tempfile::tempdir_in("target")?;
    let (world, supervisor) = (World::real(), Supervisor::new());
    let events = Events::new(&world);
    let location = Location::Sqlite(dir.path().join("trail.db"));
    let sealer = Sealer::open(&world, &dir.path().join("seal.key"))?;
    let db = Db::open(&location, &world, &supervisor, &events).await?;
    db.migrate(&[KERNEL, MIGRATIONS], dir.path()).await?;
    let audit = Audit::start(&db, &sealer, &supervisor, &world, dir.path(), AuditConfig::default()).await?;
    let ctx = Ctx::system(&world, "bench");
    let begin = Instant::now();
    for _ in 0..ENTRIES / BATCH {
        let mut tx = db.begin(&ctx).await?;
        for n in 1..BATCH {
            tx.record(Entry::done("session.start").on("session", n).with("method", "password")).await?;
        }
        tx.commit(Entry::done("batch.end")).await?;
    }
    let appended = f64::from(ENTRIES) / begin.elapsed().as_secs_f64();
    report.figure("audit entries appended in batches", appended, "/s", Some("goal ≥ 50,000"));
    audit.sign_checkpoint().await?;
    let reader = Db::open_for_reading(&location, &world).await?;
    let begin = Instant::now();
    let verdict = verify_offline(&reader, OfflineKey::Sealed(&sealer), Some(dir.path())).await;
    let verdict = verdict.ok().context("the verification answers")?;
    ensure!(verdict.ok && verdict.entries >= i64::from(ENTRIES), "{verdict:?}");
    let million_s = begin.elapsed().as_secs_f64() * 1e6 / f64::from(ENTRIES);
    report.figure("verifying a million audit entries, at the measured rate", million_s, "s", Some("goal ≤ 2"));
    Ok(())
}
