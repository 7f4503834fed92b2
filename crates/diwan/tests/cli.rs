//! The command line as a process, against a running server.
#![expect(clippy::expect_used, reason = "these are tests")]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use diwan_kernel::Ctx;
use diwan_kernel::db::Unrecorded;
use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Person, TestServer};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// A person's machine: a home of its own, and nothing else in the environment.
struct Machine {
    home: tempfile::TempDir,
    server: String,
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Machine {
    fn of(server: &TestServer) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        Self { home, server: format!("http://{}", server.address()) }
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diwan"));
        command.args(line.split_whitespace()).env_clear().env("HOME", self.home.path());
        command.env("DIWAN_SERVER", &self.server).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn run(&self, line: &str) -> Ran {
        let mut command = self.command(line);
        ran(tokio::task::spawn_blocking(move || command.output()).await.expect("it ran").expect("it started"))
    }

    async fn run_with(&self, line: &str, input: &str) -> Ran {
        let mut child = self.command(line).stdin(Stdio::piped()).spawn().expect("it starts");
        child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
        ran(tokio::task::spawn_blocking(move || child.wait_with_output()).await.expect("it ran").expect("it ended"))
    }

    async fn json(&self, line: &str) -> Value {
        let ran = self.run(&format!("{line} --json")).await;
        assert_eq!(ran.code, 0, "{line}: {}", ran.err);
        serde_json::from_str(&ran.out).expect("JSON")
    }

    /// Signs in, with somebody approving in the browser.
    async fn log_in(&self, person: &Person) {
        let child = self.command("login --no-browser").spawn().expect("it starts");
        let (child, code) = tokio::task::spawn_blocking(move || code_of(child)).await.expect("a code");
        person
            .post("/api/v1/auth/step-up", json!({"method": "password", "secret": PASSWORD}))
            .await
            .expect(StatusCode::OK);
        let asked = person.get(&format!("/api/v1/auth/device/{code}")).await.expect(StatusCode::OK);
        assert!(asked["client_name"].as_str().is_some_and(|name| name.starts_with("diwan on ")), "{asked}");
        person.post(&format!("/api/v1/auth/device/{code}/approve"), json!({})).await.expect(StatusCode::NO_CONTENT);
        let ended = tokio::task::spawn_blocking(move || child.wait_with_output()).await.expect("it ran");
        let ended = ran(ended.expect("it ended"));
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(ended.out.contains("owner@example.org"), "{}", ended.out);
    }

    fn credentials(&self) -> std::path::PathBuf {
        self.home.path().join(".config/diwan/credentials.json")
    }
}

/// Reads what the program prints until it shows the code.
fn code_of(mut child: Child) -> (Child, String) {
    let mut lines = BufReader::new(child.stderr.take().expect("its errors")).lines();
    let line = lines.find_map(|line| line.ok()?.strip_prefix("and compare this code:").map(str::to_owned));
    let code = line.expect("a code").trim().to_owned();
    // The rest must be read, or the program waits for a reader.
    std::thread::spawn(move || lines.count());
    (child, code)
}

fn ran(output: Output) -> Ran {
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code().expect("a code"), out: text(output.stdout), err: text(output.stderr) }
}

#[tokio::test]
async fn a_person_signs_in_looks_around_and_signs_out() {
    let (server, owner) = TestServer::builder().owned().await;
    let machine = Machine::of(&server);
    assert_eq!(machine.run("whoami").await.code, 3, "nobody is signed in yet");
    machine.log_in(&owner).await;
    assert_eq!(std::fs::metadata(machine.credentials()).expect("a file").permissions().mode() & 0o777, 0o600);

    assert_eq!(machine.json("whoami").await["user"]["email"], "owner@example.org");
    let status = machine.run("status").await;
    assert!(status.out.contains("sqlite, healthy"), "{}", status.out);
    let people = machine.run("user list").await;
    assert!(people.out.starts_with("NAME") && people.out.contains("owner@example.org"), "{}", people.out);
    let invited = machine.run("user invite amina@example.org --role viewer").await;
    assert!(invited.out.contains("/join#token="), "{} {}", invited.out, invited.err);
    assert_eq!(machine.json("user show owner@example.org").await["role"], "owner");
    let trail = machine.run("audit list --action invitation.").await;
    assert!(trail.out.contains("invitation.create"), "{}", trail.out);
    assert_eq!(machine.run("audit verify").await.code, 0);
    assert_eq!(machine.json("audit verify").await["ok"], true);
    assert_eq!(machine.json("audit list --all").await["next_cursor"], Value::Null);
    assert_eq!(machine.json("config show --running").await["items"][0]["section"], "server");
    assert_eq!(machine.json("openapi").await["openapi"].as_str().map(|v| &v[..3]), Some("3.1"));

    assert_eq!(machine.run("logout").await.code, 0);
    assert_eq!(machine.run("whoami").await.code, 3);
    let sessions = owner.get("/api/v1/me/sessions").await.expect(StatusCode::OK);
    assert_eq!(sessions["items"].as_array().map(Vec::len), Some(1), "the session has ended at the server too");
}

#[tokio::test]
async fn commands_at_the_same_time_exchange_the_token_once() {
    let (server, owner) = TestServer::builder().owned().await;
    let machine = Machine::of(&server);
    machine.log_in(&owner).await;
    let text = std::fs::read_to_string(machine.credentials()).expect("a file");
    let mut kept: Value = serde_json::from_str(&text).expect("JSON");
    kept["servers"][&machine.server]["secrets"]["expires_at_s"] = json!(1);
    std::fs::write(machine.credentials(), kept.to_string()).expect("it is written");
    let ran = futures::future::join_all((0..8).map(|_| machine.run("whoami"))).await;
    assert!(ran.iter().all(|ran| ran.code == 0), "{:?}", ran.iter().map(|r| &r.err).collect::<Vec<_>>());
    assert_eq!(machine.run("whoami").await.code, 0, "nobody was taken for a thief");
}

