//! What the database promises, on every backend.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use diwan_kernel::db::{Db, DbError, KERNEL, Location, Migration, Migrations, Tx, Unrecorded, like_pattern};
use diwan_kernel::events::{Audience, DomainEvent};
use diwan_kernel::id::{Id, User};
use diwan_kernel::world::{ManualClock, Timestamp};
use diwan_kernel::{Ctx, Entry, Journal, Permission, TaskPolicy, World, params};
use diwan_testkit::{Backend, Ground, on_every_backend};

const LAMPS: Migrations = Migrations {
    component: "lamps",
    steps: &[
        Migration {
            name: "0001_lamp",
            up: "CREATE TABLE lamp (name TEXT NOT NULL PRIMARY KEY, watts BIGINT, key {blob});
                 CREATE UNIQUE INDEX lamp_watts_key ON lamp (watts);
                 CREATE TABLE entry (action TEXT NOT NULL);",
            down: "DROP TABLE entry; DROP TABLE lamp;",
        },
        Migration { name: "0002_room", up: "CREATE TABLE room (name TEXT PRIMARY KEY);", down: "DROP TABLE room;" },
    ],
};
const ALL: &[Migrations] = &[KERNEL, LAMPS];
const INSERT: &str = "INSERT INTO lamp (name, watts) VALUES ($1, $2)";

#[derive(serde::Serialize)]
struct Lit;
impl DomainEvent for Lit {
    const TOPIC: &'static str = "lamps";
    const NAME: &'static str = "lamp.lit";
    fn audience(&self) -> Audience {
        Audience::Permission(Permission::StatusRead)
    }
}

/// Writes the action down, or refuses.
struct Notebook {
    refuses: bool,
}

#[async_trait]
impl Journal for Notebook {
    async fn append(&self, tx: &mut Tx, entries: Vec<(Ctx, Entry)>) -> Result<(), DbError> {
        if self.refuses {
            return Err(DbError::Audit("the notebook is full".into()));
        }
        let rows: Vec<_> = entries.into_iter().map(|(_, entry)| params![entry.action]).collect();
        tx.execute_many("INSERT INTO entry (action) VALUES ($1)", &rows).await
    }
}

async fn ground(backend: Backend) -> (Ground, Ctx) {
    let ground = Ground::new(backend, ALL).await;
    ground.db.set_journal(Arc::new(Notebook { refuses: false }));
    let ctx = Ctx::system(&ground.world, "test");
    (ground, ctx)
}

async fn count(ground: &Ground, sql: &'static str) -> i64 {
    ground.db.query_opt(sql, vec![]).await.unwrap().unwrap().get("n").unwrap()
}

async fn lamps(ground: &Ground) -> i64 {
    count(ground, "SELECT count(*) AS n FROM lamp").await
}

