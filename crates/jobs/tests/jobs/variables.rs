//! Variables and secrets of jobs: what the process of a try is given, who may have secrets lent, when that is asked, and
//! that a value is nowhere but on its way.

use std::collections::BTreeSet;
use std::time::Duration;

use diwan_kernel::params;
use diwan_protocol::environment::Brought;
use diwan_protocol::run::{Outcome, ToCommand};
use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Person, TestServer, files_below, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::machine::{Sent, ended, hear, say};
use super::{Machine, ask, audit, becomes, becomes_so, job, look, text, want};

/// What must be found nowhere.
const TOKEN: &str = "canary-of-a-job-4711";

async fn secret(owner: &Person, name: &str, value: &str) -> Value {
    let wanted = json!({"name": name, "kind": "free", "value": value});
    owner.post("/api/v1/secrets", wanted).await.expect(StatusCode::CREATED)
}

/// A rule of the vault about these secrets.
async fn rule(owner: &Person, effect: &str, (kind, subject): (&str, &str), secrets: &str) -> Value {
    let policy = json!({"name": format!("{effect} {subject} {secrets}"), "effect": effect, "subject_kind": kind,
        "subject": subject, "secrets": secrets, "actions": ["read"], "purposes": ["exec"]});
    owner.post("/api/v1/secret-policies", policy).await.expect(StatusCode::CREATED)
}

async fn id_of(person: &Person) -> String {
    let me = person.get("/api/v1/me").await.expect(StatusCode::OK);
    text(&me["user"], "id").to_owned()
}

/// A job with a secret, and with changes.
fn with_secret(change: Value) -> Value {
    let mut wanted = job(json!({"secrets": [{"env": "TOKEN", "secret": "ci/token"}]}));
    for (field, value) in change.as_object().expect("an object") {
        wanted[field] = value.clone();
    }
    wanted
}

/// A plain variable that a machine was sent.
fn env(sent: &Sent, name: &str) -> String {
    let environment = sent.command.environment.as_ref().expect("variables");
    let found = environment.plain.iter().find(|variable| variable.name == name);
    found.unwrap_or_else(|| panic!("no {name}")).value.clone()
}

/// What came behind a command that was promised secrets.
async fn brought(sent: &mut Sent) -> Brought {
    let environment = sent.command.environment.clone().expect("variables");
    let ToCommand::Secrets(brought) = hear(&mut sent.stream).await else { panic!("its secrets come first") };
    assert!(environment.secret.expect("they were promised").is_kept_by(&brought));
    brought
}

async fn ends(sent: &mut Sent, code: i32) {
    sent.begin().await;
    sent.end(code, 0, 0).await;
}

