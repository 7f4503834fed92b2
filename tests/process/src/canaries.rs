//! A thousand secrets are brought in on every way there is, read, refused, exported and backed up, and
//! lie nowhere: not in the database and its copies, not in the output at its loudest, in no answer that
//! is not asked for them, and in the end, with the vault sealed, not in the memory of the process.

mod caller;
mod canary;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::program::{PATIENCE, Program, free_address, memory_dir, run_as};
use crate::scan::Scanner;
use caller::Caller;
use canary::{CANARIES, Canaries};

/// Callers at once.
const AT_ONCE: usize = 8;
/// Sent in the middle of a request.
const MARK: &str = "a-mark-that-must-be-found-in-memory";
const LOUDEST: [&str; 2] = ["--log-level", "trace"];

/// A secret that is there: where, and what it is.
#[derive(Clone)]
struct Kept {
    id: String,
    value: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_secrets_lie_nowhere() {
    let (dir, outside) = (memory_dir(), memory_dir());
    let metrics = free_address();
    let args = [LOUDEST[0], LOUDEST[1], "--metrics-listen", &metrics.to_string()];
    let mut program = Program::start_with(dir.path(), &args).await;
    let owner = Caller::claim(&program).await;
    let feed = owner.listen().await;
    let mut canaries = Canaries::default();

    let mut kept = brought_in(&owner, &mut canaries).await;
    kept.extend(imported_by_the_command_line(&program, &owner, &mut canaries, outside.path()).await);
    kept.extend(generated(&owner, &mut canaries).await);
    refused(&owner, &mut canaries).await;
    passphrases(&owner, &mut canaries).await;
    kept.extend(fill_up(&owner, &mut canaries).await);
    assert_eq!(canaries.len(), CANARIES);

    read(&owner, &kept).await;
    exported(&program, &owner, dir.path(), outside.path()).await;
    owner.hear_from(&format!("http://{metrics}/metrics")).await;
    memory_is_read_as_it_is(&program, &owner).await;

    owner.post("/vault/seal", json!({})).await.expect(204);
    let heard = owner.end(feed).await;
    let scanner = Scanner::of(canaries.texts());
    let found_in_memory = quiet(&program, &scanner).await;
    let mut places = vec![("answers".to_owned(), heard)];
    places.extend(files(dir.path()));
    program.signal(rustix::process::Signal::TERM);
    assert!(program.ended().await.success());
    places.push(("output".to_owned(), program.said().into_bytes()));
    places.extend(files(dir.path()));
    places.extend(files(outside.path()));

    let mut wrong: Vec<String> = vec![];
    let mut bytes = 0;
    for (place, contents) in &places {
        bytes += contents.len();
        wrong.extend(scanner.find(contents).into_iter().map(|n| format!("{place}: {}", canaries.tell(n))));
    }
    let (leftovers, in_memory) = found_in_memory;
    wrong.extend(leftovers.iter().map(|(n, what)| format!("memory ({what}): {}", canaries.tell(*n))));
    println!(
        "{CANARIES} secrets as {} patterns in {bytes} bytes of {} files, answers and output, and in {in_memory} bytes of memory: {} found",
        scanner.patterns(),
        places.len(),
        wrong.len(),
    );
    assert!(wrong.is_empty(), "{} found:\n{}", wrong.len(), wrong.join("\n"));
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

/// The passphrase of the vault, wrong ones, and values while it is sealed.
async fn passphrases(owner: &Caller, canaries: &mut Canaries) {
    let passphrase = canaries.password("as passphrase");
    let guard = json!({"guard": "passphrase", "passphrase": passphrase});
    owner.post("/vault/rotate-master-key", guard).await.expect(202);
    owner.rotated().await;
    owner.post("/vault/seal", json!({})).await.expect(204);
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
    owner.post("/vault/rotate-master-key", json!({"guard": "key_file"})).await.expect(202);
    owner.rotated().await;
}

/// Until there are a thousand.
async fn fill_up(owner: &Caller, canaries: &mut Canaries) -> Vec<Kept> {
    let mut kept = vec![];
    while canaries.len() < CANARIES {
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
async fn exported(program: &Program, owner: &Caller, data_dir: &Path, outside: &Path) {
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
    for (n, line) in [
        vec!["secret", "export", "--server", &url],
        vec!["secret", "list", "--json", "--server", &url],
        vec!["secret", "show", "generated/1", "--json", "--server", &url],
        vec!["audit", "export", "--server", &url],
        vec!["vault", "status", "--json", "--server", &url],
        vec!["doctor", "--data-dir", &data, "--server", &url],
        vec!["config", "validate", "--data-dir", &data],
        vec!["database", "status", "--data-dir", &data],
        vec!["database", "backup", &backup, "--data-dir", &data],
    ]
    .into_iter()
    .enumerate()
    {
        let ended = run_as(&owner.token().await, &line).await;
        assert!(ended.code != Some(2), "{line:?}: {}", ended.said);
        std::fs::write(outside.join(format!("{n}.log")), ended.said).expect("a file");
    }
    assert!(Path::new(&backup).is_file());
}

/// A text that the server was just sent is there.
async fn memory_is_read_as_it_is(program: &Program, owner: &Caller) {
    let control = Scanner::of([MARK]);
    let _held = owner.begin_request(MARK).await;
    let seen = async {
        while memory(program, &control).0.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, seen).await.expect("what was sent is in memory");
}

/// What is found in memory when nothing goes on any more: sealed, and nobody connected.
async fn quiet(program: &Program, scanner: &Scanner) -> (BTreeMap<usize, String>, usize) {
    let wiped = async {
        loop {
            let (found, bytes) = memory(program, scanner);
            if found.is_empty() {
                return (found, bytes);
            }
            tokio::task::yield_now().await;
        }
    };
    match timeout(PATIENCE, wiped).await {
        Ok(nothing) => nothing,
        Err(_) => memory(program, scanner),
    }
}

/// Which texts lie where in the memory of the program, and how much of it there is.
fn memory(program: &Program, scanner: &Scanner) -> (BTreeMap<usize, String>, usize) {
    let (mut found, mut bytes) = (BTreeMap::new(), 0);
    let memory = program.memory.as_ref().expect("a parent may read the memory of its child");
    for stretch in memory.stretches().expect("what is mapped can be read") {
        bytes += stretch.bytes.len();
        found.extend(scanner.find(&stretch.bytes).into_iter().map(|of| (of, stretch.what.clone())));
    }
    (found, bytes)
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    fn below(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
        entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
    }
    let read = |path: PathBuf| (path.display().to_string(), std::fs::read(&path).expect("a file can be read"));
    below(folder).into_iter().map(read).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
