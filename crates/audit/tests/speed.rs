//! How fast the trail is. Not part of the suite: run it in release, on a quiet machine:
//! `cargo test --release -p diwan-audit --test speed -- --ignored --nocapture`

use diwan_audit::{Audit, AuditConfig, MIGRATIONS, OfflineKey, verify_offline};
use diwan_kernel::db::{Db, KERNEL};
use diwan_kernel::{Ctx, Entry};
use diwan_testkit::{Backend, Ground};

const ENTRIES: u32 = 1_000_000;
const BATCH: u32 = 5000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it measures; see the top of this file"]
async fn a_million_entries_are_appended_and_verified() {
    let ground = Ground::new(Backend::Sqlite, &[KERNEL, MIGRATIONS]).await;
    let (dir, config) = (ground.dir(), AuditConfig::default());
    let started = Audit::start(&ground.db, &ground.sealer, &ground.supervisor, &ground.world, dir, config).await;
    let audit = started.expect("the trail starts");
    let ctx = Ctx::system(&ground.world, "measuring");
    let began = ground.world.monotonic();
    for batch in 0..ENTRIES / BATCH {
        let mut tx = ground.db.begin(&ctx).await.expect("a unit of work");
        for n in 1..BATCH {
            let entry = Entry::done("session.start").on("session", n).with("method", "password").with("batch", batch);
            tx.record(entry).await.expect("it is written down");
        }
        tx.commit(Entry::done("batch.end")).await.expect("it is saved");
    }
    let took = ground.world.monotonic().saturating_sub(began);
    println!("append: {ENTRIES} entries in {took:?}, {:.0} a second", f64::from(ENTRIES) / took.as_secs_f64());
    audit.sign_checkpoint().await.expect("it is signed");
    let db = Db::open_for_reading(&ground.location, &ground.world).await.expect("it opens");
    for _ in 0..3 {
        let report = verify_offline(&db, OfflineKey::Sealed(&ground.sealer), Some(dir)).await.expect("it answers");
        assert!(report.ok && report.entries == i64::from(ENTRIES), "{report:?}");
        println!("verify: {} entries in {} ms, {} checkpoints", report.entries, report.duration_ms, report.checkpoints);
    }
}
