//! `diwan config` against a running server.

use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Person, TestServer};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::machine::{Machine, Ran};

async fn started() -> (TestServer, Person, Machine) {
    let (server, owner) = TestServer::builder().owned().await;
    let machine = Machine::of(&server);
    machine.log_in(&owner).await;
    let kept: Value = serde_json::from_slice(&std::fs::read(machine.credentials()).expect("a file")).expect("JSON");
    let token = kept["servers"][&machine.server]["secrets"]["access_token"].as_str().expect("a token").to_owned();
    let proof = json!({"method": "password", "secret": PASSWORD});
    // There is no terminal that could ask for it.
    server.visitor().with_token(&token).post("/api/v1/auth/step-up", proof).await.expect(StatusCode::OK);
    (server, owner, machine)
}

fn file(server: &TestServer) -> std::path::PathBuf {
    server.dir().join("data/diwan.yaml")
}

#[track_caller]
fn well(ran: Ran) -> String {
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    ran.out
}

#[tokio::test]
async fn settings_are_changed_looked_at_and_put_back() {
    let (server, _owner, machine) = started().await;
    let text = "# Ours.\nmail:\n  from: diwan@example.org # the desk\n";
    std::fs::write(file(&server), text).expect("it is written");
    let taken = well(machine.run("config reload").await);
    assert!(taken.starts_with("mail.from: – → diwan@example.org\nVersion 2 is in force."), "{taken}");

    let line = "config set mail.host=smtp.example.org mail.port=2525 server.max_body_bytes=300000 --comment new";
    let set = well(machine.run(line).await);
    assert!(set.contains("mail.host: – → smtp.example.org\nmail.port: 0 → 2525\n"), "{set}");
    assert!(
        set.contains("server.max_body_bytes: 262144 → 300000\n") && set.contains("Version 3 is in force."),
        "{set}"
    );
    assert!(!set.contains("restart"), "{set}");
    let written = std::fs::read_to_string(file(&server)).expect("a file");
    assert!(written.starts_with(text) && written.contains("  port: 2525\n"), "{written}");

    assert_eq!(well(machine.run("config get mail.port").await), "2525\n");
    assert_eq!(well(machine.run("config get mail.host").await), "smtp.example.org\n");
    let item = machine.json("config get mail.port").await;
    assert_eq!([&item["value"], &item["source"], &item["default"]], [&json!(2525), &json!("file"), &json!(0)]);
    assert!(item["schema"]["maximum"] == 65_535 && item["variable"] == "DIWAN_MAIL_PORT", "{item}");

    let unset = well(machine.run("config unset mail.port").await);
    assert!(unset.contains("mail.port: 2525 → 0\n"), "{unset}");
    assert!(well(machine.run("config unset mail.port").await).contains("Nothing differs: version 4"));

    let diff = well(machine.run("config diff").await);
    assert!(diff.contains("VERSION 3") && diff.contains("mail.port") && !diff.contains("mail.host"), "{diff}");
    assert_eq!(machine.json("config diff 1 3").await["changes"].as_array().map(Vec::len), Some(4));

    let history = well(machine.run("config history").await);
    let rows: Vec<_> = history.lines().collect();
    assert!(rows[0].starts_with("VERSION") && rows[1].starts_with('4') && rows.len() == 5, "{history}");
    assert!(rows[2].contains("Omar") && rows[2].contains("edit") && rows[2].trim_end().ends_with("new"), "{history}");
    let page = machine.json("config history --limit 1").await;
    assert!(page["items"][0]["version"] == 4 && page["next_cursor"].is_string(), "{page}");
    assert_eq!(machine.json("config history --all").await["items"].as_array().map(Vec::len), Some(4));

    let back = well(machine.run("config rollback 2 --comment sorry").await);
    assert!(back.contains("mail.host: smtp.example.org → –\n") && back.contains("Version 5 is in force."), "{back}");
    assert_eq!(std::fs::read_to_string(file(&server)).expect("a file"), text, "as its author wrote it");
    let newest = &machine.json("config history --limit 1").await["items"][0];
    assert_eq!(
        [&newest["cause"], &newest["rolled_back_to"], &newest["comment"]],
        [&json!("rollback"), &json!(2), &json!("sorry")]
    );
}

