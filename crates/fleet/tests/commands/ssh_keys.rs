//! SSH keys of the vault on machines: what is asked of a machine, in which order, and what is not.

use diwan_protocol::Operation;
use diwan_protocol::command::SshKey;
use diwan_protocol::run::{Decision, FromCommand, Outcome};
use diwan_testkit::{Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::machine::{Sent, ended, piece, say, verdict};
use super::{Machine, ask, audit, exec, text};

/// Makes a secret that is an SSH key.
async fn key_in_vault(person: &Person, name: &str) -> Value {
    let wanted = json!({"name": name, "kind": "ssh_key", "generate": {}, "overlap_hours": 0});
    person.post("/api/v1/secrets", wanted).await.expect(StatusCode::CREATED)
}

async fn rotate(person: &Person, secret: &Value) -> Value {
    person.post(&format!("/api/v1/secrets/{}/rotate", text(secret, "id")), json!({})).await.expect(StatusCode::CREATED)
}

fn place(machine: &Machine) -> String {
    format!("/api/v1/machines/{}/ssh-keys", machine.id())
}

async fn add(person: &Person, machine: &Machine, secret: &str) -> Value {
    let wanted = json!({"secret": secret, "user": "deploy", "port": 2222});
    person.post(&place(machine), wanted).await.expect(StatusCode::CREATED)
}

async fn keys(person: &Person, machine: &Machine) -> Vec<Value> {
    let found = person.get(&place(machine)).await.expect(StatusCode::OK);
    found["items"].as_array().expect("items").clone()
}

/// Waits until the only key of a machine is so. The feed says when to look.
async fn key_becomes(server: &TestServer, person: &Person, machine: &Machine, is: impl Fn(&Value) -> bool) -> Value {
    let mut feed = server.product().events.listen(None).receiver;
    loop {
        if let Some(key) = keys(person, machine).await.into_iter().find(|key| is(key)) {
            return key;
        }
        feed.recv().await.expect("the feed goes on");
    }
}

/// The next step that the machine is asked for, in a word with its version.
async fn asked(machine: &mut Machine) -> (String, Sent) {
    let sent = machine.sent().await;
    let Operation::SshKey(wanted) = &sent.command.operation else { panic!("{:?}", sent.command.operation) };
    let step = match wanted {
        SshKey::Install(line) => format!("install {}", line.version),
        SshKey::Prove { line, port } => format!("prove {} at {port}", line.version),
        SshKey::Remove(line) => format!("remove {}", line.version),
    };
    assert_eq!((wanted.line().user.as_str(), sent.command.retry_safe), ("deploy", false));
    (step, sent)
}

/// It ends like this, and the machine hears that this is written down.
async fn ends(machine: &mut Machine, mut sent: Sent, (status, errors): (i32, u64)) {
    sent.end(status, 0, errors).await;
    machine.forgets(&sent.command.id).await;
}

/// The machine is asked for this next, and does it.
async fn does(machine: &mut Machine, wanted: &str) {
    let (step, mut sent) = asked(machine).await;
    assert_eq!(step, wanted);
    sent.begin().await;
    ends(machine, sent, (0, 0)).await;
}

/// The machine is asked for this next, and ends it with this status and these words.
async fn fails(machine: &mut Machine, wanted: &str, status: i32, words: &str) {
    let (step, mut sent) = asked(machine).await;
    assert_eq!(step, wanted);
    sent.begin().await;
    say(&mut sent.stream, piece(2, 0, words.as_bytes())).await;
    ends(machine, sent, (status, words.len() as u64)).await;
}

fn in_place(version: i64) -> impl Fn(&Value) -> bool {
    move |key| key["state"] == "in_place" && key["versions"][0]["version"] == version
}

on_every_backend! {
    async fn a_key_is_put_there_proven_and_rotated_and_the_old_one_goes_last(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let secret = key_in_vault(&owner, "ssh/deploy").await;
        let key = add(&owner, &machine, "ssh/deploy").await;
        assert_eq!((&key["state"], &key["secret_id"]), (&json!("pending"), &secret["id"]));
        let (step, mut sent) = asked(&mut machine).await;
        assert_eq!((step.as_str(), sent.command.actor.name.as_str()), ("install 1", "Omar"));
        let Operation::SshKey(wanted) = &sent.command.operation else { panic!("a key") };
        assert_eq!(wanted.line().key, text(&secret["facts"], "public_key"));
        assert_eq!(wanted.line().secret, text(&secret, "id"));
        sent.begin().await;
        ends(&mut machine, sent, (0, 0)).await;
        does(&mut machine, "prove 1 at 2222").await;
        key_becomes(&server, &owner, &machine, in_place(1)).await;
        rotate(&owner, &secret).await;
        does(&mut machine, "install 2").await;
        let both = key_becomes(&server, &owner, &machine, |key| key["versions"][1]["installed_at"].is_string()).await;
        assert_eq!(both["state"], "rotating");
        does(&mut machine, "prove 2 at 2222").await;
        does(&mut machine, "remove 1").await;
        key_becomes(&server, &owner, &machine, in_place(2)).await;
        for (action, times) in [("add", 1), ("install", 2), ("prove", 2), ("take_away", 1)] {
            let entries = audit(&owner, &format!("machine_ssh_key.{action}")).await;
            assert_eq!(entries.len(), times, "{action}");
            assert_eq!((&entries[0]["resource"]["id"], &entries[0]["metadata"]["user"]), (&key["id"], &json!("deploy")));
        }
    }

    async fn as_long_as_the_new_one_is_not_proven_the_old_one_stays_on_the_machine_and_in_the_vault(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let secret = key_in_vault(&owner, "ssh/deploy").await;
        let key = add(&owner, &machine, "ssh/deploy").await;
        does(&mut machine, "install 1").await;
        does(&mut machine, "prove 1 at 2222").await;
        rotate(&owner, &secret).await;
        does(&mut machine, "install 2").await;
        fails(&mut machine, "prove 2 at 2222", 21, "no SSH server answers\u{1b}[2J").await;
        let stuck = key_becomes(&server, &owner, &machine, |key| key["state"] == "attention").await;
        assert_eq!(stuck["problem"]["code"], "ssh_server_absent");
        assert_eq!(stuck["problem"]["detail"], "no SSH server answers\u{fffd}[2J");
        assert!(stuck["versions"][0]["proven_at"].is_string() && stuck["versions"][1]["proven_at"].is_null());
        let concerns = owner.get("/api/v1/status").await.expect(StatusCode::OK);
        assert!(concerns.to_string().contains("ssh_key_troubled"), "{concerns}");
        // Another rotation, and the third version is proven while nobody knows the second.
        rotate(&owner, &secret).await;
        does(&mut machine, "install 3").await;
        let versions = format!("/api/v1/secrets/{}/versions", text(&secret, "id"));
        server.recorded("secret.keep_usable", 1).await;
        let versions = owner.get(&versions).await.expect(StatusCode::OK);
        let first = versions["items"].as_array().expect("items").iter().find(|v| v["version"] == 1).cloned();
        assert_eq!(first.expect("the first")["state"], "overlapping", "without an overlap it would have been over");
        fails(&mut machine, "prove 3 at 2222", 20, "the line is not there").await;
        key_becomes(&server, &owner, &machine, |key| key["problem"]["code"] == "ssh_key_place").await;
        let check = format!("{}/{}/check", place(&machine), text(&key, "id"));
        owner.post(&check, json!({})).await.expect(StatusCode::OK);
        does(&mut machine, "install 3").await;
        does(&mut machine, "prove 3 at 2222").await;
        does(&mut machine, "remove 1").await;
        does(&mut machine, "remove 2").await;
        key_becomes(&server, &owner, &machine, in_place(3)).await;
    }

    async fn b04_a_machine_that_is_away_is_seen_to_when_it_is_back(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        let secret = key_in_vault(&owner, "ssh/deploy").await;
        let key = add(&owner, &machine, text(&secret, "id")).await;
        machine.connect(&server).await;
        does(&mut machine, "install 1").await;
        does(&mut machine, "prove 1 at 2222").await;
        key_becomes(&server, &owner, &machine, in_place(1)).await;
        machine.cut(&server).await;
        rotate(&owner, &secret).await;
        let mut feed = server.product().events.listen(None).receiver;
        let path = format!("{}/{}", place(&machine), text(&key, "id"));
        let going = owner.delete(&path).await.expect(StatusCode::OK);
        assert_eq!((&going["state"], &going["versions"][0]["version"]), (&json!("removing"), &json!(1)));
        assert_eq!(owner.post(&format!("{path}/check"), json!({})).await.problem(), "ssh_key_going");
        machine.connect(&server).await;
        does(&mut machine, "remove 1").await;
        while !keys(&owner, &machine).await.is_empty() {
            feed.recv().await.expect("the feed goes on");
        }
        assert_eq!(audit(&owner, "machine_ssh_key.gone").await.len(), 1);
    }

    async fn what_is_being_taken_away_can_be_wanted_again(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        key_in_vault(&owner, "ssh/deploy").await;
        let key = add(&owner, &machine, "ssh/deploy").await;
        let wanted = json!({"secret": "ssh/deploy", "user": "deploy"});
        assert_eq!(owner.post(&place(&machine), wanted).await.problem(), "ssh_key_exists");
        owner.delete(&format!("{}/{}", place(&machine), text(&key, "id"))).await.expect(StatusCode::OK);
        let again = add(&owner, &machine, "ssh/deploy").await;
        assert_eq!((&again["id"], &again["state"], &again["removed_at"]), (&key["id"], &json!("pending"), &json!(null)));
        machine.connect(&server).await;
        does(&mut machine, "install 1").await;
        does(&mut machine, "prove 1 at 2222").await;
    }

    async fn where_the_policy_asks_somebody_else_says_yes_and_where_it_denies_that_is_told(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let admin = server.invite(&owner, "Adil", "admin").await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        key_in_vault(&owner, "ssh/deploy").await;
        add(&admin, &machine, "ssh/deploy").await;
        let (step, mut sent) = asked(&mut machine).await;
        assert_eq!((step.as_str(), sent.command.actor.name.as_str()), ("install 1", "Adil"));
        say(&mut sent.stream, verdict(Decision::Ask)).await;
        let waits = key_becomes(&server, &owner, &machine, |key| key["asked_as"].is_string()).await;
        assert_eq!(waits["problem"]["code"], "approval_needed");
        let command = json!({"id": waits["asked_as"]});
        assert_eq!(ask(&admin, &command, "approve", json!({})).await.problem(), "own_command");
        ask(&owner, &command, "approve", json!({})).await.expect(StatusCode::CREATED);
        let (step, mut sent) = asked(&mut machine).await;
        assert_eq!((step.as_str(), sent.command.approval.is_some()), ("install 1", true));
        say(&mut sent.stream, verdict(Decision::Ask)).await;
        say(&mut sent.stream, FromCommand::Started(sent.command.issued_ms)).await;
        ends(&mut machine, sent, (0, 0)).await;
        let (step, mut sent) = asked(&mut machine).await;
        assert_eq!(step, "prove 1 at 2222");
        say(&mut sent.stream, verdict(Decision::Deny)).await;
        let denied = key_becomes(&server, &owner, &machine, |key| key["problem"]["code"] == "ssh_key_denied").await;
        assert_eq!(denied["problem"]["detail"], "no rule speaks of it");
        let path = format!("{}/{}?forget=true", place(&machine), text(&denied, "id"));
        assert_eq!(owner.delete(&path).await.expect(StatusCode::OK)["state"], "removing");
        assert!(keys(&owner, &machine).await.is_empty());
    }

    async fn what_the_policy_denied_was_never_there_and_goes_without_a_word(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        key_in_vault(&owner, "ssh/deploy").await;
        let key = add(&owner, &machine, "ssh/deploy").await;
        let (step, mut sent) = asked(&mut machine).await;
        assert_eq!(step, "install 1");
        say(&mut sent.stream, verdict(Decision::Deny)).await;
        say(&mut sent.stream, ended(Outcome::NotStarted("no".into()), 0, 0)).await;
        let denied = key_becomes(&server, &owner, &machine, |key| key["problem"]["code"] == "ssh_key_denied").await;
        assert_eq!(denied["versions"], json!([]));
        let mut feed = server.product().events.listen(None).receiver;
        owner.delete(&format!("{}/{}", place(&machine), text(&key, "id"))).await.expect(StatusCode::OK);
        while !keys(&owner, &machine).await.is_empty() {
            feed.recv().await.expect("the feed goes on");
        }
    }

    async fn f79_keys_are_for_those_who_may_and_nothing_else_is_put_there(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Dalia", "developer").await;
        let machine = Machine::joined(&server, &owner, "box", &[]).await;
        key_in_vault(&owner, "ssh/deploy").await;
        owner.post("/api/v1/secrets", json!({"name": "word", "kind": "free", "value": "canary"})).await.expect(StatusCode::CREATED);
        let wanted = |secret: &str, user: &str| json!({"secret": secret, "user": user});
        assert_eq!(developer.post(&place(&machine), wanted("ssh/deploy", "deploy")).await.problem(), "not_allowed");
        assert_eq!(developer.get(&place(&machine)).await.problem(), "not_allowed");
        for (secret, user, status) in [
            ("word", "deploy", StatusCode::UNPROCESSABLE_ENTITY),
            ("nothing", "deploy", StatusCode::NOT_FOUND),
            ("ssh/deploy", "-oProxyCommand=id", StatusCode::UNPROCESSABLE_ENTITY),
            ("ssh/deploy", "../root", StatusCode::UNPROCESSABLE_ENTITY),
            ("ssh/deploy", "a\nb", StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            assert_eq!(owner.post(&place(&machine), wanted(secret, user)).await.status, status, "{secret} {user:?}");
        }
        let rule = json!({"name": "no", "effect": "deny", "subject_kind": "role", "subject": "admin", "secrets": "ssh/**", "actions": ["rotate"]});
        let admin = server.invite(&owner, "Adil", "admin").await;
        owner.post("/api/v1/secret-policies", rule).await.expect(StatusCode::CREATED);
        let denied = admin.post(&place(&machine), wanted("ssh/deploy", "deploy")).await;
        assert_eq!((denied.status, denied.problem()), (StatusCode::FORBIDDEN, "secret_denied"));
        let mut by_hand = exec("box", &["true"]);
        by_hand["operation"] = json!({"kind": "ssh_key.install", "user": "root", "secret": "sec_1", "version": 1,
            "key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"});
        let refused = owner.post("/api/v1/commands", by_hand).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.json["errors"][0]["code"], "not_by_hand");
        assert!(keys(&owner, &machine).await.is_empty());
    }

    async fn a_key_that_was_edited_in_the_database_is_put_nowhere(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        let [first, second] = [key_in_vault(&owner, "ssh/deploy").await, key_in_vault(&owner, "ssh/other").await];
        add(&owner, &machine, "ssh/deploy").await;
        add(&owner, &machine, "ssh/other").await;
        let theirs = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
        let mut facts = first["facts"].clone();
        facts["public_key"] = json!(theirs);
        let db = &server.product().db;
        let mut tx = db.begin(&diwan_kernel::Ctx::system(db.world(), "test")).await.expect("a unit");
        let sql = "UPDATE vault_secret SET facts = $1 WHERE name = 'ssh/deploy'";
        tx.execute(sql, diwan_kernel::params![facts]).await.expect("edited");
        tx.commit_unrecorded(diwan_kernel::db::Unrecorded::Bookkeeping).await.expect("committed");
        machine.connect(&server).await;
        let (step, sent) = asked(&mut machine).await;
        let Operation::SshKey(wanted) = &sent.command.operation else { panic!("a key") };
        assert_eq!((step.as_str(), wanted.line().secret.as_str()), ("install 1", text(&second, "id")), "the sound one only");
        let stuck = key_becomes(&server, &owner, &machine, |key| key["state"] == "attention").await;
        assert_eq!((&stuck["secret_id"], &stuck["problem"]["code"]), (&first["id"], &json!("ssh_key_failed")));
    }
}
