//! A thousand secrets are brought in on every way there is, read, refused, exported and backed up, and
//! lie nowhere: not in the database and its copies, not in the output at its loudest, in no answer that
//! is not asked for them, and in the end, with the vault sealed, not in the memory of the process. The same
//! goes for the keys that they are under, which lie in their file and nowhere else.

mod caller;
mod store;

use std::collections::BTreeMap;
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use diwan_canaries::{Canaries, Database, Scanner, files};
use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::program::{PATIENCE, Program, free_address, memory_dir, run_as};
use caller::Caller;
use store::Store;

/// How many are planted.
const CANARIES: usize = 1_000;
/// Callers at once.
const AT_ONCE: usize = 8;
/// Sent in the middle of a request.
const SENT: &str = "a-mark-that-must-be-found-in-memory";
/// The name of a secret, which is no secret.
const NAME: &str = "a-mark-that-stands-in-the-open";
/// Where it is told, on whatever database.
const TOLD_IN: [&str; 4] = ["answers", "output", "/secret-list.log", "/audit-export.log"];

/// A secret that is there: where, and what it is.
#[derive(Clone)]
struct Kept {
    id: String,
    value: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_secrets_lie_nowhere() {
    lie_nowhere(Store::Sqlite, Canaries::seeded(0x5eed_0f5e_c2e7)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_secrets_lie_nowhere_on_postgresql() {
    let database = Database::create().await;
    lie_nowhere(Store::Postgresql(Box::new(database)), Canaries::seeded(0x0e1e_fa27)).await;
}

async fn lie_nowhere(store: Store, mut canaries: Canaries) {
    let (dir, outside) = (memory_dir(), memory_dir());
    let metrics = free_address().to_string();
    let mut args = vec!["--log-level", "trace", "--metrics-listen", &metrics];
    args.extend(store.flags());
    let mut program = Program::start_with(dir.path(), &args).await;
    let owner = Caller::claim(&program).await;
    let feed = owner.listen().await;

    let mut kept = brought_in(&owner, &mut canaries).await;
    kept.extend(imported_by_the_command_line(&program, &owner, &mut canaries, outside.path()).await);
    kept.extend(generated(&owner, &mut canaries).await);
    refused(&owner, &mut canaries).await;
    let derived = passphrases(&program, &owner, &store, dir.path(), &mut canaries).await;
    kept.push(named_in_the_open(&owner, &mut canaries).await);
    kept.extend(fill_up(&owner, &mut canaries).await);
    assert_eq!(canaries.count(), CANARIES);

    read(&owner, &kept).await;
    exported(&program, &owner, &store, dir.path(), outside.path()).await;
    owner.hear_from(&format!("http://{metrics}/metrics")).await;
    memory_is_read_as_it_is(&program, &owner).await;

    derived.iter().for_each(|key| canaries.key(key, "a key derived from a passphrase"));
    let keys = dir.path().join("keys");
    let mut in_use = Canaries::seeded(0);
    in_use.keys_in(&keys.join("vault.key"));
    assert!(!wrong_in_memory(&program, &in_use, &in_use.scanner()).is_empty(), "it is unsealed by a key");
    owner.post("/vault/seal", json!({})).await.expect(204);
    let heard = owner.end(feed).await;
    canaries.keys_in(&keys.join("vault.key"));
    let mut wrong = quiet(&program, &canaries).await;

    let mut places = vec![("answers".to_owned(), heard)];
    places.extend(files(dir.path()));
    program.signal(rustix::process::Signal::TERM);
    assert!(program.ended().await.success());
    places.push(("output".to_owned(), program.said().into_bytes()));
    places.extend(files(dir.path()));
    places.extend(files(outside.path()));
    let (rows, told_in) = store.places().await;
    places.extend(rows);

    // This one the server keeps as long as it runs.
    canaries.keys_in(&keys.join("seal.key"));
    canaries.known(NAME, &[&TOLD_IN[..], &told_in].concat());
    let scanner = canaries.scanner();
    wrong.extend(canaries.wrong_in(&scanner, &places));
    println!(
        "{CANARIES} secrets and the keys of the vault as {} patterns in {} bytes of {} files, answers and output: {} found",
        scanner.patterns(),
        places.iter().map(|(_, contents)| contents.len()).sum::<usize>(),
        places.len(),
        wrong.len(),
    );
    assert!(wrong.is_empty(), "{} found:\n{}", wrong.len(), wrong.join("\n"));
    store.remove().await;
}

/// Created one by one, given further versions, and imported.
async fn brought_in(owner: &Caller, canaries: &mut Canaries) -> Vec<Kept> {
    let kinds = ["password", "api_key", "totp", "free"];
    let imported: Vec<(String, String)> =
        (0..300).map(|n| (format!("imported/{n}"), canaries.of_kind(kinds[n % 4], "imported"))).collect();
    let each = imported.iter().enumerate();
    let secrets: Vec<Value> =
        each.map(|(n, (name, value))| json!({"name": name, "kind": kinds[n % 4], "value": value})).collect();
    let report = owner.post("/secrets/import", json!({"secrets": secrets})).await.expect(200);
    assert_eq!(report["refused"], json!([]), "{report}");
    let mut kept = known(owner, "imported/", imported).await;

    let mut wanted: Vec<(String, &str, String)> =
        (0..200).map(|n| (format!("set/{n}"), kinds[n % 4], canaries.of_kind(kinds[n % 4], "set"))).collect();
    wanted.extend((0..5).map(|n| (format!("certificate/{n}"), "certificate", canaries.certificate())));
    let made: Vec<Kept> = stream::iter(wanted)
        .map(|(name, kind, value)| async move {
            let body = json!({"name": name, "kind": kind, "value": value, "description": "planted"});
            let made = owner.post("/secrets", body).await.expect(201);
            Kept { id: text(&made["id"]), value }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for one in made.iter().filter(|one| one.value.len() < 64).take(100) {
        let value = canaries.of_kind("totp", "set as another version");
        owner.post(&format!("/secrets/{}/versions", one.id), json!({"value": value})).await.expect(201);
        kept.push(Kept { id: one.id.clone(), value });
    }
    let renewed: Vec<String> = kept.iter().map(|one| one.id.clone()).collect();
    kept.extend(made.into_iter().filter(|one| !renewed.contains(&one.id)));
    kept
}

/// The ids of secrets that were brought in under these names.
async fn known(owner: &Caller, under: &str, values: Vec<(String, String)>) -> Vec<Kept> {
    let mut values: BTreeMap<_, _> = values.into_iter().collect();
    let mut kept = vec![];
    for item in owner.list("/secrets").await {
        if let Some(value) = values.remove(item["name"].as_str().filter(|n| n.starts_with(under)).unwrap_or_default()) {
            kept.push(Kept { id: text(&item["id"]), value });
        }
    }
    assert!(values.is_empty(), "{} of them are not listed", values.len());
    kept
}

async fn imported_by_the_command_line(
    program: &Program,
    owner: &Caller,
    canaries: &mut Canaries,
    outside: &Path,
) -> Vec<Kept> {
    let lines: Vec<(String, String)> = (0..50).map(|n| (format!("ci/key-{n}"), canaries.word("in a file"))).collect();
    let file = lines.iter().enumerate().map(|(n, (_, value))| format!("KEY_{n}={value}\n")).collect::<String>();
    // Not where the search goes: this file is where the values come from.
    let from = memory_dir();
    let path = from.path().join("ci.env");
    std::fs::write(&path, file).expect("a file");
    let said = run_as(
        &owner.token().await,
        &["secret", "import", &path.display().to_string(), "--under", "ci", "--server", &program.url()],
    )
    .await;
    assert_eq!(said.code, Some(0), "{}", said.said);
    std::fs::write(outside.join("import.log"), said.said).expect("a file");
    known(owner, "ci/", lines).await
}

/// Made by the server: known only after they were asked for.
async fn generated(owner: &Caller, canaries: &mut Canaries) -> Vec<Kept> {
    let mut kept = vec![];
    for n in 0..100 {
        let kind = ["password", "api_key", "ssh_key", "totp", "free"][n % 5];
        let body = json!({"name": format!("generated/{n}"), "kind": kind, "generate": {"length": 40}});
        let id = text(&owner.post("/secrets", body).await.expect(201)["id"]);
        let value = owner.told(&id, "reveal", json!({"reason": "to know what to look for"})).await;
        canaries.learn(kind, &value);
        kept.push(Kept { id, value });
    }
    kept
}

/// Values in requests that are refused, for every reason.
async fn refused(owner: &Caller, canaries: &mut Canaries) {
    let stranger = owner.with_token(None);
    let viewer = owner.add_person("viewer@example.org", "viewer").await;
    let developer = owner.add_person("developer@example.org", "developer").await;
    for n in 0..6 {
        let mut v = || canaries.password("in a refused request");
        let name = format!("refused/{n}");
        let create = |body: Value| owner.post("/secrets", body);
        create(json!({"name": name, "kind": "password", "value": v(), "extra": 1})).await.expect_refusal();
        create(json!({"name": name, "kind": "password", v(): 1})).await.expect_refusal();
        create(json!({"name": name, "kind": v(), "value": "x"})).await.expect_refusal();
        create(json!({"name": name, "kind": "password", "value": {"of": v()}})).await.expect_refusal();
        create(json!({"name": name, "kind": "password", "value": [v()]})).await.expect_refusal();
        create(json!({"name": name, "kind": "password", "value": "x", "rotation_days": v()})).await.expect_refusal();
        create(json!({"name": name, "kind": "password", "value": "x", "expires_at": v()})).await.expect_refusal();
        create(json!({"name": name, "kind": "password", "value": "x", "backend": v()})).await.expect_refusal();
        create(json!({"name": v(), "kind": "password", "value": v()})).await.expect_refusal();
        create(json!({"name": "n".repeat(200), "kind": "password", "value": v()})).await.expect_refusal();
        create(json!({"name": name, "kind": "ssh_key", "value": v()})).await.expect_refusal();
        create(json!({"name": name, "kind": "certificate", "value": v()})).await.expect_refusal();
        create(json!({"name": name, "kind": "totp", "value": v()})).await.expect_refusal();
        create(json!({"name": name, "kind": "api_key", "value": format!("with a blank {}", v())}))
            .await
            .expect_refusal();
        create(json!({"name": name, "kind": "password", "value": format!("{}{}", v(), "x".repeat(70_000))}))
            .await
            .expect_refusal();
        let endless = json!({"name": name, "kind": "free", "value": v().repeat(200_000)});
        owner.send_in_vain("/secrets", endless).await;
        create(json!({"name": name, "kind": "password", "value": format!("{}\u{0}", v())})).await.expect_refusal();
        let import = json!({"secrets": [{"name": name, "kind": "totp", "value": v()}]});
        assert_eq!(owner.post("/secrets/import", import).await.expect(200)["created"], json!([]));
        owner
            .post("/secrets/import", json!({"secrets": [{"name": v(), "kind": "free", "value": v()}]}))
            .await
            .expect_refusal();
        owner.post("/vault/initialise", json!({"guard": "passphrase", "passphrase": v()})).await.expect_refusal();
        owner.post("/vault/unseal", json!({"passphrase": [v()]})).await.expect_refusal();
        let good = |value| json!({"name": name, "kind": "password", "value": value});
        stranger.post("/secrets", good(v())).await.expect_refusal();
        viewer.post("/secrets", good(v())).await.expect_refusal();
        developer.post("/secrets", good(v())).await.expect_refusal();
        owner.post("/secrets/sec_01h00000000000000000000000/versions", json!({"value": v()})).await.expect_refusal();
        owner.post("/nowhere", good(v())).await.expect_refusal();
        owner.send(Method::PUT, "/secrets", "application/json", good(v()).to_string()).await.expect_refusal();
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/json"] {
            let broken = format!("{{\"name\": \"{name}\", \"kind\": \"password\", \"value\": {:?}", v());
            owner.send(Method::POST, "/secrets", kind, broken).await.expect_refusal();
        }
        let cut = canaries.word("in a refused request");
        owner.with_token(Some(&cut)).get("/secrets").await.expect_refusal();
        owner.begin_request(&canaries.word("in a request that was cut off")).await;
    }
}

/// The passphrase of the vault, wrong ones, and values while it is sealed. Gives the keys derived on the way.
async fn passphrases(
    program: &Program,
    owner: &Caller,
    store: &Store,
    data_dir: &Path,
    canaries: &mut Canaries,
) -> [[u8; 32]; 2] {
    let passphrase = canaries.password("as passphrase");
    let guard = json!({"guard": "passphrase", "passphrase": passphrase});
    owner.post("/vault/rotate-master-key", guard).await.expect(202);
    owner.rotated().await;
    let key = derived(&passphrase, &store.recipe(data_dir).await);
    let mut in_use = Canaries::seeded(0);
    in_use.key(&key, "the key derived from the passphrase");
    assert!(!wrong_in_memory(program, &in_use, &in_use.scanner()).is_empty(), "it is unsealed by this key");
    owner.post("/vault/seal", json!({})).await.expect(204);
    assert_eq!(quiet(program, &in_use).await, Vec::<String>::new());
    for n in 0..10 {
        let value = canaries.password("while it was sealed");
        let body = json!({"name": format!("sealed/{n}"), "kind": "password", "value": value});
        owner.post("/secrets", body).await.expect_refusal();
        let body =
            json!({"secrets": [{"name": "sealed", "kind": "free", "value": canaries.password("while it was sealed")}]});
        owner.post("/secrets/import", body).await.expect_refusal();
    }
    for _ in 0..2 {
        let wrong = canaries.password("as a wrong passphrase");
        owner.post("/vault/unseal", json!({"passphrase": wrong})).await.expect_refusal();
    }
    owner.post("/vault/unseal", json!({"passphrase": passphrase})).await.expect(204);
    let again = canaries.password("as another passphrase");
    let guard = json!({"guard": "passphrase", "passphrase": again});
    owner.post("/vault/rotate-master-key", guard).await.expect(202);
    owner.rotated().await;
    let other = derived(&again, &store.recipe(data_dir).await);
    owner.post("/vault/rotate-master-key", json!({"guard": "key_file"})).await.expect(202);
    owner.rotated().await;
    [key, other]
}

/// The master key that a passphrase leads to.
fn derived(passphrase: &str, recipe: &Value) -> [u8; 32] {
    let number = |field: &str| u32::try_from(recipe[field].as_u64().expect("a number")).expect("a small one");
    let params = Params::new(number("memory_kib"), number("passes"), number("lanes"), Some(32)).expect("a recipe");
    let salt = STANDARD_NO_PAD.decode(text(&recipe["salt"])).expect("a salt");
    let mut key = [0; 32];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(passphrase.as_bytes(), &salt, &mut key).expect("a key");
    key
}

/// One whose name is told wherever names are: in the list, in the audit trail, and by who reads past the policies.
async fn named_in_the_open(owner: &Caller, canaries: &mut Canaries) -> Kept {
    let value = canaries.password("under a name that stands in the open");
    let body = json!({"name": NAME, "kind": "password", "value": value});
    let id = text(&owner.post("/secrets", body).await.expect(201)["id"]);
    assert_eq!(owner.told(&id, "break-glass", json!({"reason": "a fire"})).await, value);
    Kept { id, value }
}

/// Until there are a thousand.
async fn fill_up(owner: &Caller, canaries: &mut Canaries) -> Vec<Kept> {
    let mut kept = vec![];
    while canaries.count() < CANARIES {
        let value = canaries.of_kind("free", "set");
        let body = json!({"name": format!("last/{}", kept.len()), "kind": "free", "value": value});
        kept.push(Kept { id: text(&owner.post("/secrets", body).await.expect(201)["id"]), value });
    }
    kept
}

/// As jobs do: a token with nothing but the right to use secrets, and a purpose. Some past the policies.
async fn read(owner: &Caller, kept: &[Kept]) {
    let token = json!({"name": "job", "scopes": ["secrets.use"], "expires_in_days": 1});
    let token = text(&owner.post("/me/tokens", token).await.expect(201)["secret"]);
    let job = &owner.with_token(Some(&token));
    let reads = stream::iter(kept).map(|one| async move {
        let body = json!({"reason": "a job", "purpose": "job.build"});
        assert_eq!(job.told(&one.id, "reveal", body).await, one.value);
    });
    assert_eq!(reads.buffer_unordered(AT_ONCE).count().await, kept.len());
    for one in kept.iter().step_by(20) {
        assert_eq!(owner.told(&one.id, "break-glass", json!({"reason": "a fire"})).await, one.value);
    }
}

/// Everything that tells about secrets without telling them, and the copies that are made of all.
async fn exported(program: &Program, owner: &Caller, store: &Store, data_dir: &Path, outside: &Path) {
    for path in [
        "/secrets?limit=200",
        "/secret-policies",
        "/secret-leases",
        "/vault",
        "/vault/rotations",
        "/audit?limit=200",
        "/audit/export",
        "/audit/export?format=csv",
        "/audit/checkpoints",
        "/audit/suspicious",
        "/settings",
        "/status",
        "/outbox",
        "/openapi.json",
        "/me",
    ] {
        owner.get(path).await;
    }
    for item in owner.list("/secrets").await.iter().step_by(10) {
        let id = text(&item["id"]);
        for path in [format!("/secrets/{id}"), format!("/secrets/{id}/versions"), format!("/secrets/{id}/readers")] {
            owner.get(&path).await.expect(200);
        }
    }
    assert_eq!(owner.post("/vault/verify", json!({})).await.expect(200)["ok"], true);
    assert_eq!(owner.post("/audit/verify", json!({})).await.expect(200)["ok"], true);
    let (url, data, backup) =
        (program.url(), data_dir.display().to_string(), outside.join("backup.db").display().to_string());
    for (line, is_here) in [
        (vec!["secret", "export", "--server", &url], false),
        (vec!["secret", "list", "--json", "--server", &url], false),
        (vec!["secret", "show", "generated/1", "--json", "--server", &url], false),
        (vec!["audit", "export", "--server", &url], false),
        (vec!["vault", "status", "--json", "--server", &url], false),
        (vec!["doctor", "--data-dir", &data, "--server", &url], true),
        (vec!["config", "validate", "--data-dir", &data], true),
        (vec!["database", "status", "--data-dir", &data], true),
        (vec!["database", "backup", &backup, "--data-dir", &data], true),
    ] {
        let flags = if is_here { store.flags() } else { vec![] };
        let ended = run_as(&owner.token().await, &[&line[..], &flags].concat()).await;
        assert!(ended.code != Some(2), "{line:?}: {}", ended.said);
        std::fs::write(outside.join(format!("{}-{}.log", line[0], line[1])), ended.said).expect("a file");
    }
    assert_eq!(Path::new(&backup).is_file(), matches!(store, Store::Sqlite));
}

/// A text that the server was just sent is there.
async fn memory_is_read_as_it_is(program: &Program, owner: &Caller) {
    let mut control = Canaries::seeded(0);
    control.known(SENT, &[]);
    let scanner = control.scanner();
    let _held = owner.begin_request(SENT).await;
    let seen = async {
        while memory(program, &scanner).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, seen).await.expect("what was sent is in memory");
}

/// What is found in memory when nothing goes on any more: sealed, and nobody connected.
async fn quiet(program: &Program, canaries: &Canaries) -> Vec<String> {
    let scanner = canaries.scanner();
    let wiped = async {
        while !wrong_in_memory(program, canaries, &scanner).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    match timeout(PATIENCE, wiped).await {
        Ok(()) => vec![],
        Err(_) => wrong_in_memory(program, canaries, &scanner),
    }
}

fn wrong_in_memory(program: &Program, canaries: &Canaries, scanner: &Scanner) -> Vec<String> {
    canaries.wrong_in_memory(memory(program, scanner))
}

/// Which texts lie where in the memory of the program.
fn memory(program: &Program, scanner: &Scanner) -> BTreeMap<usize, String> {
    let memory = program.memory.as_ref().expect("a parent may read the memory of its child");
    let stretches = memory.stretches().expect("what is mapped can be read");
    let found = stretches.iter().flat_map(|stretch| {
        let here = scanner.find(&stretch.bytes);
        here.into_iter().map(|of| (of, stretch.what.clone()))
    });
    found.collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
