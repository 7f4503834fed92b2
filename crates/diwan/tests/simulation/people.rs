//! People at work while the server crashes and the network is cut.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diwan::compose::config::Config;
use diwan::compose::server;
use diwan_kernel::world::Chance;
use diwan_testkit::server::PASSWORD;
use diwan_testkit::sim::{self, SeededChance, SimPerson};
use serde_json::{Value, json};

const PORT: u16 = 7400;
const WRITES: usize = 30;
/// Seeds that once failed.
const KEPT_SEEDS: &[u64] = &[];

/// What the person did and saw: acknowledged addresses, those that are there, the audit's verdict.
type Seen = (Vec<String>, BTreeSet<String>, Value);

/// What one run came to.
#[derive(Debug, PartialEq, Eq)]
struct Trace {
    acknowledged: Vec<String>,
    found: BTreeSet<String>,
    audit: Value,
    steps: u64,
    restarts: u32,
}

fn config(dir: &std::path::Path) -> Config {
    let mut config = Config::default();
    config.server.data_dir = dir.display().to_string();
    config.server.listen = format!("127.0.0.1:{PORT}").parse().unwrap();
    config.server.rate_limit_burst = 1_000_000;
    config.server.sign_in_rate_limit_burst = 1_000_000;
    config.server.account_rate_limit_burst = 1_000_000;
    config.identity.password_memory_kib = 64;
    config
}

fn run(seed: u64) -> Trace {
    let dir = tempfile::tempdir().unwrap();
    let mut sim = turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(600))
        .tick_duration(Duration::from_millis(1))
        .rng_seed(seed)
        .build();
    let setup_link: Arc<Mutex<Option<String>>> = Arc::default();
    let (data, link) = (dir.path().join("data"), setup_link.clone());
    let starts = Arc::new(Mutex::new(0u64));
    sim.host("server", move || {
        let (data, link, starts) = (data.clone(), link.clone(), starts.clone());
        async move {
            // Every start has dice of its own, or ids would repeat.
            let start = {
                let mut starts = starts.lock().unwrap();
                *starts += 1;
                *starts
            };
            let product =
                server::start(config(&data), sim::world(seed ^ (start << 32))).await.map_err(|e| e.to_string())?;
            *link.lock().unwrap() = product.setup_link.as_ref().map(|link| link.expose().clone());
            product.supervisor.stopping().await;
            Ok(())
        }
    });
    let outcome: Arc<Mutex<Option<Seen>>> = Arc::default();
    let told = outcome.clone();
    sim.client("person", async move {
        *told.lock().unwrap() = Some(work(&setup_link).await);
        Ok(())
    });
    let dice = SeededChance::new(!seed);
    let (mut steps, mut restarts, mut down_until, mut cut_until) = (0u64, 0, 0u64, 0u64);
    while !sim.step().unwrap_or_else(|e| panic!("seed {seed}: {e}")) {
        steps += 1;
        let mut roll = [0u8; 4];
        dice.fill(&mut roll);
        let roll = u32::from_be_bytes(roll);
        // Now and then the server dies, or the network is cut, for a while.
        if down_until == 0 && steps > 200 && roll % 1500 == 0 {
            sim.crash("server");
            restarts += 1;
            down_until = steps + u64::from(roll >> 16) % 800;
        } else if down_until != 0 && steps >= down_until {
            sim.bounce("server");
            down_until = 0;
        }
        if cut_until == 0 && roll % 1700 == 1 {
            sim.partition("server", "person");
            cut_until = steps + u64::from(roll >> 16) % 1500;
        } else if cut_until != 0 && steps >= cut_until {
            sim.repair("server", "person");
            cut_until = 0;
        }
    }
    let (acknowledged, found, audit) =
        outcome.lock().unwrap().take().unwrap_or_else(|| panic!("seed {seed}: the person never finished"));
    Trace { acknowledged, found, audit, steps, restarts }
}

/// Becomes the owner, invites many people, each until it is acknowledged, and looks at what is there.
async fn work(setup_link: &Mutex<Option<String>>) -> Seen {
    let mut person = SimPerson::visiting("server", PORT);
    become_owner(&mut person, setup_link).await;
    let mut acknowledged = vec![];
    for number in 0..WRITES {
        let email = format!("guest{number}@example.org");
        let body = json!({"email": email, "role": "viewer"});
        let key = format!("Idempotency-Key: invite-{number}\r\n");
        until_answered(&mut person, "POST", "/api/v1/invitations", &body, &key).await;
        acknowledged.push(email);
    }
    let mut found = BTreeSet::new();
    let page = until_answered(&mut person, "GET", "/api/v1/invitations?limit=200", &Value::Null, "").await;
    for item in page["items"].as_array().expect("a page") {
        assert!(found.insert(item["email"].as_str().unwrap().to_owned()), "{item} is there twice");
    }
    let mut audit = until_answered(&mut person, "POST", "/api/v1/audit/verify", &json!({}), "").await;
    audit.as_object_mut().expect("a report").remove("duration_ms");
    (acknowledged, found, audit)
}

async fn become_owner(person: &mut SimPerson, setup_link: &Mutex<Option<String>>) {
    loop {
        let link = setup_link.lock().unwrap().clone();
        let token = link.as_deref().and_then(|l| l.split("#token=").nth(1)).unwrap_or_default();
        let body = json!({"token": token, "email": "owner@example.org", "name": "Omar", "password": PASSWORD});
        match person.send("POST", "/api/v1/setup/owner", &body, "").await {
            Ok((201, _)) => return,
            // The answer of an earlier attempt was lost: the owner is there and can sign in.
            Ok((409, problem)) if problem["code"] == "setup_already_done" => break,
            _ => tokio::time::sleep(Duration::from_millis(300)).await,
        }
    }
    let body = json!({"email": "owner@example.org", "password": PASSWORD});
    until_answered(person, "POST", "/api/v1/auth/password", &body, "").await;
}

/// What a repetition is told whose first try was carried out.
const ALREADY_DONE: [&str; 2] = ["idempotency_answer_lost", "idempotency_secret_not_kept"];

/// Repeats a request until the server says it is done. A key whose first answer was lost counts as done.
async fn until_answered(person: &mut SimPerson, method: &str, path: &str, body: &Value, headers: &str) -> Value {
    loop {
        match person.send(method, path, body, headers).await {
            Ok((200..=299, answer)) => return answer,
            Ok((409, problem)) if ALREADY_DONE.iter().any(|code| problem["code"] == *code) => return problem,
            Ok((status @ (400..=428 | 430..=499), problem)) => panic!("{method} {path}: {status} {problem}"),
            Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(250)).await,
        }
    }
}

fn seeds() -> impl Iterator<Item = u64> {
    let many = std::env::var("DIWAN_SIM_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    KEPT_SEEDS.iter().copied().chain(0..many)
}

#[test]
fn acknowledged_writes_survive_crashes_and_cut_networks_exactly_once() {
    let mut restarts = 0;
    for seed in seeds() {
        let trace = run(seed);
        assert_eq!(trace.found.len(), WRITES, "seed {seed}: {:?}", trace.found);
        assert!(trace.acknowledged.iter().all(|email| trace.found.contains(email)), "seed {seed}");
        assert_eq!(trace.audit["ok"], true, "seed {seed}: {}", trace.audit);
        restarts += trace.restarts;
    }
    assert!(restarts > 0, "no run crashed: the dice are too kind");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    assert_eq!(run(7), run(7));
}
