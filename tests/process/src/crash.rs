//! Killed without a warning during a stream of writes, again and again: what was acknowledged is there, what
//! was repeated happened once, nothing is half done, and the audit chain holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::api::{Api, claim};
use crate::program::{Program, memory_dir};

/// In each of the two; `DIWAN_KILLS=1000` makes more of them.
const KILLS: usize = 100;
const WRITERS: usize = 4;
/// So many writes and milliseconds are between readiness and the kill at the most; every shorter life is tried too.
const LONGEST_LIFE: (u64, u64) = (8, 8);
/// How often the whole state is looked at, besides at the end.
const LOOK_EVERY: usize = 50;

/// What the writers know.
#[derive(Default)]
struct Ledger {
    /// Sent and answered: the invitation's address and its id, if the answer said it.
    acknowledged: BTreeMap<String, Option<String>>,
    /// Sent, and the answer never came: it must happen once when it is repeated.
    unanswered: BTreeSet<String>,
    next: usize,
}

impl Ledger {
    /// First what was left without an answer, so that repeating it is tried as well.
    fn take(&mut self) -> String {
        self.unanswered.pop_first().unwrap_or_else(|| {
            self.next += 1;
            format!("guest{}@example.org", self.next)
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_it_is_killed_1() {
    survives_kills(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_it_is_killed_2() {
    survives_kills(2).await;
}

async fn survives_kills(seed: u64) {
    let dir = memory_dir();
    let program = Program::start(dir.path()).await;
    let owner = claim(&program).await;
    program.kill().await;
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let kills = std::env::var("DIWAN_KILLS").map_or(KILLS, |kills| kills.parse().expect("a number"));
    let mut life = seed;
    for kill in 1..=kills {
        let program = Program::start(dir.path()).await;
        let owner = owner.at(&program);
        let written = watch::Sender::new(0);
        let writers = (0..WRITERS).map(|_| write(owner.clone(), ledger.clone(), &written));
        // The same lives in every run: a failure can be repeated.
        life = life.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (writes, pause) = ((life >> 33) % (LONGEST_LIFE.0 + 1), (life >> 48) % (LONGEST_LIFE.1 + 1));
        let die = async {
            written.subscribe().wait_for(|written| *written >= writes).await.expect("they write");
            // It must end at any moment between two writes too; nothing waits for this to be long enough.
            sleep(Duration::from_millis(pause)).await;
            program.kill().await;
        };
        tokio::join!(futures::future::join_all(writers), die);
        if kill % LOOK_EVERY == 0 {
            let program = Program::start(dir.path()).await;
            look(&owner.at(&program), &ledger).await;
            program.kill().await;
        }
    }
    let acknowledged = ledger.lock().expect("a ledger").acknowledged.len();
    assert!(acknowledged > kills, "only {acknowledged} writes were acknowledged: too few to say anything");
    println!("{kills} kills, {acknowledged} acknowledged writes, all there once");
}

/// What a repetition is told whose first try was carried out.
const ALREADY_DONE: [&str; 2] = ["idempotency_answer_lost", "idempotency_secret_not_kept"];

/// Writes one after the other until the server is gone.
async fn write(owner: Api, ledger: Arc<Mutex<Ledger>>, written: &watch::Sender<u64>) {
    loop {
        let email = ledger.lock().expect("a ledger").take();
        let body = json!({"email": email, "role": "viewer"});
        // The address is also the key, so a repetition is known as one.
        let answer = owner.send(Method::POST, "/invitations", Some(body), Some(&email)).await;
        let mut ledger = ledger.lock().expect("a ledger");
        match answer {
            // A repetition whose first try was carried out: killed before its answer was kept, or its link not kept.
            Some(answer) if ALREADY_DONE.iter().any(|code| answer.json["code"] == *code) => {
                ledger.acknowledged.insert(email, None);
            }
            Some(answer) => {
                let invited = answer.expect(201);
                let id = invited["invitation"]["id"].as_str().expect("an id").to_owned();
                ledger.acknowledged.insert(email, Some(id));
            }
            None => {
                ledger.unanswered.insert(email);
                return;
            }
        }
        written.send_modify(|written| *written += 1);
    }
}

/// Compares what the server has with what the writers know.
async fn look(owner: &Api, ledger: &Arc<Mutex<Ledger>>) {
    let invitations = by(&owner.list("/invitations").await, |item| text(&item["email"]), |item| text(&item["id"]));
    let entries = owner.list("/audit?action=invitation.create").await;
    let written = by(&entries, |item| text(&item["resource"]["id"]), |item| item["seq"].to_string());
    compare(&ledger.lock().expect("a ledger"), &invitations, &written);
    assert_eq!(entries.len(), invitations.len(), "an audit entry without its change");
    let verdict = owner.verify().await;
    assert_eq!(verdict["ok"], true, "{verdict}");
}

type Found = BTreeMap<String, Vec<String>>;

fn compare(ledger: &Ledger, invitations: &Found, written: &Found) {
    for (email, id) in &ledger.acknowledged {
        let found = invitations.get(email).unwrap_or_else(|| panic!("{email} was acknowledged and is lost"));
        assert!(id.as_ref().is_none_or(|id| found.contains(id)), "{email} is another one now");
    }
    for (email, ids) in invitations {
        assert_eq!(ids.len(), 1, "{email} was invited more than once");
        let known = ledger.acknowledged.contains_key(email) || ledger.unanswered.contains(email);
        assert!(known, "{email} was never asked for");
        let audited = written.get(&ids[0]).map_or(0, Vec::len);
        assert_eq!(audited, 1, "{email} has {audited} audit entries");
    }
}

fn by(items: &[Value], key: impl Fn(&Value) -> String, value: impl Fn(&Value) -> String) -> Found {
    let mut found = Found::new();
    for item in items {
        found.entry(key(item)).or_default().push(value(item));
    }
    found
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
