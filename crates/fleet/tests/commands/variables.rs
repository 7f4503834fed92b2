//! Variables and secrets of commands: what a machine is brought, what is written down, what is lent and given back,
//! and that a value of a secret is nowhere but on its way.

use diwan_kernel::params;
use diwan_protocol::environment::{Brought, Environment};
use diwan_protocol::run::{Decision, FromCommand, Outcome, ToCommand};
use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Person, TestServer, files_below, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::machine::{Sent, ended, hear, say, verdict};
use super::{Machine, ask, audit, becomes, exec, look, run, text};

/// What must be found nowhere.
const TOKEN: &str = "canary-of-the-token-4711";
const KEY: &str = "canary-of-the-key\nin two lines";

async fn secret(person: &Person, name: &str, value: &str) {
    let wanted = json!({"name": name, "kind": "free", "value": value});
    person.post("/api/v1/secrets", wanted).await.expect(StatusCode::CREATED);
}

/// Somebody may read these secrets, for this purpose.
async fn allow(owner: &Person, (kind, subject): (&str, &str), secrets: &str, purposes: &[&str]) {
    let policy = json!({"name": format!("{subject} {secrets}"), "effect": "allow", "subject_kind": kind,
        "subject": subject, "secrets": secrets, "actions": ["read"], "purposes": purposes});
    owner.post("/api/v1/secret-policies", policy).await.expect(StatusCode::CREATED);
}

/// A program with a plain variable and these secrets.
fn with(machine: &str, secrets: &[(&str, &str)]) -> Value {
    let mut wanted = exec(machine, &["sh", "release.sh"]);
    wanted["env"] = json!({"CI": "true"});
    wanted["secrets"] = secrets.iter().map(|(env, secret)| json!({"env": env, "secret": secret})).collect();
    wanted
}

/// What was signed for a machine, and what came behind it.
async fn brought(sent: &mut Sent) -> (Environment, Option<Brought>) {
    let environment = sent.command.environment.clone().expect("variables");
    let brought = match environment.secret.is_some() {
        true => match hear(&mut sent.stream).await {
            ToCommand::Secrets(brought) => Some(brought),
            other => panic!("{other:?}"),
        },
        false => None,
    };
    (environment, brought)
}