#[tokio::test]
async fn what_needs_a_restart_is_said_and_values_are_read_by_type() {
    let (_server, _owner, machine) = started().await;
    let set = well(machine.run("config set server.instance_name=2026 server.allowed_hosts=a.example,b.example").await);
    assert!(set.contains("server.instance_name: Diwan → 2026  (with the next start)\n"), "{set}");
    assert!(set.contains("server.allowed_hosts: – → a.example, b.example\n") && set.contains("restart"), "{set}");
    let shown = well(machine.run("config show --running").await);
    assert!(shown.contains("file, line 5, with the next start"), "{shown}");
    let changed = machine.json("config set identity.session_idle_minutes=60").await;
    assert_eq!([&changed["changes"][0]["new"], &changed["restart_needed"]], [&json!(60), &json!(true)]);
    let providers = json!([{"id": "acme", "label": "Acme", "issuer": "https://login.example", "client_id": "d"}]);
    well(machine.run_with("config set oidc.providers=@-", &format!("{providers:#}\n")).await);
    assert_eq!(machine.json("config get oidc.providers").await["value"], providers);
}

#[tokio::test]
async fn a_refused_change_names_every_fault_and_changes_nothing() {
    let (server, _owner, machine) = started().await;
    let wrong = machine.run("config set mail.prt=25 audit.retension_days=3").await;
    assert_eq!(wrong.code, 1, "{}", wrong.err);
    assert!(wrong.err.contains("error: The settings are not acceptable\n"), "{}", wrong.err);
    assert!(wrong.err.contains("  mail.prt: it is not a setting; did you mean mail.port?"), "{}", wrong.err);
    assert!(wrong.err.contains("did you mean audit.retention_days?"), "{}", wrong.err);
    let bounds = machine
        .run("config set mail.prt=1 mail.port=many mail.security=tsl identity.session_idle_minutes=1 --json")
        .await;
    let problem: Value = serde_json::from_str(&bounds.err).expect("JSON");
    let said = |field: &str| {
        let errors = problem["errors"].as_array().expect("a list");
        let found = errors.iter().find(|error| error["field"] == field).expect("it is named");
        found["message"].as_str().expect("text").to_owned()
    };
    assert_eq!(said("mail.port"), "it must be a whole number from 0 to 65535", "no line: none was written");
    assert!(said("mail.prt").contains("did you mean mail.port?"), "{problem}");
    assert!(said("mail.security").contains("did you mean tls?"), "{problem}");
    assert!(said("identity.session_idle_minutes").contains("from 5 to 43200"), "{problem}");
    assert_eq!((bounds.code, &problem["code"]), (1, &json!("settings_refused")));

    let one = machine.run("config set mail.prt=1").await;
    assert!(one.err.contains("is not a setting; did you mean mail.port? Nothing was changed."), "{}", one.err);
    let no_such = machine.run("config get mail.prt").await;
    assert!(no_such.code == 1 && no_such.err.contains("Did you mean mail.port?"), "{}", no_such.err);
    let twice = machine.run("config set mail.port=1 mail.port=2").await;
    assert!(twice.code == 2 && twice.err.contains("mail.port is set twice"), "{}", twice.err);
    let only = machine.run("config diff").await;
    assert!(only.code == 1 && only.err.contains("only one version"), "{}", only.err);
    assert_eq!(machine.run("config rollback 7").await.code, 1);
    assert_eq!(machine.run("config diff 1 7").await.code, 1);
    assert!(!file(&server).exists(), "nothing was written");

    std::fs::write(file(&server), "mail:\n  prt: 25\n  port: x\n").expect("it is written");
    let refused = machine.run("config reload").await;
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("(line 2 of ") && refused.err.contains("(line 3 of "), "{}", refused.err);
    let shown = machine.run("config show --running").await;
    assert!(shown.code == 0 && shown.err.contains("The file is refused since"), "{}", shown.err);
}

