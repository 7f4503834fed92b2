//! The trail over real databases: what is appended verifies, what is tampered with is found, and what
//! cannot be written down is not done.
#![expect(clippy::expect_used, clippy::panic, reason = "these are tests")]

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use diwan_audit::{
    AnchorState, Audit, AuditConfig, AuditVerification, FaultKind, MIGRATIONS, OfflineKey, Vouching, verify_offline,
};
use diwan_kernel::ctx::RequestFacts;
use diwan_kernel::db::{Db, DbError, KERNEL, Location, Unrecorded};
use diwan_kernel::world::ManualClock;
use diwan_kernel::{Actor, Ctx, Entry, Id, Role, Timestamp, World};
use diwan_testkit::{Backend, Ground, on_every_backend};

struct House {
    ground: Ground,
    audit: Audit,
    clock: Arc<ManualClock>,
}

impl House {
    async fn new(backend: Backend) -> Self {
        Self::keeping(backend, 0).await
    }

    async fn keeping(backend: Backend, retention_days: u32) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_767_690_000_000)));
        let world = World::real().with_clock(clock.clone());
        let ground = Ground::in_world(world, backend, &[KERNEL, MIGRATIONS]).await;
        let audit = start(&ground, retention_days).await;
        Self { ground, audit, clock }
    }

    fn ctx(&self) -> Ctx {
        Ctx::system(&self.ground.world, "test")
    }

    /// Somebody's request from an address.
    fn request(&self, actor: Actor, address: &str) -> Ctx {
        let facts = RequestFacts {
            id: Id::new(&self.ground.world),
            address: Some(address.parse::<IpAddr>().expect("an address")),
            user_agent: Some("lynx\u{1b}[2J".into()),
            arrived: self.ground.world.monotonic(),
        };
        Ctx { actor, ..Ctx::anonymous(&self.ground.world, Arc::new(facts)) }
    }

    async fn record(&self, ctx: &Ctx, entry: Entry) {
        self.try_record(ctx, entry).await.expect("it is written down");
    }

    async fn try_record(&self, ctx: &Ctx, entry: Entry) -> Result<(), DbError> {
        self.ground.db.begin(ctx).await?.commit(entry).await
    }

    async fn record_many(&self, count: i64) {
        for n in 0..count {
            self.record(&self.ctx(), Entry::done("lamp.light").on("lamp", n)).await;
        }
    }

    /// What somebody does who has the database but not the keys.
    async fn tamper(&self, sql: &'static str) {
        let mut tx = self.ground.db.begin(&self.ctx()).await.expect("a unit of work");
        tx.execute(sql, vec![]).await.expect("the statement runs");
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await.expect("it is saved");
    }

    async fn verify(&self) -> AuditVerification {
        let db = Db::open_for_reading(&self.ground.location, &self.ground.world).await.expect("it opens");
        let key = OfflineKey::Sealed(&self.ground.sealer);
        verify_offline(&db, key, Some(self.ground.dir())).await.expect("it answers")
    }

    async fn fault(&self) -> (FaultKind, i64) {
        let report = self.verify().await;
        let Some(fault) = &report.fault else { panic!("nothing was found: {report:?}") };
        (fault.kind, fault.seq)
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let row = self.ground.db.query_opt(sql, vec![]).await.expect("it answers").expect("a row");
        row.get("n").expect("a number")
    }
}

async fn start(ground: &Ground, retention_days: u32) -> Audit {
    let config = AuditConfig { retention_days };
    let started =
        Audit::start(&ground.db, &ground.sealer, &ground.supervisor, &ground.world, ground.dir(), config).await;
    started.expect("the trail starts")
}

fn amina() -> Actor {
    Actor::User { id: Id::from_bits(7), name: "Amina".into(), role: Role::Developer, session: Id::from_bits(8) }
}