on_every_backend! {
    async fn values_come_back_as_they_went_in(backend) {
        let (ground, ctx) = ground(backend).await;
        let mut tx = ground.db.begin(&ctx).await.unwrap();
        let name = "مصباح ' \" ; -- \\ %";
        let insert = "INSERT INTO lamp (name, watts, key) VALUES ($1, $2, $3)";
        tx.execute(insert, params![name, i64::MIN, vec![0u8, 255]]).await.unwrap();
        tx.execute(insert, params!["dark", None::<i64>, None::<Vec<u8>>]).await.unwrap();
        tx.commit(Entry::done("lamp.add")).await.unwrap();
        let rows = ground.db.query("SELECT name, watts, key FROM lamp ORDER BY watts IS NULL", vec![]).await.unwrap();
        assert_eq!(rows[0].get::<String>("name").unwrap(), name);
        assert_eq!(rows[0].get::<i64>("watts").unwrap(), i64::MIN);
        assert_eq!(rows[0].get::<Vec<u8>>("key").unwrap(), [0, 255]);
        assert_eq!(rows[1].get::<Option<i64>>("watts").unwrap(), None);
        assert!(matches!(rows[0].get::<i64>("name"), Err(DbError::Mismatch { .. })));
        assert!(matches!(rows[0].get::<i64>("volts"), Err(DbError::Mismatch { .. })));
    }

    async fn a_change_its_entry_and_its_event_are_one(backend) {
        let (ground, ctx) = ground(backend).await;
        let mut listening = ground.events.listen(None);
        let mut tx = ground.db.begin(&ctx).await.unwrap();
        tx.execute(INSERT, params!["a", 1i64]).await.unwrap();
        tx.emit(&Lit);
        tx.commit(Entry::done("lamp.add")).await.unwrap();
        assert_eq!((lamps(&ground).await, count(&ground, "SELECT count(*) AS n FROM entry").await), (1, 1));
        assert_eq!(listening.receiver.recv().await.unwrap().name, "lamp.lit");
    }

    async fn a_dropped_unit_leaves_nothing(backend) {
        let (ground, ctx) = ground(backend).await;
        let mut listening = ground.events.listen(None);
        let mut tx = ground.db.begin(&ctx).await.unwrap();
        tx.execute(INSERT, params!["a", 1i64]).await.unwrap();
        tx.emit(&Lit);
        drop(tx);
        assert_eq!(lamps(&ground).await, 0);
        assert!(listening.receiver.try_recv().is_err());
        // The writer is free again.
        let tx = ground.db.begin(&ctx).await.unwrap();
        tx.commit(Entry::done("nothing")).await.unwrap();
    }

    async fn without_its_audit_entry_nothing_is_changed(backend) {
        let ground = Ground::new(backend, ALL).await;
        ground.db.set_journal(Arc::new(Notebook { refuses: true }));
        let ctx = Ctx::system(&ground.world, "test");
        let mut tx = ground.db.begin(&ctx).await.unwrap();
        tx.execute(INSERT, params!["a", 1i64]).await.unwrap();
        assert!(matches!(tx.commit(Entry::done("lamp.add")).await, Err(DbError::Audit(_))));
        assert_eq!(lamps(&ground).await, 0);
    }

    async fn a_broken_rule_is_named_and_harms_nobody_else(backend) {
        let (ground, ctx) = ground(backend).await;
        let good = async {
            let mut tx = ground.db.begin(&ctx).await.unwrap();
            tx.execute(INSERT, params!["a", 1i64]).await.unwrap();
            tx.commit(Entry::done("lamp.add")).await.unwrap();
        };
        good.await;
        let mut tx = ground.db.begin(&ctx).await.unwrap();
        let twice = tx.execute(INSERT, params!["b", 1i64]).await.unwrap_err();
        assert!(twice.is_unique("lamp", "watts"), "{twice:?}");
        drop(tx);
        let mut tx = ground.db.begin(&ctx).await.unwrap();
        tx.execute(INSERT, params!["b", 2i64]).await.unwrap();
        tx.commit(Entry::done("lamp.add")).await.unwrap();
        assert_eq!(lamps(&ground).await, 2);
    }

    async fn many_units_at_once_all_arrive_and_failures_take_nobody_with_them(backend) {
        let (ground, ctx) = ground(backend).await;
        let units = (0..64i64).map(|n| {
            let (db, ctx) = (ground.db.clone(), ctx.clone());
            async move {
                let mut tx = db.begin(&ctx).await.unwrap();
                tx.execute(INSERT, params![format!("lamp {n}"), n]).await.unwrap();
                match n % 4 {
                    0 => drop(tx),
                    1 => assert!(tx.execute(INSERT, params![None::<String>, None::<i64>]).await.is_err()),
                    _ => tx.commit(Entry::done("lamp.add")).await.unwrap(),
                }
            }
        });
        futures::future::join_all(units).await;
        assert_eq!((lamps(&ground).await, count(&ground, "SELECT count(*) AS n FROM entry").await), (32, 32));
    }

    async fn migrations_go_forward_and_back_and_refuse_a_newer_database(backend) {
        let (ground, _) = ground(backend).await;
        let again = ground.db.migrate(ALL, &ground.backups()).await.unwrap();
        assert!(again.steps.is_empty());
        let back = ground.db.migrate_back(ALL, "lamps", 1, &ground.backups()).await.unwrap();
        assert_eq!(back.steps, ["lamps/0002_room"]);
        assert!(ground.db.query("SELECT name FROM room", vec![]).await.is_err());
        let forward = ground.db.migrate(ALL, &ground.backups()).await.unwrap();
        assert_eq!(forward.steps, ["lamps/0002_room"]);
        assert_eq!(forward.backup.is_some(), backend == Backend::Sqlite);
        let older = ground.db.migrate(&[KERNEL], &ground.backups()).await.unwrap_err();
        assert!(matches!(older, DbError::Newer(_)), "{older:?}");
    }

    async fn a_failed_migration_leaves_the_old_data_untouched(backend) {
        let (ground, ctx) = ground(backend).await;
        let mut tx = ground.db.begin(&ctx).await.unwrap();
        tx.execute(INSERT, params!["a", 1i64]).await.unwrap();
        tx.commit(Entry::done("lamp.add")).await.unwrap();
        const BROKEN: Migrations = Migrations {
            component: "broken",
            steps: &[Migration { name: "0001", up: "DELETE FROM lamp; CREATE TABLE lamp (x TEXT);", down: "" }],
        };
        let failed = ground.db.migrate(&[KERNEL, LAMPS, BROKEN], &ground.backups()).await.unwrap_err();
        assert!(matches!(failed, DbError::Migration { .. }), "{failed:?}");
        assert_eq!(lamps(&ground).await, 1);
        assert!(ground.db.migrate(ALL, &ground.backups()).await.unwrap().steps.is_empty());
    }

    async fn a_search_text_means_itself(backend) {
        let (ground, ctx) = ground(backend).await;
        let mut tx = ground.db.begin(&ctx).await.unwrap();
        for (name, watts) in [("100% wool", 1i64), ("100 wool", 2), ("a_b", 3), ("axb", 4), ("c\\d", 5), ("École", 6)] {
            tx.execute(INSERT, params![name, watts]).await.unwrap();
        }
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await.unwrap();
        for (text, expected) in [("0%", 1), ("a_b", 1), ("c\\d", 1), ("' OR 1=1 --", 0), ("wool", 2), ("école", 1)] {
            let sql = "SELECT name FROM lamp WHERE lower(name) LIKE $1 ESCAPE '\\'";
            assert_eq!(ground.db.query(sql, params![like_pattern(text)]).await.unwrap().len(), expected, "{text}");
        }
    }

    async fn a_write_with_the_same_key_commits_once(backend) {
        let (ground, mut ctx) = ground(backend).await;
        let attempt = |ctx: Ctx| {
            let db = ground.db.clone();
            async move {
                let mut tx = db.begin(&ctx).await?;
                tx.execute(INSERT, params![ctx.world.random::<4>().map(|b| b.to_string()).concat(), None::<i64>]).await?;
                tx.commit(Entry::done("lamp.add")).await
            }
        };
        let results = futures::future::join_all((0..8).map(|_| {
            // Each is a request of its own with the same key.
            ctx.idempotency = Some(diwan_kernel::ctx::Idempotency::new("k".into(), [7; 32]));
            attempt(ctx.clone())
        }))
        .await;
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
        assert!(results.iter().all(|r| matches!(r, Ok(()) | Err(DbError::KeyInUse))), "{results:?}");
        assert_eq!(lamps(&ground).await, 1);
    }
}