#[tokio::test]
async fn a_secret_is_neither_taken_from_the_command_line_nor_printed() {
    let (server, _owner, machine) = started().await;
    let plain = machine.run("config set mail.password=hunter2hunter2").await;
    assert_eq!(plain.code, 2);
    assert!(plain.err.contains("`diwan secret set mail/password`"), "{}", plain.err);
    assert!(plain.err.contains("`diwan config set mail.password=vault:mail/password`"), "{}", plain.err);
    let early = machine.run("config set server.database_url=postgres://d:hunter2hunter2@db/d").await;
    assert!(early.code == 2 && early.err.contains("server.database_url=@-"), "{}", early.err);
    let nested = r#"config set oidc.providers=[{"id":"a","client_secret":"hunter2hunter2"}]"#;
    let nested = machine.run(nested).await;
    assert!(nested.code == 2 && nested.err.contains("write vault:NAME in its place"), "{}", nested.err);
    assert!([&plain, &early, &nested].iter().all(|ran| !format!("{}{}", ran.out, ran.err).contains("hunter2")));
    assert!(!file(&server).exists(), "nothing was written");

    let unknown = machine.run("config set mail.password=vault:mail/password").await;
    assert!(unknown.code == 1 && unknown.err.contains("mail/password"), "{}", unknown.err);

    let typed = well(machine.run_with("config set mail.password=@-", "hunter2hunter2\n").await);
    assert!(typed.contains("mail.password: – → •••\n"), "{typed}");
    assert_eq!(well(machine.run("config get mail.password").await), "•••\n");
    let shown = machine.run("config show --running").await;
    assert!(shown.err.contains("`diwan config move-secret mail.password mail/password`"), "{}", shown.err);

    let moved = well(machine.run("config move-secret mail.password mail/password").await);
    assert!(moved.contains("mail.password: ••• → vault:mail/password\n"), "{moved}");
    let written = std::fs::read_to_string(file(&server)).expect("a file");
    assert!(written.contains("password: vault:mail/password") && !written.contains("hunter2"), "{written}");
    assert_eq!(well(machine.run("config get mail.password").await), "vault:mail/password\n");
    well(machine.run("config unset mail.password").await);
    well(machine.run("config set mail.password=vault:mail/password").await);
    let again = machine.run("config move-secret mail.password mail/password").await;
    assert_eq!(again.code, 1, "{}", again.out);
    let everything = ["config show --running --json", "config history --json", "config diff 1 3 --json"];
    for line in everything {
        assert!(!well(machine.run(line).await).contains("hunter2"), "{line}");
    }
}

#[tokio::test]
async fn who_is_not_signed_in_is_told_and_who_may_not_is_refused() {
    let (server, owner, machine) = started().await;
    let stranger = Machine::of(&server);
    for line in ["config show --running", "config get mail.port", "config set mail.port=1", "config history"] {
        let ran = stranger.run(line).await;
        assert!(ran.code == 3 && ran.err.contains("diwan login"), "{line}: {}", ran.err);
    }
    let body = json!({"name": "watch", "scopes": ["settings.read"], "expires_in_days": 1});
    let made = owner.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED);
    let token = [("DIWAN_TOKEN", made["secret"].as_str().expect("a secret"))];
    assert_eq!(machine.run_in("config get mail.port", &token).await.out, "0\n");
    assert_eq!(machine.run_in("config set mail.port=1", &token).await.code, 1);
    assert_eq!(machine.run_in("config reload", &token).await.code, 1);
}

#[tokio::test]
async fn what_can_be_set_is_told_without_a_server() {
    let (server, _owner) = TestServer::builder().owned().await;
    let machine = Machine::of(&server);
    let mail = well(machine.run("config reference --section mail").await);
    assert!(mail.contains("mail.port  [default: 0]") && mail.contains("a whole number from 0 to 65535"), "{mail}");
    assert!(!mail.contains("audit."), "{mail}");
    let items = machine.json("config reference --section audit").await;
    assert_eq!(items["items"].as_array().map(Vec::len), Some(1));
    let wrong = machine.run("config reference --section mial").await;
    assert!(wrong.code == 2 && wrong.err.contains("Did you mean mail?"), "{}", wrong.err);
    let schema: Value = serde_json::from_str(&well(machine.run("config schema").await)).expect("JSON");
    assert_eq!(schema["properties"]["mail"]["properties"]["port"]["maximum"], 65_535);
    let sources = well(machine.run(&format!("config sources --data-dir {}", server.dir().display())).await);
    assert!(sources.contains("none (it would be ") && sources.contains("server.data_dir"), "{sources}");
}