on_every_backend! {
    async fn entries_of_many_writers_at_once_are_one_chain(backend) {
        let house = House::new(backend).await;
        let writers = (0..24).map(|writer| {
            let (house, ctx) = (&house, house.ctx());
            async move {
                for n in 0..10 {
                    let entry = Entry::done("lamp.light").on("lamp", n).with("writer", writer);
                    house.record(&ctx, entry).await;
                }
            }
        });
        futures::future::join_all(writers).await;
        house.audit.sign_checkpoint().await.expect("it is signed");
        let report = house.verify().await;
        assert!(report.ok, "{report:?}");
        assert_eq!((report.first_seq, report.last_seq, report.entries), (1, 240, 240));
        assert_eq!(report.anchor, AnchorState::Ok);
    }

    async fn tampering_is_found_and_named(backend) {
        let cases: [(&'static str, FaultKind, i64); 10] = [
            ("UPDATE audit_entry SET actor_name = 'nobody' WHERE seq = 12", FaultKind::Edited, 12),
            ("UPDATE audit_entry SET at = at + 1 WHERE seq = 5", FaultKind::Edited, 5),
            ("UPDATE audit_entry SET actor_id = '' WHERE seq = 9", FaultKind::Edited, 9),
            ("DELETE FROM audit_entry WHERE seq = 1", FaultKind::Removed, 1),
            ("DELETE FROM audit_entry WHERE seq BETWEEN 4 AND 6", FaultKind::Removed, 4),
            ("DELETE FROM audit_entry WHERE seq > 25", FaultKind::Truncated, 26),
            ("INSERT INTO audit_entry SELECT 31, id, at, actor_kind, actor_id, actor_name, action, resource_kind,
                resource_id, outcome, command, machine, address, user_agent, request_id, duration_ms, error,
                metadata, hash FROM audit_entry WHERE seq = 3", FaultKind::Inserted, 31),
            ("UPDATE audit_checkpoint SET seq = 19", FaultKind::BadSignature, 1),
            ("UPDATE audit_head SET seq = 29", FaultKind::BadSignature, 21),
            ("DELETE FROM audit_head", FaultKind::BadSignature, 21),
        ];
        for (sql, kind, seq) in cases {
            let house = House::new(backend).await;
            house.record_many(20).await;
            house.audit.sign_checkpoint().await.expect("it is signed");
            house.record_many(10).await;
            assert!(house.verify().await.ok);
            house.tamper(sql).await;
            assert_eq!(house.fault().await, (kind, seq), "{sql}");
        }
    }

    async fn rows_that_changed_places_are_found(backend) {
        let house = House::new(backend).await;
        house.record_many(12).await;
        house.tamper("UPDATE audit_entry SET seq = -1 WHERE seq = 4").await;
        house.tamper("UPDATE audit_entry SET seq = 4 WHERE seq = 9").await;
        house.tamper("UPDATE audit_entry SET seq = 9 WHERE seq = -1").await;
        assert_eq!(house.fault().await, (FaultKind::Reordered, 4));
    }

    async fn nothing_is_done_that_cannot_be_written_down(backend) {
        let house = House::new(backend).await;
        house.record_many(2).await;
        house.tamper("UPDATE audit_head SET seq = 1").await;
        let ctx = house.ctx();
        let mut tx = house.ground.db.begin(&ctx).await.expect("a unit of work");
        tx.execute("UPDATE audit_watch SET seq = 77", vec![]).await.expect("a change");
        let refused = tx.commit(Entry::done("lamp.light")).await;
        assert!(matches!(refused, Err(DbError::Audit(_))), "{refused:?}");
        assert_ne!(house.count("SELECT seq AS n FROM audit_watch").await, 77, "the change was not made");
        assert_eq!(house.count("SELECT COUNT(*) AS n FROM audit_entry").await, 2);
    }

    async fn what_does_not_verify_is_never_signed(backend) {
        let house = House::new(backend).await;
        house.record_many(5).await;
        house.tamper("UPDATE audit_entry SET action = 'lamp.dim' WHERE seq = 3").await;
        assert_eq!(house.audit.sign_checkpoint().await.expect("it answers"), None);
        let codes: Vec<_> = house.audit.warnings().iter().map(|w| w.code).collect();
        assert_eq!(codes, ["audit_chain_broken"]);
        assert_eq!(house.count("SELECT COUNT(*) AS n FROM audit_checkpoint").await, 0);
    }

    async fn old_entries_go_and_the_rest_still_verifies(backend) {
        let house = House::keeping(backend, 30).await;
        for _ in 0..3 {
            house.record_many(10).await;
            house.audit.sign_checkpoint().await.expect("it is signed");
            house.clock.advance(Duration::from_secs(20 * 24 * 3600));
        }
        // 60, 40 and 20 days old: two of the three are past thirty days.
        assert_eq!(house.audit.remove_old_entries().await.expect("it answers"), 20);
        assert_eq!(house.audit.remove_old_entries().await.expect("it answers"), 0, "nothing more is too old");
        let report = house.verify().await;
        assert!(report.ok, "{report:?}");
        assert_eq!((report.first_seq, report.last_seq), (21, 31), "the removal is an entry itself");
        house.tamper("DELETE FROM audit_entry WHERE seq = 21").await;
        assert_eq!(house.fault().await, (FaultKind::Removed, 21));
    }

    async fn five_failures_are_suspicious_and_noted_once(backend) {
        let house = House::new(backend).await;
        let ctx = house.request(Actor::Anonymous, "203.0.113.9");
        for n in 0..6 {
            house.record(&ctx, Entry::denied("sign_in.failed", "credentials_wrong").on("user", "usr_x")).await;
            house.audit.look_for_suspicions().await.expect("it answers");
            house.audit.look_for_suspicions().await.expect("it answers");
            let noted = house.count("SELECT COUNT(*) AS n FROM suspicious_activity WHERE kind = 'repeated_failures'").await;
            assert_eq!(noted, if n < 4 { 0 } else { 2 }, "one for the account and one for the address after failure {}", n + 1);
        }
        assert_eq!(house.count("SELECT MAX(count) AS n FROM suspicious_activity").await, 6);
        house.clock.advance(Duration::from_secs(7200));
        house.record(&ctx, Entry::denied("sign_in.failed", "credentials_wrong")).await;
        house.audit.look_for_suspicions().await.expect("it answers");
        assert_eq!(house.count("SELECT MAX(count) AS n FROM suspicious_activity").await, 6, "an hour later it begins anew");
    }

    async fn refusals_in_a_burst_and_reused_tokens_are_suspicious(backend) {
        let house = House::new(backend).await;
        let ctx = house.request(amina(), "203.0.113.9");
        let refused = |count: u64| Entry::denied("request.refuse", "not_allowed").with("count", count);
        house.record(&ctx, refused(1)).await;
        house.record(&ctx, refused(18)).await;
        house.audit.look_for_suspicions().await.expect("it answers");
        assert_eq!(house.count("SELECT COUNT(*) AS n FROM suspicious_activity").await, 0);
        house.record(&ctx, refused(1)).await;
        let reused = Entry::denied("session.refresh_reuse", "refresh_reused").with("user", "usr_x");
        house.record(&house.request(Actor::Anonymous, "203.0.113.7"), reused).await;
        house.audit.look_for_suspicions().await.expect("it answers");
        let bursts = "SELECT COUNT(*) AS n FROM suspicious_activity WHERE kind = 'refusal_burst'";
        assert_eq!(house.count(bursts).await, 2, "the person and the address");
        let reuse = "SELECT COUNT(*) AS n FROM suspicious_activity WHERE kind = 'refresh_token_reuse'";
        assert_eq!(house.count(reuse).await, 1);
    }

    async fn a_suspicion_about_a_known_account_names_its_person(backend) {
        let house = House::new(backend).await;
        let known = amina();
        let id = known.user_id().expect("a person").to_string();
        house.record(&house.request(known, "203.0.113.9"), Entry::done("session.start")).await;
        let nobody = house.request(Actor::Anonymous, "203.0.113.7");
        for _ in 0..5 {
            house.record(&nobody, Entry::denied("sign_in.failed", "credentials_wrong").on("user", &id)).await;
        }
        house.record(&nobody, Entry::denied("session.refresh_reuse", "refresh_reused").with("user", "usr_x")).await;
        house.audit.look_for_suspicions().await.expect("it answers");
        let sql = "SELECT actor_id, actor_name, detail FROM suspicious_activity WHERE actor_id IS NOT NULL ORDER BY kind";
        let rows = house.ground.db.query(sql, vec![]).await.expect("it answers");
        let told: Vec<[String; 3]> = rows
            .iter()
            .map(|row| ["actor_id", "actor_name", "detail"].map(|column| row.get::<String>(column).expect("text")))
            .collect();
        let unknown = ["usr_x", "", "A refresh token of somebody using the account of usr_x was used again after it had been exchanged."];
        let amina = [&*id, "Amina", "5 failures within an hour by somebody using the account of Amina."];
        assert_eq!(told, [unknown, amina]);
    }

    async fn a_new_address_is_noted_and_every_one_for_itself(backend) {
        let house = House::new(backend).await;
        for (address, is_new, noted) in [("203.0.113.9", false, 0), ("2001:db8::1", true, 1), ("203.0.113.9", false, 1), ("198.51.100.1", true, 2)] {
            house.clock.advance(Duration::from_secs(1));
            let entry = Entry::done("session.start").with("new_address", is_new);
            house.record(&house.request(amina(), address), entry).await;
            house.audit.look_for_suspicions().await.expect("it answers");
            let count = house.count("SELECT COUNT(*) AS n FROM suspicious_activity WHERE kind = 'new_address'").await;
            assert_eq!(count, noted, "{address}");
        }
    }

    async fn an_entry_tells_who_what_and_from_where_without_tricks_or_secrets(backend) {
        let house = House::new(backend).await;
        let ctx = house.request(amina(), "203.0.113.9");
        let entry = Entry::done("user.update").on("user", "usr_1").with("new_password", "hunter2").with("role", "admin");
        house.record(&ctx, entry).await;
        let row = house.ground.db.query_opt("SELECT * FROM audit_entry WHERE seq = 1", vec![]).await;
        let row = row.expect("it answers").expect("a row");
        let text = |column: &str| row.get::<String>(column).expect("text");
        assert_eq!((text("actor_kind"), text("actor_name"), text("address")), ("user".into(), "Amina".into(), "203.0.113.9".into()));
        assert_eq!(text("user_agent"), "lynx\\u{1b}[2J");
        assert_eq!(text("metadata"), r#"{"new_password":"•••","role":"admin"}"#);
        assert!(text("request_id").starts_with("req_") && text("id").starts_with("aud_"));
    }

    async fn the_public_key_alone_suffices_to_check_what_is_signed(backend) {
        let house = House::new(backend).await;
        house.record_many(5).await;
        house.audit.sign_checkpoint().await.expect("it is signed");
        let db = Db::open_for_reading(&house.ground.location, &house.ground.world).await.expect("it opens");
        let verify = async |key: &str| {
            let vouching = Vouching::parse(key).expect("a key");
            verify_offline(&db, OfflineKey::Public(&vouching), None).await.expect("it answers")
        };
        assert!(verify(&house.audit.vouching().public_key()).await.ok);
        let other = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
        assert_eq!(verify(other).await.fault.map(|f| f.kind), Some(FaultKind::BadSignature));
    }

    async fn a_checkpoint_is_signed_every_thousand_entries(backend) {
        let house = House::new(backend).await;
        let ctx = house.ctx();
        let mut tx = house.ground.db.begin(&ctx).await.expect("a unit of work");
        for n in 0..1000 {
            tx.record(Entry::done("lamp.light").on("lamp", n)).await.expect("it is written down");
        }
        tx.commit(Entry::done("lamp.count")).await.expect("it is saved");
        let signed = async {
            while house.count("SELECT COUNT(*) AS n FROM audit_checkpoint").await == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), signed).await.expect("it is signed without waiting a minute");
        assert!(house.verify().await.ok);
    }
}

#[tokio::test]
async fn an_older_copy_of_the_database_is_noticed_at_the_start() {
    let house = House::new(Backend::Sqlite).await;
    house.record_many(5).await;
    house.audit.sign_checkpoint().await.expect("it is signed");
    let copy = house.ground.dir().join("copy.db");
    house.ground.db.copy_to(&copy).await.expect("a copy");
    house.record_many(5).await;
    house.audit.sign_checkpoint().await.expect("it is signed");

    // The copy takes the database's place; the anchor beside it stays.
    let events = diwan_kernel::Events::new(&house.ground.world);
    let supervisor = diwan_kernel::Supervisor::new();
    let db = Db::open(&Location::Sqlite(copy), &house.ground.world, &supervisor, &events).await.expect("it opens");
    let ground = &house.ground;
    let config = AuditConfig::default();
    let audit = Audit::start(&db, &ground.sealer, &supervisor, &ground.world, ground.dir(), config).await;
    let audit = audit.expect("it starts all the same");
    let codes: Vec<_> = audit.warnings().iter().map(|w| w.code).collect();
    assert_eq!(codes, ["audit_rolled_back"]);
    let anchor = std::fs::read(ground.dir().join("audit.anchor")).expect("an anchor");
    audit.sign_checkpoint().await.expect("it goes on signing");
    assert_eq!(std::fs::read(ground.dir().join("audit.anchor")).expect("an anchor"), anchor, "the evidence stays");
    let report = audit.verify(&Ctx::system(&ground.world, "test")).await.expect("it answers");
    assert_eq!(report.fault.map(|f| f.kind), Some(FaultKind::RolledBack));
    let row = db.query_opt("SELECT error FROM audit_entry WHERE action = 'audit.check'", vec![]).await;
    let row = row.expect("it answers").expect("it is in the trail");
    assert_eq!(row.get::<String>("error").expect("text"), "rolled_back");
}

#[tokio::test]
async fn a_missing_or_damaged_anchor_is_noticed_and_made_anew() {
    let house = House::new(Backend::Sqlite).await;
    house.record_many(5).await;
    house.audit.sign_checkpoint().await.expect("it is signed");
    let path = house.ground.dir().join("audit.anchor");
    for damage in [None, Some("{}"), Some("\u{0}")] {
        match damage {
            None => std::fs::remove_file(&path).expect("it is removed"),
            Some(text) => std::fs::write(&path, text).expect("it is damaged"),
        }
        let expected = if damage.is_none() { AnchorState::Missing } else { AnchorState::Damaged };
        assert_eq!(house.verify().await.anchor, expected);
        let again = start(&house.ground, 0).await;
        let codes: Vec<_> = again.warnings().iter().map(|w| w.code).collect();
        assert_eq!(codes, ["audit_anchor_lost"]);
        again.sign_checkpoint().await.expect("it is signed");
        assert_eq!(house.verify().await.anchor, AnchorState::Ok);
    }
}

#[tokio::test]
async fn a_cell_of_another_type_is_found_and_does_not_stop_the_verification() {
    let house = House::new(Backend::Sqlite).await;
    house.record_many(3).await;
    house.tamper("UPDATE audit_entry SET at = 'yesterday', metadata = x'00ff', hash = 'x' WHERE seq = 2").await;
    assert_eq!(house.fault().await, (FaultKind::Edited, 2));
    let row = house.ground.db.query("SELECT hash FROM audit_entry WHERE seq = 2", vec![]).await.expect("it answers");
    assert_eq!(row.first().and_then(|row| row.get::<String>("hash").ok()).as_deref(), Some("x"));
}
