//! Commands for which a machine wants the yes of somebody else.

use diwan_protocol::run::Decision;
use diwan_testkit::{Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::machine::{say, verdict};
use super::{Machine, ask, audit, becomes, exec, look, run, text};

/// A command that waits for somebody's yes.
async fn asked_for(server: &TestServer, person: &Person, machine: &mut Machine) -> Value {
    let begun = run(person, exec(&machine.name.clone(), &["git", "push"])).await;
    let mut sent = machine.sent().await;
    assert_eq!(sent.command.approval, None);
    say(&mut sent.stream, verdict(Decision::Ask)).await;
    becomes(server, person, &begun, "needs_approval").await
}

on_every_backend! {
    async fn somebody_else_says_yes_and_the_machine_is_told_so(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Dalia", "developer").await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let first = asked_for(&server, &developer, &mut machine).await;
        assert_eq!((&first["verdict"]["decision"], &first["verdict"]["rule"]), (&json!("ask"), &json!("git-status")));
        let approved = ask(&owner, &first, "approve", json!({})).await.expect(StatusCode::CREATED);
        let mut sent = machine.sent().await;
        let approval = sent.command.approval.clone().expect("a yes");
        assert_eq!((approval.by.name.as_str(), sent.command.actor.name.as_str()), ("Omar", "Dalia"));
        // The policy still says that it asks; with the yes it goes on.
        say(&mut sent.stream, verdict(Decision::Ask)).await;
        say(&mut sent.stream, diwan_protocol::run::FromCommand::Started(sent.command.issued_ms)).await;
        sent.end(0, 0, 0).await;
        let over = becomes(&server, &developer, &approved, "ended").await;
        assert_eq!((&over["exit_code"], &over["batch_id"]), (&json!(0), &first["batch_id"]));
        assert_eq!((&over["approval"]["by"]["name"], &over["approval"]["of"]), (&json!("Omar"), &first["id"]));
        assert_eq!(look(&owner, &first).await["approved_as"], approved["id"]);
        let entry = &audit(&owner, "command.approve").await[0];
        assert_eq!((&entry["resource"]["id"], &entry["metadata"]["approval"]), (&first["id"], &json!(approval.id)));
        let again = ask(&owner, &first, "approve", json!({})).await;
        assert_eq!((again.status, again.problem()), (StatusCode::CONFLICT, "nothing_to_approve"));
    }

    async fn nobody_approves_what_they_want_themselves(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let first = asked_for(&server, &owner, &mut machine).await;
        let refused = ask(&owner, &first, "approve", json!({})).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "own_command"));
        let developer = server.invite(&owner, "Dalia", "developer").await;
        assert_eq!(ask(&developer, &first, "approve", json!({})).await.problem(), "not_allowed");
        let entry = &audit(&owner, "command.approve").await[0];
        assert_eq!((&entry["outcome"], &entry["error"]), (&json!("denied"), &json!("own_command")));
        assert_eq!(look(&owner, &first).await["approved_as"], json!(null));
    }

    async fn a_token_is_no_other_person_than_its_owner_and_says_no_yes(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let admin = server.invite(&owner, "Adil", "admin").await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let body = json!({"name": "automation", "scopes": ["commands.run", "machines.manage"]});
        let token = owner.post("/api/v1/me/tokens", body).await;
        let token = token.expect(StatusCode::CREATED);
        let automation = owner.with_token(text(&token, "secret"));
        let first = asked_for(&server, &automation, &mut machine).await;
        assert_eq!(ask(&owner, &first, "approve", json!({})).await.problem(), "own_command");
        assert_eq!(ask(&automation, &first, "approve", json!({})).await.problem(), "session_required");
        ask(&admin, &first, "approve", json!({})).await.expect(StatusCode::CREATED);
        machine.sent().await;
    }

    async fn one_yes_of_many_at_once_counts(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Dalia", "developer").await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let first = asked_for(&server, &developer, &mut machine).await;
        let all = futures::future::join_all((0..8).map(|_| ask(&owner, &first, "approve", json!({})))).await;
        let created = all.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
        assert_eq!(created, 1, "{all:?}");
        machine.sent().await;
    }

    async fn a_yes_that_comes_too_late_is_none(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let developer = server.invite(&owner, "Dalia", "developer").await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let first = asked_for(&server, &developer, &mut machine).await;
        server.advance(std::time::Duration::from_secs(3601));
        // The cookie is due for its next value.
        look(&owner, &first).await;
        let body = json!({"method": "password", "secret": diwan_testkit::server::PASSWORD});
        owner.post("/api/v1/auth/step-up", body).await.expect(StatusCode::OK);
        let late = ask(&owner, &first, "approve", json!({})).await;
        assert_eq!((late.status, late.problem()), (StatusCode::CONFLICT, "approval_too_late"));
    }
}