/// An id under which a lamp is found.
fn lamp_id(number: u128) -> Id<User> {
    Id::from_bits(number)
}

async fn set_watts(ground: &Ground, ctx: &Ctx, id: Id<User>, watts: i64) {
    let mut tx = ground.db.begin(ctx).await.unwrap();
    assert_eq!(tx.execute("UPDATE lamp SET watts = $1 WHERE name = $2", params![watts, id]).await.unwrap(), 1);
    tx.commit(Entry::done("lamp.set")).await.unwrap();
}

async fn add_lamp(ground: &Ground, ctx: &Ctx, id: Id<User>, watts: i64) {
    let mut tx = ground.db.begin(ctx).await.unwrap();
    tx.execute(INSERT, params![id, watts]).await.unwrap();
    tx.commit(Entry::done("lamp.add")).await.unwrap();
}

async fn watts(db: &Db, id: Id<User>) -> Option<i64> {
    let row = db.query_kept("SELECT watts FROM lamp WHERE name = $1", id).await.unwrap();
    row.map(|row| row.get("watts").unwrap())
}

/// Readers who ask all the time while somebody changes what they read: how many reads there were, and how
/// many of them were older than what had been acknowledged before, or than what the same reader saw before.
async fn read_while_written(ground: &Ground, ctx: &Ctx, changes: i64) -> (u64, u64) {
    let id = lamp_id(1);
    add_lamp(ground, ctx, id, 0).await;
    let acknowledged = Arc::new(AtomicI64::new(0));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (db, acknowledged) = (ground.db.clone(), acknowledged.clone());
            let (sender, told) = tokio::sync::oneshot::channel();
            ground.supervisor.spawn("reader", TaskPolicy::Once, async move {
                let (mut reads, mut stale, mut seen) = (0, 0, 0);
                while seen < changes {
                    let least = acknowledged.load(Ordering::SeqCst).max(seen);
                    let found = watts(&db, id).await.unwrap();
                    (reads, stale) = (reads + 1, stale + u64::from(found < least));
                    seen = seen.max(found);
                    tokio::task::yield_now().await;
                }
                sender.send((reads, stale)).unwrap();
            });
            told
        })
        .collect();
    for n in 1..=changes {
        set_watts(ground, ctx, id, n).await;
        acknowledged.store(n, Ordering::SeqCst);
    }
    let told = futures::future::join_all(readers).await;
    told.into_iter().map(Result::unwrap).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

