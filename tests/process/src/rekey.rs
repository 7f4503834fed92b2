//! Killed without a warning while the master key is rotated and everything is wrapped anew, again and
//! again: the rotation goes on by itself, every secret that was acknowledged can be read, meanwhile and
//! at the end, and nothing is left under an old key.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::api::{Api, OWNER, claim};
use crate::program::{PATIENCE, Program, memory_dir};

/// What fits into a run of all tests. `REKEY_SECRETS=10000 REKEY_KILLS=500` is the whole rig.
const SECRETS: usize = 1_500;
const KILLS: usize = 24;
/// The longest time between readiness and the kill; every shorter one is tried too.
const LONGEST_LIFE_MS: u64 = 120;
/// How many an import takes.
const AT_ONCE: usize = 500;
const READERS: usize = 2;

/// A secret, as far as those who read and write it know.
pub(crate) struct Known {
    pub(crate) id: String,
    /// The value that was acknowledged last, and after it those that never were.
    pub(crate) values: Vec<String>,
}

/// What is known of all secrets, and what was seen.
pub(crate) struct Ledger {
    pub(crate) secrets: Mutex<Vec<Known>>,
    reads: AtomicUsize,
    writes: AtomicUsize,
    rotations: AtomicUsize,
}

fn number(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_secret_survives_kills_while_the_master_key_is_rotated() {
    let (secrets, kills) = (number("REKEY_SECRETS", SECRETS), number("REKEY_KILLS", KILLS));
    let dir = memory_dir();
    let program = Program::start(dir.path()).await;
    let mut owner = claim(&program).await;
    let ledger = Arc::new(plant(&owner, secrets).await);
    program.kill().await;
    let mut life = 7_u64;
    let mut interrupted = 0;
    for _ in 0..kills {
        let program = Program::start(dir.path()).await;
        owner = fresh(&owner, &program).await;
        begin_rotation(&owner, &ledger).await;
        let stop = Arc::new(AtomicBool::new(false));
        let dice = life;
        let readers = (0..READERS).map(|n| read(owner.clone(), ledger.clone(), stop.clone(), dice ^ n as u64));
        let writer = write(owner.clone(), ledger.clone(), stop.clone(), life);
        // The same lives in every run: a failure can be repeated.
        life = step(life);
        // The pause is the life of the program, which must end at any moment; nothing waits for it to be long enough.
        let die = async {
            sleep(Duration::from_millis((life >> 33) % LONGEST_LIFE_MS)).await;
            stop.store(true, Ordering::Relaxed);
            program.kill().await;
        };
        tokio::join!(futures::future::join_all(readers), writer, die);
        interrupted += usize::from(was_interrupted(dir.path()));
    }
    let program = Program::start(dir.path()).await;
    let owner = fresh(&owner, &program).await;
    rotated(&owner).await;
    look(&owner, &ledger).await;
    program.kill().await;
    nothing_is_under_an_old_key(dir.path());
    let (reads, writes) = (ledger.reads.load(Ordering::Relaxed), ledger.writes.load(Ordering::Relaxed));
    let rotations = ledger.rotations.load(Ordering::Relaxed);
    assert!(interrupted > 0, "no kill met a rotation: too few to say anything");
    println!(
        "{kills} kills, {interrupted} of them in the middle of one of {rotations} rotations, {secrets} secrets, \
         {reads} reads and {writes} writes meanwhile"
    );
}

const fn step(life: u64) -> u64 {
    life.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
}

/// Brings the secrets in.
pub(crate) async fn plant(owner: &Api, count: usize) -> Ledger {
    let mut values = BTreeMap::new();
    for from in (0..count).step_by(AT_ONCE) {
        let some: Vec<Value> = (from..count.min(from + AT_ONCE))
            .map(|n| {
                let (name, value) = (format!("many/{n:05}"), format!("value number {n}"));
                values.insert(name.clone(), value.clone());
                json!({"name": name, "kind": "password", "value": value})
            })
            .collect();
        let report = owner.post("/secrets/import", json!({"secrets": some})).await.expect(200);
        assert_eq!(report["refused"], json!([]));
    }
    let listed = owner.list("/secrets").await;
    assert_eq!(listed.len(), count);
    let known = |item: &Value| Known {
        id: item["id"].as_str().expect("an id").to_owned(),
        values: vec![values[item["name"].as_str().expect("a name")].clone()],
    };
    Ledger {
        secrets: Mutex::new(listed.iter().map(known).collect()),
        reads: AtomicUsize::new(0),
        writes: AtomicUsize::new(0),
        rotations: AtomicUsize::new(0),
    }
}

/// The owner at a program that was started again; signed in once more when that was too long ago.
pub(crate) async fn fresh(owner: &Api, program: &Program) -> Api {
    let owner = owner.at(program);
    // Asked for a guard that is none, it is refused before anything is begun, but only to whoever may ask.
    let probe = owner.post("/vault/rotate-master-key", json!({"guard": "none"})).await;
    if probe.status == 401 || probe.json["code"] == "step_up_required" {
        return Api::anonymous(program).sign_in(OWNER).await;
    }
    assert_eq!(probe.status, 422, "{}", probe.json);
    owner
}

/// Begins a rotation unless one that was interrupted is under way again.
pub(crate) async fn begin_rotation(owner: &Api, ledger: &Ledger) {
    let answer = owner.post("/vault/rotate-master-key", json!({"guard": "key_file"})).await;
    if answer.json["code"] != "vault_rotation_under_way" {
        answer.expect(202);
        ledger.rotations.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whether a rotation is left half done. A copy is asked: whoever opens the files themselves mends what
/// the next start has to find as it is.
fn was_interrupted(dir: &Path) -> bool {
    let copy = memory_dir();
    for name in ["diwan.db", "diwan.db-wal"] {
        if dir.join(name).exists() {
            std::fs::copy(dir.join(name), copy.path().join(name)).expect("a copy");
        }
    }
    let database = rusqlite::Connection::open(copy.path().join("diwan.db")).expect("a database");
    let half = "SELECT count(*) FROM vault_rewrap WHERE finished_at IS NULL";
    database.query_row(half, [], |row| row.get::<_, i64>(0)).expect("a count") > 0
}

fn reveal(owner: &Api, id: &str) -> impl Future<Output = Option<crate::api::Answer>> {
    let (owner, path) = (owner.clone(), format!("/secrets/{id}/reveal"));
    async move { owner.send(Method::POST, &path, Some(json!({"reason": "a test"})), None).await }
}

/// Reads one secret after the other until the server is gone: whatever it says is right.
async fn read(owner: Api, ledger: Arc<Ledger>, stop: Arc<AtomicBool>, mut dice: u64) {
    while !stop.load(Ordering::Relaxed) {
        dice = step(dice);
        let (at, id, before) = {
            let secrets = ledger.secrets.lock().expect("a ledger");
            let at = (dice >> 33) as usize % secrets.len();
            (at, secrets[at].id.clone(), secrets[at].values.clone())
        };
        let Some(answer) = reveal(&owner, &id).await else { return };
        let shown = answer.expect(200);
        let after = ledger.secrets.lock().expect("a ledger")[at].values.clone();
        let value = shown["value"].as_str().expect("a value").to_owned();
        assert!(before.contains(&value) || after.contains(&value), "{value:?} is none of {before:?} or {after:?}");
        ledger.reads.fetch_add(1, Ordering::Relaxed);
    }
}

/// Gives one secret after the other a new value until the server is gone.
pub(crate) async fn write(owner: Api, ledger: Arc<Ledger>, stop: Arc<AtomicBool>, mut dice: u64) {
    while !stop.load(Ordering::Relaxed) {
        dice = step(dice);
        let value = format!("value of the dice {dice:x}");
        let (at, id) = {
            let mut secrets = ledger.secrets.lock().expect("a ledger");
            let at = (dice >> 33) as usize % secrets.len();
            // Before it is sent: from here on it may be what is read.
            secrets[at].values.push(value.clone());
            (at, secrets[at].id.clone())
        };
        let body = json!({"value": value});
        let Some(answer) = owner.send(Method::POST, &format!("/secrets/{id}/versions"), Some(body), None).await else {
            return;
        };
        // Sealed under the key that was replaced at that moment: refused, and to be repeated.
        if answer.json["code"] == "vault_key_changing" {
            ledger.secrets.lock().expect("a ledger")[at].values.pop();
            continue;
        }
        answer.expect(201);
        ledger.secrets.lock().expect("a ledger")[at].values = vec![value];
        ledger.writes.fetch_add(1, Ordering::Relaxed);
    }
}

/// Waits until the rotation that was taken up has ended.
pub(crate) async fn rotated(owner: &Api) {
    let ended = async {
        while owner.get("/vault").await.expect(200)["rotation"] != Value::Null {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, ended).await.expect("the rotation goes on by itself and ends");
}

/// Everything can be read, nothing is wrong, and every rotation did all that there was.
pub(crate) async fn look(owner: &Api, ledger: &Ledger) {
    let known: Vec<(String, Vec<String>)> =
        ledger.secrets.lock().expect("a ledger").iter().map(|k| (k.id.clone(), k.values.clone())).collect();
    let count = known.len();
    let looks = stream::iter(known).map(|(id, values)| async move {
        let shown = reveal(owner, &id).await.expect("an answer").expect(200);
        let value = shown["value"].as_str().expect("a value").to_owned();
        assert!(values.contains(&value), "{id} is {value:?}, and should be one of {values:?}");
    });
    assert_eq!(looks.buffer_unordered(8).count().await, count);
    let verdict = owner.post("/vault/verify", json!({})).await.expect(200);
    assert_eq!((&verdict["ok"], &verdict["secrets"]), (&json!(true), &json!(count)), "{verdict}");
    for rotation in owner.get("/vault/rotations").await.expect(200)["items"].as_array().expect("items") {
        assert_eq!(rotation["done"], rotation["total"], "{rotation}");
        assert!(rotation["finished_at"].is_string(), "{rotation}");
    }
    let trail = owner.verify().await;
    assert_eq!(trail["ok"], true, "{trail}");
}

/// What the tables themselves say.
pub(crate) fn nothing_is_under_an_old_key(dir: &Path) {
    let database = rusqlite::Connection::open(dir.join("diwan.db")).expect("a database");
    let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a count");
    assert_eq!(count("SELECT count(*) FROM vault_master WHERE state = 'active'"), 1);
    assert_eq!(count("SELECT count(*) FROM vault_master WHERE state = 'retiring'"), 0);
    let old = "SELECT count(*) FROM vault_version WHERE data_key IS NOT NULL
         AND master_id NOT IN (SELECT id FROM vault_master WHERE state = 'active')";
    assert_eq!(count(old), 0);
    // The wrapped key says itself whose it is: the id is in its second to ninth byte.
    let lying = "SELECT count(*) FROM vault_version WHERE data_key IS NOT NULL AND lower(hex(substr(data_key, 2, 8))) <> master_id";
    assert_eq!(count(lying), 0);
}
