//! Values are lent to a machine for a purpose, renewed, refused, given back, taken away and outlived, with
//! everything logged at its loudest, and lie nowhere: not in the database, not beside it, not in the log, in no
//! event, list, export or error.
#![allow(missing_docs, reason = "a story, not an interface")]
#![allow(clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use diwan_canaries::{Canaries, files, rows};
use diwan_kernel::{Ctx, Problem};
use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Answer, Backend, Person, TestServer, on_every_backend};
use diwan_vault::{Asker, HookNotice, LeaseEnd, LeaseParams, Leased, SecretHook, SecretName, SubjectKind};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

const HOUR: Duration = Duration::from_secs(3600);
/// How many values are lent.
const LENT: usize = 200;
/// The name of one of them, which is no secret.
const NAME: &str = "git/a-mark-that-stands-in-the-open";

/// What was said, by whomever.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    fn add(&self, what: &impl Debug) {
        writeln!(self.clone(), "{what:?}").expect("it is kept");
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("what was said").clone()
    }
}

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("what was said").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Said {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Everything that is logged in this process, by whatever thread.
fn log() -> Said {
    static LOG: OnceLock<Said> = OnceLock::new();
    let start = || {
        let log = Said::default();
        let lines = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE);
        lines.with_span_events(FmtSpan::FULL).with_ansi(false).with_writer(log.clone()).init();
        log
    };
    LOG.get_or_init(start).clone()
}

/// Somebody in the process who is told of new values, and then comes and borrows them.
struct Told(mpsc::UnboundedSender<HookNotice>);

#[async_trait]
impl SecretHook for Told {
    fn name(&self) -> &'static str {
        "test"
    }

    async fn told(&self, _: &Ctx, notice: &HookNotice) -> Result<(), Problem> {
        self.0.send(notice.clone()).map_err(Problem::internal)
    }
}

struct House {
    server: TestServer,
    owner: Person,
    said: Said,
}

impl House {
    fn ctx(&self) -> Ctx {
        Ctx::system(&self.server.product().world, "bridge")
    }

    async fn lend(&self, name: &str, machine: &str, purpose: &str, ttl: Duration) -> Result<Leased, Problem> {
        let params = LeaseParams {
            secret: SecretName::parse(name).expect("a name"),
            holder_kind: SubjectKind::Machine,
            holder: machine.to_owned(),
            asker: Asker::default().and(SubjectKind::Job, "nightly"),
            guarantor: None,
            purpose: purpose.to_owned(),
            ttl,
        };
        self.said.add(&params);
        let lent = self.server.product().vault.lend(&self.ctx(), params).await;
        self.said.add(&lent);
        lent
    }

    /// Lends it to the machine that may have it.
    async fn handed_over(&self, name: &str, value: &str) -> Leased {
        let lent = self.lend(name, "mac_1", "git.clone", HOUR / 2).await.expect("a lease");
        assert_eq!(lent.value.expose(), value);
        lent
    }

    async fn refused(&self, name: &str, machine: &str, purpose: &str, code: &str) {
        let problem = self.lend(name, machine, purpose, HOUR).await.expect_err("it is refused");
        assert_eq!(problem.code(), code, "{name} {machine} {purpose}");
    }

    /// Hears what is answered, whatever it is.
    fn heard(&self, answer: Answer) -> Answer {
        self.said.add(&(&answer.headers, &answer.text));
        write!(self.said.clone(), "{}", answer.text).expect("it is kept");
        answer
    }

    async fn get(&self, path: &str) -> Value {
        self.heard(self.owner.get(&format!("/api/v1{path}")).await).json
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.heard(self.owner.post(&format!("/api/v1{path}"), body).await)
    }

    /// Gives back, takes away, renews or leaves it to the clock; afterwards what ended is renewed in vain.
    async fn end(&self, leases: &[Leased]) {
        let vault = &self.server.product().vault;
        for (n, lease) in leases.iter().enumerate() {
            match n % 4 {
                0 => vault.end_lease(&self.ctx(), lease.id, LeaseEnd::Returned).await.expect("it ends"),
                1 => {
                    let path = format!("/api/v1/secret-leases/{}", lease.id);
                    self.heard(self.owner.delete(&path).await).expect(StatusCode::NO_CONTENT);
                }
                2 => {
                    vault.renew_lease(&self.ctx(), lease.id, HOUR).await.expect("it goes on");
                }
                _ => {}
            }
        }
        self.server.advance(HOUR / 2);
        vault.look().await;
        for (n, lease) in leases.iter().enumerate().filter(|(n, _)| n % 4 != 2) {
            let problem = vault.renew_lease(&self.ctx(), lease.id, HOUR).await.expect_err("it has ended");
            assert_eq!(problem.code(), "lease_ended", "{n}");
            self.said.add(&problem);
        }
    }
}