on_every_backend! {
    async fn what_is_kept_in_memory_shows_every_change_at_once(backend) {
        let (ground, ctx) = ground(backend).await;
        let (one, other) = (lamp_id(1), lamp_id(2));
        assert_eq!(watts(&ground.db, one).await, None);
        add_lamp(&ground, &ctx, one, 40).await;
        add_lamp(&ground, &ctx, other, 60).await;
        for expected in 41..60 {
            set_watts(&ground, &ctx, one, expected).await;
            // The second answer may come from memory.
            assert_eq!((watts(&ground.db, one).await, watts(&ground.db, one).await), (Some(expected), Some(expected)));
            assert_eq!(watts(&ground.db, other).await, Some(60));
        }
        let mut undone = ground.db.begin(&ctx).await.unwrap();
        undone.execute("UPDATE lamp SET watts = $1 WHERE name = $2", params![99i64, one]).await.unwrap();
        assert_eq!(watts(&ground.db, one).await, Some(59), "what is not committed is nobody's business");
        drop(undone);
        assert_eq!(watts(&ground.db, one).await, Some(59));
        let mut gone = ground.db.begin(&ctx).await.unwrap();
        gone.execute("DELETE FROM lamp WHERE name = $1", params![one]).await.unwrap();
        gone.commit(Entry::done("lamp.remove")).await.unwrap();
        assert_eq!(watts(&ground.db, one).await, None);
    }

    async fn no_read_is_older_than_what_was_acknowledged(backend) {
        let (ground, ctx) = ground(backend).await;
        let (reads, stale) = read_while_written(&ground, &ctx, 100).await;
        assert!(reads >= 100 && stale == 0, "{stale} of {reads} reads were stale");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_read_on_another_thread_is_older_than_what_was_acknowledged() {
    let (ground, ctx) = ground(Backend::Sqlite).await;
    let (reads, stale) = read_while_written(&ground, &ctx, 500).await;
    assert!(reads >= 500 && stale == 0, "{stale} of {reads} reads were stale");
}

#[tokio::test]
async fn what_is_changed_past_the_process_is_seen_within_a_second() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_800_000_000_000)));
    let ground = Ground::in_world(World::real().with_clock(clock.clone()), Backend::Sqlite, ALL).await;
    ground.db.set_journal(Arc::new(Notebook { refuses: false }));
    add_lamp(&ground, &Ctx::system(&ground.world, "test"), lamp_id(1), 40).await;
    assert_eq!(watts(&ground.db, lamp_id(1)).await, Some(40));
    let Location::Sqlite(path) = &ground.location else { panic!("a file") };
    let by_hand = rusqlite::Connection::open(path).unwrap();
    by_hand.execute("UPDATE lamp SET watts = 60", []).unwrap();
    clock.advance(Duration::from_millis(900));
    assert_eq!(watts(&ground.db, lamp_id(1)).await, Some(60));
    // Who only reads is told of no commit, and asks every time.
    let reader = Db::open_for_reading(&ground.location, &ground.world).await.unwrap();
    assert_eq!(watts(&reader, lamp_id(1)).await, Some(60));
    by_hand.execute("UPDATE lamp SET watts = 80", []).unwrap();
    assert_eq!(watts(&reader, lamp_id(1)).await, Some(80));
}

#[tokio::test]
async fn work_that_is_under_way_when_the_shutdown_begins_is_finished() {
    let (ground, ctx) = ground(Backend::Sqlite).await;
    let (db, supervisor) = (ground.db.clone(), ground.supervisor.clone());
    let (sender, done) = tokio::sync::oneshot::channel();
    ground.supervisor.spawn("a request", TaskPolicy::Once, async move {
        let mut tx = db.begin(&ctx).await.unwrap();
        supervisor.stopping().await;
        tx.execute(INSERT, params!["a", 1i64]).await.unwrap();
        sender.send(tx.commit(Entry::done("lamp.add")).await).unwrap();
    });
    let farewell = ground.shut_down().await;
    assert!(farewell.dropped.is_empty(), "{farewell:?}");
    assert!(done.await.unwrap().is_ok());
}
