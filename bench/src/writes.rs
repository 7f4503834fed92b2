//! Durable writes at the database: units of work in groups, against one commit per write.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use diwan_kernel::db::{Db, KERNEL, Location, Migration, Migrations, Unrecorded};
use diwan_kernel::{Ctx, Events, Supervisor, World, params};

use crate::report::Report;

const TABLE: Migrations = Migrations {
    component: "bench",
    steps: &[Migration {
        name: "0001",
        up: "CREATE TABLE line (id BIGINT PRIMARY KEY, text TEXT NOT NULL)",
        down: "DROP TABLE line",
    }],
};

pub(crate) async fn measure(report: &mut Report, clients: usize, span: Duration) -> Result<()> {
    let alone = writers(1, span).await?;
    let together = writers(clients, span).await?;
    report.figure("durable units of work, 1 writer (one commit each)", alone.0, "/s", None);
    report.figure("durable units of work, 64 writers (grouped)", together.0, "/s", Some("goal ≥ 5,000"));
    report.figure("  p99", together.1, "ms", Some("goal ≤ 40"));
    report.ratio("  grouped : one commit each", together.0, alone.0, "");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time with tasks of its own")]
async fn writers(clients: usize, span: Duration) -> Result<(f64, f64)> {
    // Beside the build, not in a directory that may live in memory: the disk is what is measured.
    let dir = tempfile::tempdir_in("target")?;
    let (world, supervisor) = (World::real(), Supervisor::new());
    let events = Events::new(&world);
    let db = Db::open(&Location::Sqlite(dir.path().join("bench.db")), &world, &supervisor, &events).await?;
    db.migrate(&[KERNEL, TABLE], dir.path()).await?;
    let next = Arc::new(std::sync::atomic::AtomicI64::new(0));
    let begin = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            let (db, next, ctx) = (db.clone(), next.clone(), Ctx::system(&world, "bench"));
            tokio::spawn(async move {
                let mut times = vec![];
                while begin.elapsed() < span {
                    let sent = Instant::now();
                    let id = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let mut tx = db.begin(&ctx).await?;
                    tx.execute("INSERT INTO line (id, text) VALUES ($1, $2)", params![id, "a line of some length"])
                        .await?;
                    tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
                    times.push(sent.elapsed());
                }
                anyhow::Ok(times)
            })
        })
        .collect();
    let mut times = vec![];
    for task in tasks {
        times.extend(task.await??);
    }
    let elapsed = begin.elapsed();
    supervisor.shut_down(Duration::from_secs(5)).await;
    times.sort_unstable();
    let p99 = times[(times.len() - 1) * 99 / 100].as_secs_f64() * 1e3;
    Ok((times.len() as f64 / elapsed.as_secs_f64(), p99))
}