on_every_backend! {
    async fn a_machine_is_brought_what_was_lent_for_it_and_it_is_given_back(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        machine.connect(&server).await;
        secret(&owner, "ci/token", TOKEN).await;
        secret(&owner, "ci/key", KEY).await;
        let command = run(&owner, with("box", &[("TOKEN", "ci/token"), ("KEY", "ci/key")])).await;
        let mut sent = machine.sent().await;
        let (environment, values) = brought(&mut sent).await;
        let (promised, values) = (environment.secret.expect("secrets"), values.expect("values"));
        assert_eq!((environment.plain[0].name.as_str(), environment.plain[0].value.as_str()), ("CI", "true"));
        assert_eq!(promised.names, ["TOKEN", "KEY"]);
        assert!(promised.is_kept_by(&values));
        assert_eq!(values.values.iter().map(|value| value.expose()).collect::<Vec<_>>(), [TOKEN, KEY]);
        sent.begin().await;
        let running = becomes(&server, &owner, &command, "running").await;
        assert_eq!(running["env"], json!({"CI": "true"}));
        assert_eq!(running["secrets"][1], json!({"env": "KEY", "secret": "ci/key"}));
        let lent = owner.leases().await;
        assert_eq!(lent.len(), 2);
        for lease in &lent {
            assert_eq!((&lease["holder_kind"], text(lease, "holder")), (&json!("machine"), machine.id().as_str()));
            assert_eq!((&lease["purpose"], &lease["ended_at"]), (&json!("exec"), &json!(null)));
        }
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &command, "ended").await;
        let over = server.leases_end(&owner).await;
        assert!(over.iter().all(|lease| lease["ended_why"] == "returned"), "{over:?}");
        let entry = &audit(&owner, "command.run").await[0];
        assert_eq!(entry["metadata"]["secrets"], json!(["ci/token", "ci/key"]));
        assert_eq!(entry["metadata"]["env"], json!(["CI"]));
        assert_eq!(audit(&owner, "secret.lend").await.len(), 2);
        // Another value has another salt: nobody sees that two are the same.
        run(&owner, with("box", &[("TOKEN", "ci/token"), ("KEY", "ci/key")])).await;
        let again = brought(&mut machine.sent().await).await;
        assert_ne!(again.0.secret.expect("secrets").digest, promised.digest);
    }

    async fn f130_a_secret_lies_nowhere_but_in_the_vault(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        machine.connect(&server).await;
        secret(&owner, "ci/token", TOKEN).await;
        let command = run(&owner, with("box", &[("TOKEN", "ci/token")])).await;
        let mut sent = machine.sent().await;
        let (_, values) = brought(&mut sent).await;
        let salt = values.expect("values").salt;
        sent.begin().await;
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &command, "ended").await;
        server.leases_end(&owner).await;
        for path in ["/api/v1/commands", "/api/v1/secret-leases", "/api/v1/audit", "/api/v1/secrets"] {
            let told = owner.get(path).await;
            assert!(!told.text.contains("canary"), "{path}: {}", told.text);
        }
        // Neither the value nor what it could be found out with by trying.
        let row = row_of(&server, &command).await;
        assert!(row.iter().any(|column| holds(column, b"ci/token")), "it is looked for in the right place");
        let kept = files_below(server.dir()).into_iter().chain([("the row of the command".to_owned(), row.concat())]);
        for (place, bytes) in kept {
            assert!(!holds(&bytes, b"canary-of"), "{place}");
            assert!(!holds(&bytes, &salt[..]), "{place}");
        }
    }

    async fn whoever_may_not_read_a_secret_gets_it_on_no_machine(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let admin = server.invite(&owner, "Adil", "admin").await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        machine.connect(&server).await;
        secret(&owner, "ci/token", TOKEN).await;
        secret(&owner, "ci/key", KEY).await;
        allow(&owner, ("role", "admin"), "ci/token", &["exec"]).await;
        // One of two is not enough: nothing is sent, and what was lent is given back.
        let refused = run(&admin, with("box", &[("TOKEN", "ci/token"), ("KEY", "ci/key")])).await;
        assert_eq!((&refused["state"], &refused["problem"]["code"]), (&json!("refused"), &json!("secret_denied")));
        assert!(text(&refused["problem"], "detail").contains("ci/key"));
        server.leases_end(&owner).await;
        let entry = &audit(&owner, "command.run").await[0];
        assert_eq!(entry["metadata"]["refused"], json!([format!("{}: secret_denied", machine.id())]));
        let unknown = run(&admin, with("box", &[("TOKEN", "ci/other")])).await;
        assert_eq!(unknown["problem"]["code"], "secret_unknown");
        // For something else it was not allowed either.
        let mut push = with("box", &[("TOKEN", "ci/token")]);
        push["operation"] = json!({"kind": "git.push", "root": "work"});
        assert_eq!(run(&admin, push.clone()).await["problem"]["code"], "secret_denied");
        // The machine may be allowed what the person is not, and what is denied to either is denied.
        allow(&owner, ("machine", &machine.id()), "ci/*", &["git.push"]).await;
        let command = run(&admin, push).await;
        let mut sent = machine.sent().await;
        assert_eq!(brought(&mut sent).await.1.expect("values").values[0].expose(), TOKEN);
        sent.begin().await;
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &command, "ended").await;
        let deny = json!({"name": "not there", "effect": "deny", "subject_kind": "machine", "subject": machine.id(),
            "secrets": "ci/token", "actions": ["read"]});
        owner.post("/api/v1/secret-policies", deny).await.expect(StatusCode::CREATED);
        let denied = run(&owner, with("box", &[("TOKEN", "ci/token")])).await;
        assert_eq!(denied["problem"]["code"], "secret_denied");
    }

    async fn a_bridge_that_is_too_old_is_told_apart_before_anything_is_sent(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "old", &[]).await;
        machine.connect_with(&server, |hello| hello.abilities = None).await;
        secret(&owner, "ci/token", TOKEN).await;
        let refused = run(&owner, with("old", &[("TOKEN", "ci/token")])).await;
        assert_eq!((&refused["state"], &refused["problem"]["code"]), (&json!("refused"), &json!("bridge_too_old")));
        assert_eq!(owner.leases().await.len(), 0, "nothing was lent");
        // Without variables it is as before.
        run(&owner, exec("old", &["true"])).await;
        assert_eq!(machine.sent().await.command.environment, None);
    }

    async fn what_cannot_be_meant_is_refused_and_so_is_whoever_may_use_no_secrets(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        machine.connect(&server).await;
        let mut denied = with("box", &[]);
        denied["env"] = json!({"LD_PRELOAD": "x"});
        assert_eq!(owner.post("/api/v1/commands", denied).await.problem(), "fields_invalid");
        let mut service = with("box", &[]);
        service["operation"] = json!({"kind": "service.restart", "service": "nginx"});
        assert_eq!(owner.post("/api/v1/commands", service).await.problem(), "fields_invalid");
        let proof = json!({"method": "password", "secret": PASSWORD});
        owner.post("/api/v1/auth/step-up", proof).await.expect(StatusCode::OK);
        let token = json!({"name": "ci", "scopes": ["commands.run"], "expires_in_days": 1});
        let token = owner.post("/api/v1/me/tokens", token).await.expect(StatusCode::CREATED);
        let wanted = with("box", &[("TOKEN", "ci/token")]);
        let answer = owner.with_token(text(&token, "secret")).post("/api/v1/commands", wanted).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
    }

    async fn a_command_that_waits_is_lent_its_secrets_when_its_machine_comes(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        secret(&owner, "ci/token", "the-value-before").await;
        let mut wanted = with("box", &[("TOKEN", "ci/token")]);
        wanted["wait_s"] = json!(3600);
        let command = run(&owner, wanted.clone()).await;
        let gone = {
            wanted["secrets"][0]["secret"] = json!("ci/gone");
            run(&owner, wanted).await
        };
        assert_eq!((&command["state"], owner.leases().await.len()), (&json!("waiting"), 0));
        let found = owner.get("/api/v1/secrets").await.expect(StatusCode::OK);
        let versions = format!("/api/v1/secrets/{}/versions", text(&found["items"][0], "id"));
        owner.post(&versions, json!({"value": TOKEN})).await.expect(StatusCode::CREATED);
        machine.connect(&server).await;
        let mut sent = machine.sent().await;
        assert_eq!(sent.command.id, text(&command, "id"));
        assert_eq!(brought(&mut sent).await.1.expect("values").values[0].expose(), TOKEN, "the one that is current now");
        let refused = becomes(&server, &owner, &gone, "refused").await;
        assert_eq!(refused["problem"]["code"], "secret_unknown");
        let entry = audit(&owner, "command.send").await[0].clone();
        assert_eq!(entry["metadata"]["secrets"], json!(["ci/token"]));
    }

    async fn whoever_may_use_no_secrets_any_more_gets_none_for_what_waits(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let (demoted, disabled) = (server.invite(&owner, "Amina", "admin").await, server.invite(&owner, "Badr", "admin").await);
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        secret(&owner, "ci/token", TOKEN).await;
        // Even where the machine alone would be enough.
        allow(&owner, ("machine", &machine.id()), "ci/*", &[]).await;
        let mut commands = vec![];
        for (person, change) in [(demoted, json!({"role": "viewer"})), (disabled, json!({"status": "disabled"}))] {
            let mut wanted = with("box", &[("TOKEN", "ci/token")]);
            wanted["wait_s"] = json!(3600);
            commands.push(run(&person, wanted).await);
            let me = person.get("/api/v1/me").await.expect(StatusCode::OK);
            let path = format!("/api/v1/users/{}", text(&me["user"], "id"));
            owner.patch(&path, change).await.expect(StatusCode::OK);
        }
        machine.connect(&server).await;
        for command in &commands {
            let refused = becomes(&server, &owner, command, "refused").await;
            assert_eq!(refused["problem"]["code"], "secret_denied");
        }
        assert_eq!(owner.leases().await.len(), 0, "nothing was lent");
    }

    async fn a_sealed_vault_is_waited_for_by_whoever_can_wait(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        machine.connect(&server).await;
        secret(&owner, "ci/token", TOKEN).await;
        owner.post("/api/v1/vault/seal", json!({})).await.expect(StatusCode::NO_CONTENT);
        let mut wanted = with("box", &[("TOKEN", "ci/token")]);
        assert_eq!(owner.post("/api/v1/commands", wanted.clone()).await.problem(), "vault_sealed");
        wanted["wait_s"] = json!(3600);
        let command = run(&owner, wanted).await;
        assert_eq!((&command["state"], &command["problem"]), (&json!("waiting"), &json!(null)));
        owner.post("/api/v1/vault/unseal", json!({})).await.expect(StatusCode::NO_CONTENT);
        let mut sent = machine.sent().await;
        assert_eq!(sent.command.id, text(&command, "id"));
        assert_eq!(brought(&mut sent).await.1.expect("values").values[0].expose(), TOKEN);
    }

    async fn what_never_arrived_gives_back_what_was_lent_for_it(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        machine.connect(&server).await;
        secret(&owner, "ci/token", TOKEN).await;
        let command = run(&owner, with("box", &[("TOKEN", "ci/token")])).await;
        drop(machine.sent().await);
        machine.cut(&server).await;
        machine.connect_with(&server, |hello| hello.seen = 0).await;
        let (_, mut stream) = machine.followed().await;
        say(&mut stream, ended(Outcome::Forgotten, 0, 0)).await;
        let over = becomes(&server, &owner, &command, "refused").await;
        assert_eq!(over["problem"]["code"], "never_arrived");
        assert_eq!(server.leases_end(&owner).await.len(), 1);
    }

    async fn a_yes_sends_the_same_variables_and_secrets_are_lent_to_whoever_wanted_it(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let admin = server.invite(&owner, "Adil", "admin").await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        machine.connect(&server).await;
        secret(&owner, "ci/token", TOKEN).await;
        allow(&owner, ("role", "admin"), "ci/*", &["exec"]).await;
        let command = run(&admin, with("box", &[("TOKEN", "ci/token")])).await;
        let mut sent = machine.sent().await;
        brought(&mut sent).await;
        say(&mut sent.stream, verdict(Decision::Ask)).await;
        say(&mut sent.stream, ended(Outcome::NotStarted("somebody else".into()), 0, 0)).await;
        let asking = becomes(&server, &owner, &command, "needs_approval").await;
        assert_eq!(asking["secrets"], json!([{"env": "TOKEN", "secret": "ci/token"}]));
        server.leases_end(&owner).await;
        let again = ask(&owner, &command, "approve", json!({})).await.expect(StatusCode::CREATED);
        let mut sent = machine.sent().await;
        assert_eq!(brought(&mut sent).await.1.expect("values").values[0].expose(), TOKEN);
        say(&mut sent.stream, verdict(Decision::Ask)).await;
        say(&mut sent.stream, FromCommand::Started(sent.command.issued_ms)).await;
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &again, "ended").await;
        assert_eq!(look(&owner, &again).await["env"], json!({"CI": "true"}));
        assert_eq!(audit(&owner, "command.approve").await[0]["metadata"]["secrets"], json!(["ci/token"]));
    }

    async fn what_was_lost_is_repeated_with_what_it_was_given(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        machine.connect(&server).await;
        secret(&owner, "ci/token", TOKEN).await;
        let mut wanted = with("box", &[("TOKEN", "ci/token")]);
        wanted["retry_safe"] = json!(true);
        let command = run(&owner, wanted).await;
        let mut sent = machine.sent().await;
        brought(&mut sent).await;
        sent.begin().await;
        say(&mut sent.stream, ended(Outcome::Unknown, 0, 0)).await;
        becomes(&server, &owner, &command, "unknown").await;
        let mut again = machine.sent().await;
        assert_ne!(again.command.id, text(&command, "id"));
        assert_eq!(brought(&mut again).await.1.expect("values").values[0].expose(), TOKEN);
        again.begin().await;
        again.end(0, 0, 0).await;
        machine.forgets(&again.command.id).await;
        server.leases_end(&owner).await;
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// What the database has of a command that could hold what it was given.
async fn row_of(server: &TestServer, command: &Value) -> Vec<Vec<u8>> {
    let sql = "SELECT operation, variables, leases, actor, signed FROM fleet_command WHERE id = $1";
    let row = server.product().db.query_opt(sql, params![text(command, "id")]).await;
    let row = row.expect("the database answers").expect("the command");
    let texts =
        ["operation", "variables", "leases", "actor"].map(|name| row.get::<String>(name).expect(name).into_bytes());
    texts.into_iter().chain([row.get::<Vec<u8>>("signed").expect("what was sent")]).collect()
}
