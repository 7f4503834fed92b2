//! The command line as a process, against a running server.
#![expect(clippy::expect_used, reason = "these are tests")]

mod config;
mod fleet;
mod jobs;
mod machine;
mod secret;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use diwan_kernel::Ctx;
use diwan_kernel::db::Unrecorded;
use diwan_testkit::TestServer;
use diwan_testkit::server::PASSWORD;
use reqwest::StatusCode;
use serde_json::{Value, json};

use machine::{Machine, ran};

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
async fn an_invitation_is_listed_sent_again_and_taken_back() {
    let (server, owner) = TestServer::builder().owned().await;
    let machine = Machine::of(&server);
    machine.log_in(&owner).await;
    let first = machine.run("user invite amina@example.org --role viewer").await.out;
    let again = machine.run("user resend Amina@example.org").await;
    assert!(again.out.contains("/join#token=") && again.out != first, "{} {}", again.out, again.err);
    let list = machine.run("user invitations").await;
    assert!(list.out.contains("amina@example.org") && list.out.contains("pending"), "{}", list.out);
    assert_eq!(machine.run("user uninvite amina@example.org").await.code, 0);
    let list = machine.json("user invitations").await;
    assert_eq!(list["items"][0]["status"], "revoked");
    let gone = machine.run("user uninvite amina@example.org").await;
    assert!(gone.code == 1 && gone.err.contains("no open invitation"), "{} {}", gone.code, gone.err);
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
    let needs = machine.json(&backup).await["needs"].clone();
    let keys = ["seal.key", "vault.key"].map(|key| data.join("keys").join(key).display().to_string());
    assert_eq!(needs, json!(keys));
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
    for check in ["config", "data_dir", "key_file", "database", "schema", "audit", "vault", "server", "clock", "ready"]
    {
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
    let all = |ran: &str, text: &str| assert!(ran.contains(text), "{text} is not in {ran}");
    chmod(&data.join("keys/seal.key"), 0o600);
    chmod(&data.join("keys"), 0o777);
    all(&machine.run(&doctor).await.out, "Others can put another file in the place of");
    chmod(&data.join("keys"), 0o700);
    std::fs::write(data.join("diwan.yaml"), "mail: {password: hunter2hunter2}\n").expect("it is written");
    chmod(&data.join("diwan.yaml"), 0o644);
    all(&machine.run(&doctor).await.out, "and others can read it (mode 644)");
    chmod(&data.join("diwan.yaml"), 0o600);
    assert!(!machine.run(&doctor).await.out.contains("others can read it"));
    std::fs::write(data.join("diwan.yaml"), "mail: {password: 'vault:mail/password'}\n").expect("it is written");
    all(&machine.run(&doctor).await.out, "The setting mail.password names the secret mail/password, which the vault");
    let ran = machine.run("doctor --data-dir /nowhere/at/all").await;
    assert_eq!(ran.code, 0, "nothing was started there yet: {}", ran.out);
}

#[tokio::test]
async fn the_doctor_looks_at_the_key_file_of_the_vault() {
    let (server, owner) = TestServer::builder().owned().await;
    let machine = Machine::of(&server);
    let data = server.dir().join("data");
    let doctor = format!("doctor --data-dir {} --json", data.display());
    let vault = async || {
        let ran = machine.run(&doctor).await;
        let report: Value = serde_json::from_str(&ran.out).expect("JSON");
        let found = report["checks"].as_array().expect("a list").iter().find(|c| c["check"] == "vault").cloned();
        let found = found.expect("a look at the vault");
        (ran.code, found["level"].as_str().expect("text").to_owned(), found.to_string())
    };
    assert_eq!(vault().await.1, "ok");
    let file = data.join("keys/vault.key");
    let right = std::fs::read_to_string(&file).expect("the key file");
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("chmod");
    mode(0o644);
    let (code, level, said) = vault().await;
    assert!(code == 1 && level == "mend" && said.contains("others can read it (mode 644)"), "{said}");
    mode(0o600);
    // Another key under the same id is not the one that this database was sealed with.
    let (kept, key) = right.trim_end().rsplit_once(' ').expect("a key");
    std::fs::write(&file, format!("{kept} {}\n", key.chars().rev().collect::<String>())).expect("it is written");
    let (code, level, said) = vault().await;
    assert!(code == 1 && level == "mend" && !said.contains(key), "{said}");
    std::fs::remove_file(&file).expect("it can be removed");
    let (code, level, said) = vault().await;
    assert!(code == 1 && level == "mend" && said.contains("is not there"), "{said}");
    std::fs::write(&file, right).expect("it is put back");
    mode(0o600);
    owner.post("/api/v1/vault/seal", json!({})).await.expect(reqwest::StatusCode::NO_CONTENT);
    let ran = machine.run(&doctor).await;
    assert!(ran.code == 0 && ran.out.contains("Somebody sealed the vault by hand"), "{}", ran.out);
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

#[tokio::test]
async fn a_token_for_one_thing_signs_in_and_may_do_that() {
    let (server, owner) = TestServer::builder().owned().await;
    let machine = Machine::of(&server);
    let proof = json!({"method": "password", "secret": PASSWORD});
    owner.post("/api/v1/auth/step-up", proof).await.expect(StatusCode::OK);
    let body = json!({"name": "watch", "scopes": ["status.read"], "expires_in_days": 1});
    let token = owner.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED)["secret"].clone();
    let signed_in = machine.run_with("login --token", token.as_str().expect("text")).await;
    assert!(signed_in.code == 0 && signed_in.out.contains("with an API token"), "{}", signed_in.err);
    assert_eq!(machine.run("status").await.code, 0);
    assert_eq!(machine.run("user list").await.code, 1, "it may do nothing else");
    let unknown = machine.run_with("login --token", "dwn_unknown").await;
    assert!(unknown.code == 3 && unknown.err.contains("Check the token"), "{}", unknown.err);
}

#[tokio::test]
async fn who_is_not_signed_in_learns_why_and_what_to_do() {
    let server = TestServer::builder().start().await;
    let machine = Machine::of(&server);
    let nobody = machine.run("status").await;
    assert!(nobody.code == 3 && nobody.err.contains("Nobody owns this installation yet"), "{}", nobody.err);
    let wrong = machine.run_in("status --json", &[("DIWAN_TOKEN", "dwn_unknown")]).await;
    assert!(wrong.code == 3 && wrong.err.contains("Correct the token in DIWAN_TOKEN"), "{}", wrong.err);
    let garbled = machine.run_in("status", &[("DIWAN_TOKEN", "one two")]).await;
    assert!(garbled.code == 2 && garbled.err.contains("does not hold a token"), "{}", garbled.err);
    let elsewhere = machine.run_in("status --json", &[("DIWAN_SERVER", "http://127.0.0.1:1")]).await;
    assert_eq!(elsewhere.code, 4, "a server that does not run is the first thing to mend");
    let problem: Value = serde_json::from_str(&elsewhere.err).expect("JSON");
    assert_eq!((&problem["code"], &problem["status"]), (&json!("unreachable"), &Value::Null));
    let slip = machine.run_in("status", &[("DIWAN_SERVER", "diwan.example")]).await;
    assert!(slip.code == 2 && slip.err.contains("it must begin with https://"), "{}", slip.err);
}

#[tokio::test]
async fn lists_fit_the_screen_and_are_whole_in_a_pipe() {
    let (server, owner) = TestServer::builder().owned().await;
    let machine = Machine::of(&server);
    machine.log_in(&owner).await;
    let wide = machine.run("user list").await;
    assert!(wide.out.contains("usr_") && wide.err.is_empty(), "{} {}", wide.out, wide.err);
    assert!(!wide.out.contains('\u{1b}'), "no colours in a pipe");
    let narrow = machine.run_in("user list", &[("COLUMNS", "44")]).await;
    assert!(narrow.out.lines().all(|line| line.chars().count() <= 44), "{}", narrow.out);
    assert_eq!(narrow.out.lines().count(), wide.out.lines().count(), "no row takes two lines");
    assert!(narrow.out.contains("owner@example.org") && !narrow.out.contains("usr_"), "{}", narrow.out);
    assert!(narrow.err.contains("Not shown, for want of room") && narrow.err.contains("ID"), "{}", narrow.err);
}

#[tokio::test]
async fn moments_are_given_as_people_write_them() {
    let (server, owner) = TestServer::builder().owned().await;
    let machine = Machine::of(&server);
    machine.log_in(&owner).await;
    for since in ["1h", "2001-01-01", "2001-01-01T09:30"] {
        let some = machine.run(&format!("audit list --since {since}")).await;
        assert!(some.code == 0 && some.out.contains("session.start"), "{since}: {}", some.err);
    }
    assert!(!machine.run("audit list --until 2001-01-01").await.out.contains("session.start"));
    let wrong = machine.run("audit list --since yesterday").await;
    assert!(wrong.code == 2 && wrong.err.contains("24h"), "{}", wrong.err);
    let key = machine.json("audit key").await["public_key"].as_str().expect("a key").to_owned();
    let elsewhere = format!("audit verify --database-url mysql://a:SEKRIT@host/d --public-key {key}");
    let elsewhere = machine.run(&elsewhere).await;
    assert!(elsewhere.code == 2 && !elsewhere.err.contains("SEKRIT"), "{}", elsewhere.err);
    let of_nothing = machine.run(&format!("audit verify --public-key {key}")).await;
    assert!(of_nothing.code == 2 && of_nothing.err.contains("--database-url"), "{}", of_nothing.err);
}

#[tokio::test]
async fn the_configuration_comes_from_flags_variables_and_the_file_in_this_order() {
    let (server, _owner) = TestServer::builder().owned().await;
    let machine = Machine::of(&server);
    let file = machine.home.path().join("diwan.yaml");
    std::fs::write(&file, "server:\n  data_dir: /of/the/file\n  instance_name: File\nmail:\n").expect("it is written");
    let shown = |line: &str, variables: &[(&str, &str)]| {
        let mut command = machine.command(&format!("config show --json {line}"));
        let ran = ran(command.envs(variables.iter().copied()).output().expect("it ran"));
        assert_eq!(ran.code, 0, "{}", ran.err);
        let settings: Value = serde_json::from_str(&ran.out).expect("JSON");
        let items = settings["items"].as_array().expect("a list").clone();
        move |key: &str| {
            let found = items.iter().find(|s| s["key"] == key).expect("a setting");
            format!("{} {}", found["value"].as_str().unwrap_or_default(), found["source"].as_str().expect("text"))
        }
    };
    let path = file.display().to_string();
    let of_file = shown("", &[("DIWAN_CONFIG", &path)]);
    assert_eq!((of_file("data_dir"), of_file("listen")), ("/of/the/file file".into(), "127.0.0.1:7400 default".into()));
    let variables =
        [("DIWAN_CONFIG", path.as_str()), ("DIWAN_DATA_DIR", "/of/the/variable"), ("DIWAN_INSTANCE_NAME", "")];
    let of_variable = shown("", &variables);
    assert_eq!(of_variable("data_dir"), "/of/the/variable environment");
    assert_eq!(of_variable("instance_name"), "File file", "an empty variable sets nothing");
    assert_eq!(shown("--data-dir /of/the/flag", &variables)("data_dir"), "/of/the/flag flag");
    let empty = [("DIWAN_CONFIG", ""), ("DIWAN_LISTEN", ""), ("DIWAN_SERVER", "")];
    assert_eq!(shown("", &empty)("listen"), "127.0.0.1:7400 default");

    let provider =
        r#"[{"id":"c","label":"C","issuer":"https://login.example","client_id":"d","client_secret":"hunter2"}]"#;
    let secrets = [("DIWAN_OIDC_PROVIDERS", provider), ("DIWAN_DATABASE_URL", "postgres://d:hunter2@db.example/d")];
    let hidden = machine.run_in("config show", &secrets).await;
    assert!(hidden.code == 0 && !hidden.out.contains("hunter2"), "{} {}", hidden.out, hidden.err);
    let slip = machine.run_in("config validate", &[("DIWAN_LISTN", "127.0.0.1:1")]).await;
    assert!(slip.err.contains("did you mean DIWAN_LISTEN?"), "{}", slip.err);
}

#[test]
fn the_completions_of_bash_complete() {
    let script =
        Command::new(env!("CARGO_BIN_EXE_diwan")).args(["completions", "bash"]).output().expect("it ran").stdout;
    let ask = "COMP_WORDS=(diwan aud); COMP_CWORD=1; _diwan diwan aud diwan; echo \"${COMPREPLY[@]}\"";
    let script = format!("{}\n{ask}", String::from_utf8(script).expect("text"));
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("complete.bash");
    std::fs::write(&file, script).expect("the script can be written");
    let completed = Command::new("bash").arg("--norc").arg(&file).output().expect("bash is there");
    assert_eq!(String::from_utf8_lossy(&completed.stdout).trim(), "audit", "{completed:?}");
}