#[tokio::test]
async fn a_token_works_from_the_environment_and_from_a_file() {
    let (server, owner) = TestServer::builder().owned().await;
    owner.post("/api/v1/auth/step-up", json!({"method": "password", "secret": PASSWORD})).await.expect(StatusCode::OK);
    let body = json!({"name": "ci", "scopes": ["status.read", "profile.self"], "expires_in_days": 1});
    let made = owner.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED);
    let secret = made["secret"].as_str().expect("a secret").to_owned();

    let machine = Machine::of(&server);
    let mut command = machine.command("status --json");
    command.env("DIWAN_TOKEN", &secret);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("it ran").expect("it started");
    assert_eq!(ran(output).code, 0);

    assert_eq!(
        machine.run_with("login --token", "dwn_nonsense\n").await.code,
        3,
        "a token that does not work is not kept"
    );
    assert!(!machine.credentials().exists());
    assert_eq!(machine.run_with("login --token", &format!("{secret}\n")).await.code, 0);
    assert_eq!(machine.run("status").await.code, 0);
    let refused = machine.run("user list").await;
    assert_eq!(refused.code, 1, "the token's scopes hold");
    assert!(
        refused.err.contains("error: ") && refused.err.contains("next: ") && refused.err.contains("request: req_"),
        "{}",
        refused.err
    );
    let refused = machine.run("user list --json").await;
    let problem: Value = serde_json::from_str(&refused.err).expect("a problem document");
    assert_eq!((&problem["code"], &problem["status"]), (&json!("not_allowed"), &json!(403)));
}

#[tokio::test]
async fn exit_codes_tell_what_went_wrong() {
    let (server, _owner) = TestServer::builder().owned().await;
    let mut machine = Machine::of(&server);
    assert_eq!(machine.run("user fly").await.code, 2);
    assert_eq!(machine.run("config validate --config /nowhere/diwan.yaml").await.code, 2);
    assert_eq!(machine.run("status").await.code, 3);
    machine.server = "http://127.0.0.1:1".into();
    let unreachable = machine.run("openapi").await;
    assert_eq!(unreachable.code, 4);
    assert!(unreachable.err.contains("cannot reach http://127.0.0.1:1"), "{}", unreachable.err);
}

#[tokio::test]
async fn the_trail_is_verified_without_the_server_and_tampering_is_named() {
    let (server, _owner) = TestServer::builder().owned().await;
    let machine = Machine::of(&server);
    let data = server.dir().join("data");
    let verify = format!("audit verify --data-dir {}", data.display());
    assert_eq!(machine.run(&verify).await.code, 0);
    let key = server.product().audit.vouching().public_key();
    let copy = server.dir().join("copy.db");
    let backup = format!("database backup {} --data-dir {}", copy.display(), data.display());
    assert_eq!(machine.run(&backup).await.code, 0);
    let of_copy = format!("audit verify --database-url {} --public-key {key}", copy.display());
    assert_eq!(machine.run(&of_copy).await.code, 0);

    let product = server.product();
    let mut tx = product.db.begin(&Ctx::system(&product.world, "test")).await.expect("a unit of work");
    tx.execute("UPDATE audit_entry SET action = 'nothing' WHERE seq = 2", vec![]).await.expect("a change");
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await.expect("it is saved");
    let found = machine.run(&verify).await;
    assert_eq!(found.code, 1);
    assert!(found.out.contains("from entry 2 on (edited)"), "{}", found.out);
    assert_eq!(machine.run(&format!("doctor --data-dir {}", data.display())).await.code, 1);
}

#[tokio::test]
async fn the_doctor_finds_what_must_be_mended() {
    let (server, _owner) = TestServer::builder().owned().await;
    let machine = Machine::of(&server);
    let data = server.dir().join("data");
    let doctor = format!("doctor --data-dir {}", data.display());
    let report = machine.json(&doctor).await;
    let level = |report: &Value, check: &str| {
        let found = report["checks"].as_array().expect("a list").iter().find(|c| c["check"] == check);
        found.map(|c| c["level"].as_str().expect("text").to_owned()).unwrap_or_default()
    };
    assert_eq!(report["ok"], true, "{report}");
    for check in ["config", "data_dir", "key_file", "database", "schema", "audit", "server", "clock", "ready"] {
        assert_eq!(level(&report, check), "ok", "{check} in {report}");
    }

    let chmod =
        |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("chmod");
    chmod(&data.join("keys/seal.key"), 0o644);
    chmod(&data, 0o755);
    let ran = machine.run(&format!("{doctor} --json")).await;
    let report: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(
        (ran.code, level(&report, "key_file").as_str(), level(&report, "data_dir").as_str()),
        (1, "mend", "mend")
    );
    let ran = machine.run("doctor --data-dir /nowhere/at/all").await;
    assert_eq!(ran.code, 0, "nothing was started there yet: {}", ran.out);
}

#[tokio::test]
async fn help_and_completions_need_no_server() {
    let (server, _owner) = TestServer::builder().owned().await;
    let machine = Machine::of(&server);
    let help = machine.run("--help").await;
    assert!(help.out.contains("Exit codes:") && help.out.contains("Examples:"), "{}", help.out);
    for shell in ["bash", "zsh", "fish"] {
        let script = machine.run(&format!("completions {shell}")).await;
        assert!(script.code == 0 && script.out.contains("audit"), "{shell}");
    }
    assert!(machine.run("config reference").await.out.contains("DIWAN_AUDIT_RETENTION_DAYS"));
}