on_every_backend! {
    async fn every_try_is_told_which_one_it_is(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let retry = json!({"attempts": 2, "delay_ms": 0});
        let wanted = want(&owner, job(json!({"env": {"CI": "true"}, "idempotency_key": "pay 7", "retry": retry}))).await;
        let mut first = machine.sent().await;
        assert_eq!((env(&first, "CI"), env(&first, "DIWAN_JOB_ID")), ("true".into(), text(&wanted, "id").into()));
        assert_eq!((env(&first, "DIWAN_JOB_ATTEMPT"), env(&first, "DIWAN_IDEMPOTENCY_KEY")), ("1".into(), "pay 7".into()));
        let now = look(&owner, &wanted).await;
        assert_eq!(env(&first, "DIWAN_JOB_FENCE"), now["fence"].to_string());
        ends(&mut first, 1).await;
        let mut second = machine.sent().await;
        let fence = |sent: &Sent| env(sent, "DIWAN_JOB_FENCE").parse::<u64>().expect("a number");
        assert!(fence(&second) > fence(&first), "it grows with every try");
        assert_eq!((env(&second, "DIWAN_JOB_ATTEMPT"), env(&second, "DIWAN_IDEMPOTENCY_KEY")), ("2".into(), "pay 7".into()));
        assert_eq!(env(&second, "DIWAN_JOB_ID"), env(&first, "DIWAN_JOB_ID"));
        ends(&mut second, 0).await;
        let over = becomes(&server, &owner, &wanted, "succeeded").await;
        assert_eq!(over["env"], json!({"CI": "true"}), "what every job says is not among what was wanted");
        let bare = want(&owner, job(json!({}))).await;
        let sent = machine.sent().await;
        assert_eq!(env(&sent, "DIWAN_IDEMPOTENCY_KEY"), text(&bare, "id"), "without a key it is the job itself");
        assert_eq!(look(&owner, &bare).await["env"], json!(null));
    }

    async fn a_secret_is_lent_anew_for_every_try_and_given_back(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let made = secret(&owner, "ci/token", "canary-of-the-first-try").await;
        let wanted = want(&owner, with_secret(json!({"retry": {"attempts": 2, "delay_ms": 0}}))).await;
        let mut first = machine.sent().await;
        assert_eq!(brought(&mut first).await.values[0].expose(), "canary-of-the-first-try");
        let lease = owner.leases().await[0].clone();
        assert_eq!((text(&lease, "holder_kind"), text(&lease, "holder")), ("job", text(&wanted, "id")));
        assert_eq!((text(&lease, "purpose"), &lease["ended_at"]), ("exec", &json!(null)));
        let versions = format!("/api/v1/secrets/{}/versions", text(&made, "id"));
        owner.post(&versions, json!({"value": TOKEN})).await.expect(StatusCode::CREATED);
        ends(&mut first, 1).await;
        let mut second = machine.sent().await;
        assert_eq!(brought(&mut second).await.values[0].expose(), TOKEN, "the one that is current now");
        ends(&mut second, 0).await;
        let over = becomes(&server, &owner, &wanted, "succeeded").await;
        assert_eq!(over["secrets"], json!([{"env": "TOKEN", "secret": "ci/token"}]));
        let ended = server.leases_end(&owner).await;
        // What was lent and could not be sent in that moment is given back, and lent again.
        let versions: BTreeSet<_> = ended.iter().map(|lease| lease["version"].as_u64()).collect();
        assert_eq!(versions, [Some(1), Some(2)].into(), "{ended:?}");
        assert!(ended.iter().all(|lease| lease["ended_why"] == "returned"), "{ended:?}");
        assert_eq!(audit(&owner, "job.create").await[0]["metadata"]["secrets"], json!(["ci/token"]));
    }

    async fn f130_the_secret_of_a_job_lies_nowhere_but_in_the_vault(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        secret(&owner, "ci/token", TOKEN).await;
        let wanted = want(&owner, with_secret(json!({}))).await;
        let mut sent = machine.sent().await;
        let salt = brought(&mut sent).await.salt;
        ends(&mut sent, 3).await;
        becomes(&server, &owner, &wanted, "failed").await;
        server.leases_end(&owner).await;
        let one = format!("/api/v1/jobs/{}", text(&wanted, "id"));
        for path in ["/api/v1/jobs", &one, "/api/v1/commands", "/api/v1/secret-leases", "/api/v1/audit"] {
            let told = owner.get(path).await;
            assert!(!told.text.contains("canary"), "{path}: {}", told.text);
        }
        let rows = rows(&server, &wanted).await;
        assert!(holds(&rows, b"ci/token"), "it is looked for in the right place");
        for (place, bytes) in files_below(server.dir()).into_iter().chain([("the rows".to_owned(), rows)]) {
            assert!(!holds(&bytes, b"canary-of") && !holds(&bytes, &salt[..]), "{place}");
        }
    }

    async fn whoever_may_not_read_a_secret_wants_no_job_with_it(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Dalal", "developer").await;
        let machine = Machine::connected(&server, &owner, "box").await;
        owner.put("/api/v1/job-queues/default", json!({"paused": true})).await.expect(StatusCode::NO_CONTENT);
        secret(&owner, "ci/token", TOKEN).await;
        // What a machine or a job may have does not stand in for the person.
        rule(&owner, "allow", ("machine", &machine.id()), "ci/*").await;
        rule(&owner, "allow", ("job", "*"), "ci/*").await;
        let others = want(&owner, with_secret(json!({}))).await;
        let nightly = json!({"name": "nightly", "when": {"kind": "cron", "expression": "0 3 * * *"}});
        let mut with_job = nightly.clone();
        with_job["job"] = with_secret(json!({}));
        let mut without = nightly;
        without["job"] = job(json!({}));
        let harmless = developer.post("/api/v1/job-schedules", without).await.expect(StatusCode::CREATED);
        let change = format!("/api/v1/job-schedules/{}", text(&harmless, "id"));
        let on_that_machine = json!({"target": {"kind": "machine", "machine_id": machine.id()}});
        let batch = json!({"jobs": [job(json!({})), with_secret(json!({}))]});
        for refused in [
            developer.post("/api/v1/jobs", with_secret(json!({}))).await,
            developer.post("/api/v1/jobs", with_secret(on_that_machine)).await,
            developer.post("/api/v1/jobs/batch", batch).await,
            ask(&developer, &others, "rerun", json!({})).await,
            developer.post("/api/v1/job-schedules", with_job.clone()).await,
            developer.patch(&change, json!({"job": with_secret(json!({}))})).await,
        ] {
            assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "secret_denied"), "{}", refused.text);
        }
        assert!(audit(&owner, "secret.lend").await.iter().all(|entry| entry["outcome"] == "denied"));
        ask(&developer, &others, "rerun", json!({"changes": {"secrets": []}})).await.expect(StatusCode::CREATED);
        rule(&owner, "allow", ("user", &id_of(&developer).await), "ci/*").await;
        want(&developer, with_secret(json!({}))).await;
        ask(&developer, &others, "rerun", json!({})).await.expect(StatusCode::CREATED);
        // For something else it was not allowed.
        let build = with_secret(json!({"operation": {"kind": "build", "root": "work"}}));
        assert_eq!(developer.post("/api/v1/jobs", build).await.problem(), "secret_denied");
        let unknown = with_secret(json!({"secrets": [{"env": "T", "secret": "ci/other"}]}));
        let unknown = developer.post("/api/v1/jobs", unknown).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!((&unknown["errors"][0]["field"], &unknown["errors"][0]["code"]),
            (&json!("secrets[0].secret"), &json!("secret_unknown")));
        // A token needs the scope, whoever it is of.
        owner.post("/api/v1/auth/step-up", json!({"method": "password", "secret": PASSWORD})).await.expect(StatusCode::OK);
        let token = json!({"name": "ci", "scopes": ["jobs.run"], "expires_in_days": 1});
        let token = owner.post("/api/v1/me/tokens", token).await.expect(StatusCode::CREATED);
        let answer = owner.with_token(text(&token, "secret")).post("/api/v1/jobs", with_secret(json!({}))).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
    }

    async fn whoever_lost_a_secret_has_lost_it_for_jobs_that_wait(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        secret(&owner, "ci/token", TOKEN).await;
        let mut waiting = vec![];
        for (name, change) in [
            ("Amina", None),
            ("Badr", Some(json!({"role": "viewer"}))),
            ("Dalal", Some(json!({"status": "disabled"}))),
        ] {
            let person = server.invite(&owner, name, "admin").await;
            let id = id_of(&person).await;
            let policy = rule(&owner, "allow", ("user", &id), "ci/*").await;
            waiting.push((want(&person, with_secret(json!({}))).await, policy));
            match change {
                Some(change) => owner.patch(&format!("/api/v1/users/{id}"), change).await.expect(StatusCode::OK),
                None => owner.delete(&format!("/api/v1/secret-policies/{}", text(&waiting[0].1, "id"))).await
                    .expect(StatusCode::NO_CONTENT),
            };
        }
        let after = json!({"after": [{"job_id": waiting[0].0["id"]}]});
        let dependent = want(&owner, job(after)).await;
        machine.connect(&server).await;
        for ((wanted, _), why) in waiting.iter().zip(["secret_denied", "owner_gone", "owner_gone"]) {
            let over = becomes(&server, &owner, wanted, "failed").await;
            assert_eq!((&over["reason"], &over["attempt"]), (&json!(why), &json!(0)), "{over}");
            assert!(over["dead_at"].is_string() && over["command_id"].is_null());
        }
        let cancelled = becomes(&server, &owner, &dependent, "cancelled").await;
        assert_eq!(cancelled["reason"], "dependency_failed");
        assert_eq!(owner.leases().await.len(), 0, "nothing was lent");
        // What was held for them is free again, and the first is done once it may be.
        rule(&owner, "allow", ("user", text(&waiting[0].0["owner"], "user_id")), "ci/*").await;
        ask(&owner, &waiting[0].0, "retry", json!({})).await.expect(StatusCode::OK);
        let mut sent = machine.sent().await;
        assert_eq!(brought(&mut sent).await.values[0].expose(), TOKEN);
        ends(&mut sent, 0).await;
        becomes(&server, &owner, &waiting[0].0, "succeeded").await;
    }

    async fn a_job_that_moves_takes_its_secret_only_where_that_may_be(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut first = Machine::connected(&server, &owner, "first").await;
        secret(&owner, "ci/token", TOKEN).await;
        let lost = json!({"policy": "move", "after_ms": 20_000});
        let change = json!({"lost": lost, "retry": {"attempts": 3, "delay_ms": 0}, "retry_safe": true});
        let wanted = want(&owner, with_secret(change)).await;
        let mut sent = first.sent().await;
        brought(&mut sent).await;
        sent.begin().await;
        becomes(&server, &owner, &wanted, "running").await;
        drop(sent);
        let second = Machine::joined(&server, &owner, "second", &[]).await;
        rule(&owner, "deny", ("machine", &second.id()), "ci/*").await;
        first.cut(&server).await;
        let mut second = second;
        second.connect(&server).await;
        let over = loop {
            let now = look(&owner, &wanted).await;
            if now["state"] == "failed" {
                break now;
            }
            server.advance(Duration::from_secs(1));
        };
        assert_eq!((&over["reason"], &over["attempts"][0]["reason"]), (&json!("secret_denied"), &json!("machine_lost")));
        let open: Vec<Value> = owner.leases().await.into_iter().filter(|lease| lease["ended_at"].is_null()).collect();
        assert_eq!(open.len(), 1, "the lost machine may still have it");
    }

    async fn a_bridge_from_before_there_were_variables_is_given_no_job_that_needs_any(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "old", &[]).await;
        machine.connect_with(&server, |hello| hello.abilities = None).await;
        secret(&owner, "ci/token", TOKEN).await;
        for wanted in [with_secret(json!({})), job(json!({"env": {"CI": "1"}})), job(json!({"retry_safe": true}))] {
            let wanted = want(&owner, wanted).await;
            let over = becomes(&server, &owner, &wanted, "failed").await;
            assert_eq!(over["reason"], "bridge_too_old");
            assert!(text(&over, "detail").contains("diwan machine add"));
        }
        assert_eq!(owner.leases().await.len(), 0);
        let wanted = want(&owner, job(json!({}))).await;
        let mut sent = machine.sent().await;
        assert_eq!(sent.command.environment, None);
        ends(&mut sent, 0).await;
        becomes(&server, &owner, &wanted, "succeeded").await;
    }

    async fn secrets_that_did_not_arrive_do_not_count_as_a_try(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        secret(&owner, "ci/token", TOKEN).await;
        let wanted = want(&owner, with_secret(json!({}))).await;
        let mut sent = machine.sent().await;
        let missing = diwan_protocol::run::Reason { code: "secrets_missing".into(), words: "they did not come".into() };
        let verdict = diwan_protocol::run::Verdict {
            decision: diwan_protocol::run::Decision::Deny, rule: None, reasons: vec![missing], argv: vec![] };
        say(&mut sent.stream, diwan_protocol::run::FromCommand::Verdict(verdict)).await;
        say(&mut sent.stream, ended(Outcome::NotStarted("they did not come".into()), 0, 0)).await;
        let mut again = machine.sent().await;
        assert_eq!(brought(&mut again).await.values[0].expose(), TOKEN);
        ends(&mut again, 0).await;
        let over = becomes(&server, &owner, &wanted, "succeeded").await;
        assert_eq!((&over["attempt"], &over["tries"]), (&json!(2), &json!(1)));
    }

    async fn a_job_waits_while_the_vault_is_sealed(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        secret(&owner, "ci/token", TOKEN).await;
        owner.post("/api/v1/vault/seal", json!({})).await.expect(StatusCode::NO_CONTENT);
        let wanted = want(&owner, with_secret(json!({}))).await;
        owner.post("/api/v1/vault/unseal", json!({})).await.expect(StatusCode::NO_CONTENT);
        let mut sent = machine.sent().await;
        assert_eq!(brought(&mut sent).await.values[0].expose(), TOKEN);
        ends(&mut sent, 0).await;
        becomes(&server, &owner, &wanted, "succeeded").await;
    }

    async fn schedules_and_repetitions_have_variables_too(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        secret(&owner, "ci/token", TOKEN).await;
        let when = json!({"kind": "cron", "expression": "0 3 * * *"});
        let schedule = json!({"name": "nightly", "when": when, "job": with_secret(json!({"env": {"MODE": "night"}}))});
        let schedule = owner.post("/api/v1/job-schedules", schedule).await.expect(StatusCode::CREATED);
        assert_eq!(schedule["job"]["env"], json!({"MODE": "night"}));
        let run = format!("/api/v1/job-schedules/{}/run", text(&schedule, "id"));
        let fired = owner.post(&run, json!({})).await.expect(StatusCode::CREATED);
        let mut sent = machine.sent().await;
        assert_eq!((env(&sent, "MODE"), env(&sent, "DIWAN_JOB_ID")), ("night".into(), text(&fired, "id").into()));
        assert_eq!(brought(&mut sent).await.values[0].expose(), TOKEN);
        ends(&mut sent, 0).await;
        becomes(&server, &owner, &fired, "succeeded").await;
        let again = ask(&owner, &fired, "rerun", json!({"changes": {"env": {"MODE": "day"}}})).await.expect(StatusCode::CREATED);
        assert_eq!(again["secrets"], fired["secrets"], "what is not said stays");
        let mut sent = machine.sent().await;
        assert_eq!(env(&sent, "MODE"), "day");
        ends(&mut sent, 0).await;
        let over = becomes_so(&server, &owner, &again, |now| now["ended_at"].is_string()).await;
        assert_eq!((&over["state"], &over["rerun_of"]), (&json!("succeeded"), &fired["id"]));
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// What the database has of a job and of its commands.
async fn rows(server: &TestServer, job: &Value) -> Vec<u8> {
    let db = &server.product().db;
    let found = db.query_opt("SELECT spec, owner FROM job WHERE id = $1", params![text(job, "id")]).await;
    let found = found.expect("the database answers").expect("the job");
    let mut all: Vec<u8> =
        ["spec", "owner"].iter().flat_map(|name| found.get::<String>(name).expect(name).into_bytes()).collect();
    for row in db.query("SELECT variables, leases, signed FROM fleet_command", params![]).await.expect("commands") {
        for name in ["variables", "leases"] {
            all.extend(row.get::<String>(name).expect(name).into_bytes());
        }
        all.extend(row.get::<Vec<u8>>("signed").expect("what was sent"));
    }
    all
}