fn planted(canaries: &mut Canaries) -> BTreeMap<String, String> {
    let names = (1..LENT).map(|n| format!("git/key-{n}")).chain([NAME.to_owned()]);
    names.map(|name| (name, canaries.password("lent"))).collect()
}

on_every_backend! {
    async fn what_is_lent_lies_nowhere(backend) {
        let (log, said, heard) = (log(), Said::default(), Said::default());
        let mut canaries = Canaries::seeded(if backend == Backend::Sqlite { 0x1e7d } else { 0x1e7d_1e7d });
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut house = House { server, owner, said };
        let mut feed = house.server.product().events.listen(None).receiver;
        let mut events = 0;
        let (sender, mut notices) = mpsc::unbounded_channel();
        house.server.product().vault.add_hook(Arc::new(Told(sender)));
        let policy = json!({"name": "clones", "effect": "allow", "subject_kind": "machine", "subject": "mac_1",
            "secrets": "git/**", "actions": ["read"], "purposes": ["git.clone"]});
        house.post("/secret-policies", policy).await.expect(StatusCode::CREATED);

        let mut values = planted(&mut canaries);
        let secrets: Vec<Value> =
            values.iter().map(|(name, value)| json!({"name": name, "kind": "password", "value": value})).collect();
        house.post("/secrets/import", json!({"secrets": secrets})).await.expect(StatusCode::OK);
        let listed = house.get("/secrets?limit=200").await;
        let items = listed["items"].as_array().expect("items");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let ids: BTreeMap<String, String> = items.iter().map(|i| (text(&i["name"]), text(&i["id"]))).collect();

        let mut leases = vec![];
        for (name, value) in &values {
            leases.push(house.handed_over(name, value).await);
            house.refused(name, "mac_2", "git.clone", "secret_denied").await;
            house.refused(name, "mac_1", "git.push", "secret_denied").await;
            while let Ok(event) = feed.try_recv() {
                heard.add(&event);
                events += 1;
            }
        }
        house.refused("git/nothing", "mac_1", "git.clone", "not_found").await;
        for (name, value) in values.iter_mut().take(20) {
            *value = canaries.password("lent after a hook was told");
            let made = house.post(&format!("/secrets/{}/versions", ids[name]), json!({"value": value})).await;
            made.expect(StatusCode::CREATED);
            house.said.add(&notices.recv().await.expect("it is told"));
            leases.push(house.handed_over(name, value).await);
        }
        house.end(&leases).await;
        drop(leases);

        house.owner = house.server.visitor();
        let body = json!({"email": "owner@example.org", "password": PASSWORD});
        house.owner.post("/api/v1/auth/password", body).await.expect(StatusCode::OK);
        let broken = json!({"reason": "a fire"});
        let broken = house.owner.post(&format!("/api/v1/secrets/{}/break-glass", ids[NAME]), broken).await;
        assert_eq!(broken.expect(StatusCode::OK)["value"], values[NAME]);
        for path in ["/secrets?limit=200", "/secret-leases?limit=200", "/secret-policies", "/vault", "/outbox",
            "/settings", "/audit?limit=200", "/audit/export", "/audit/export?format=csv"] {
            house.get(path).await;
        }
        for path in ["", "/versions", "/readers", "/hooks"] {
            house.get(&format!("/secrets/{}{path}", ids[NAME])).await;
        }
        house.post("/vault/seal", json!({})).await.expect(StatusCode::NO_CONTENT);
        house.refused(NAME, "mac_1", "git.clone", "vault_sealed").await;
        while let Ok(event) = feed.try_recv() {
            heard.add(&event);
            events += 1;
        }
        assert!(events > LENT, "{events} events");

        let product = house.server.product();
        let mut places = files(house.server.dir());
        let mut told_in = vec!["said", "log"];
        match &product.server_settings.get().database_url {
            Some(url) => {
                places.extend(rows(url.expose()).await);
                told_in.extend(["rows as text", "rows as bytes"]);
            }
            None => told_in.push("/diwan.db"),
        }
        places.extend([("said".to_owned(), house.said.bytes()), ("log".to_owned(), log.bytes())]);
        places.push(("events".to_owned(), heard.bytes()));
        canaries.keys_in(&house.server.dir().join("data/keys/vault.key"));
        canaries.known(NAME, &told_in);
        let wrong = canaries.wrong_in(&canaries.scanner(), &places);
        assert!(wrong.is_empty(), "{} found:\n{}", wrong.len(), wrong.join("\n"));
    }
}
