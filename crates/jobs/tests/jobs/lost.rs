//! Machines that are lost with jobs on them.

use std::time::Duration;

use diwan_protocol::run::ToCommand;
use diwan_testkit::{Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::machine::{hear, say, verdict};
use super::{Machine, ask, becomes, job, look, text, want};
use diwan_protocol::run::{Decision, FromCommand};

/// Lets time pass until something is true of a job: when a machine is seen to be gone is nobody's moment.
async fn becomes_after(server: &TestServer, owner: &Person, job: &Value, is_so: impl Fn(&Value) -> bool) -> Value {
    loop {
        let now = look(owner, job).await;
        if is_so(&now) {
            return now;
        }
        server.advance(Duration::from_secs(1));
    }
}

on_every_backend! {
    async fn a_job_waits_for_its_machine_for_a_week(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        // A session would not last that long.
        let token = json!({"name": "ci", "scopes": ["jobs.run", "jobs.read"], "expires_in_days": 30});
        let token = owner.post("/api/v1/me/tokens", token).await.expect(StatusCode::CREATED);
        let owner = owner.with_token(text(&token, "secret"));
        let target = json!({"kind": "machine", "machine_id": machine.id()});
        let wanted = want(&owner, job(json!({"target": target}))).await;
        server.advance(Duration::from_secs(7 * 24 * 3600));
        assert_eq!(look(&owner, &wanted).await["waits_for"], "no_machine");
        // Its certificate is as old as that too, and still good for coming back.
        machine.connect(&server).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &wanted, "succeeded").await;
    }

    async fn a_job_goes_on_when_its_machine_comes_back(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, job(json!({}))).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        becomes(&server, &owner, &wanted, "running").await;
        drop(sent);
        machine.cut(&server).await;
        machine.connect(&server).await;
        let (follow, mut stream) = machine.followed().await;
        assert_eq!(follow.command, text(&look(&owner, &wanted).await, "command_id"));
        say(&mut stream, verdict(Decision::Allow)).await;
        say(&mut stream, FromCommand::Started(0)).await;
        say(&mut stream, crate::machine::ended(diwan_protocol::run::Outcome::Exited(0), 0, 0)).await;
        assert_eq!(becomes(&server, &owner, &wanted, "succeeded").await["attempt"], 1);
    }

    async fn f58_a_job_moves_to_another_machine_and_late_word_from_the_lost_one_counts_for_nothing(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut first = Machine::connected(&server, &owner, "first").await;
        let lost = json!({"policy": "move", "after_ms": 20_000});
        let wanted = want(&owner, job(json!({"lost": lost, "retry": {"delay_ms": 0}}))).await;
        let mut sent = first.sent().await;
        sent.begin().await;
        becomes(&server, &owner, &wanted, "running").await;
        drop(sent);
        first.cut(&server).await;
        let mut second = Machine::connected(&server, &owner, "second").await;
        let moved = becomes_after(&server, &owner, &wanted, |now| now["attempt"] == 2).await;
        assert_eq!(moved["attempts"][0]["reason"], "machine_lost");
        let mut moved = second.sent().await;
        let now = look(&owner, &wanted).await;
        assert_eq!((&now["attempt"], &now["machine_name"]), (&json!(2), &json!("second")));
        first.connect(&server).await;
        let (_, mut stream) = first.followed().await;
        assert_eq!(hear(&mut stream).await, ToCommand::Cancel, "the lost one is told to stop");
        say(&mut stream, verdict(Decision::Allow)).await;
        say(&mut stream, FromCommand::Started(0)).await;
        say(&mut stream, crate::machine::ended(diwan_protocol::run::Outcome::Exited(9), 0, 0)).await;
        moved.begin().await;
        moved.end(0, 0, 0).await;
        let over = becomes(&server, &owner, &wanted, "succeeded").await;
        assert_eq!(over["attempts"][0]["reason"], "machine_lost");
    }

    async fn whoever_cancels_a_job_need_not_wait_for_a_machine_that_is_away(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let key = json!({"key": "shop", "limit": 1});
        let wanted = want(&owner, job(json!({"concurrency": key}))).await;
        let behind = want(&owner, job(json!({"concurrency": key}))).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        becomes(&server, &owner, &wanted, "running").await;
        let there = ask(&owner, &wanted, "cancel?give_up=true", json!({})).await.expect(StatusCode::OK);
        assert_eq!(there["state"], "running", "its machine is there and can be told");
        assert_eq!(hear(&mut sent.stream).await, ToCommand::Cancel);
        drop(sent);
        machine.cut(&server).await;
        assert_eq!(ask(&owner, &wanted, "cancel", json!({})).await.expect(StatusCode::OK)["state"], "running");
        let over = ask(&owner, &wanted, "cancel?give_up=true", json!({})).await.expect(StatusCode::OK);
        assert_eq!((&over["state"], &over["reason"]), (&json!("cancelled"), &json!("given_up")));
        assert_eq!(look(&owner, &behind).await["waits_for"], "no_machine", "the key is free");
        machine.connect(&server).await;
        let (_, mut stream) = machine.followed().await;
        assert_eq!(hear(&mut stream).await, ToCommand::Cancel, "it is told to stop when it is back");
        say(&mut stream, verdict(Decision::Allow)).await;
        say(&mut stream, FromCommand::Started(0)).await;
        say(&mut stream, crate::machine::ended(diwan_protocol::run::Outcome::Exited(0), 0, 0)).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &behind, "succeeded").await;
        assert_eq!(look(&owner, &wanted).await["reason"], "given_up", "late word counts for nothing");
    }

    async fn a_job_fails_with_its_machine_if_it_wants(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, job(json!({"lost": {"policy": "fail", "after_ms": 5000}}))).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        becomes(&server, &owner, &wanted, "running").await;
        drop(sent);
        machine.cut(&server).await;
        let over = becomes_after(&server, &owner, &wanted, |now| now["state"] == "failed").await;
        assert_eq!(over["reason"], "machine_lost");
    }

    async fn f70_a_machine_that_is_put_out_leaves_nobody_waiting(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, job(json!({}))).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        becomes(&server, &owner, &wanted, "running").await;
        let revoked = owner.post(&format!("/api/v1/machines/{}/revoke", machine.id()), json!({})).await;
        assert!(revoked.status.is_success(), "{}", revoked.json);
        let over = becomes(&server, &owner, &wanted, "failed").await;
        assert_eq!(over["reason"], "unknown_outcome");
        assert_eq!(owner.get("/api/v1/jobs?phase=dead").await.expect(StatusCode::OK)["items"][0]["id"], wanted["id"]);
    }

    async fn what_waits_for_a_machine_that_is_put_out_comes_to_nothing(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let machine = Machine::joined(&server, &owner, "box", &[]).await;
        let there = json!({"kind": "machine", "machine_id": machine.id()});
        let wanted = want(&owner, job(json!({"target": there}))).await;
        let follows = want(&owner, job(json!({"after": [{"job_id": wanted["id"]}]}))).await;
        let when = json!({"kind": "cron", "expression": "0 3 1 1 *"});
        let yearly = json!({"name": "yearly", "when": when, "job": job(json!({"target": there}))});
        let schedule = owner.post("/api/v1/job-schedules", yearly.clone()).await.expect(StatusCode::CREATED);
        let revoked = owner.post(&format!("/api/v1/machines/{}/revoke", machine.id()), json!({})).await;
        assert!(revoked.status.is_success(), "{}", revoked.json);

        let over = becomes_after(&server, &owner, &wanted, |now| now["ended_at"].is_string()).await;
        assert_eq!((&over["state"], &over["reason"], &over["attempt"]), (&json!("failed"), &json!("machine_revoked"), &json!(0)));
        assert_eq!(look(&owner, &follows).await["reason"], "dependency_failed");
        assert_eq!(owner.get("/api/v1/jobs?phase=dead").await.expect(StatusCode::OK)["items"][0]["id"], wanted["id"]);

        // Nothing more is wanted there by anybody who can be told.
        let again = owner.post("/api/v1/jobs", job(json!({"target": there}))).await;
        let together = owner.post("/api/v1/jobs/batch", json!({"jobs": [job(json!({"target": there}))]})).await;
        let rerun = ask(&owner, &wanted, "rerun", json!({"changes": {}})).await;
        let planned = owner.post("/api/v1/job-schedules", yearly).await;
        for refused in [again, together, rerun, planned] {
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.json);
            assert_eq!(refused.json["errors"][0]["code"], "machine_unknown", "{}", refused.json);
        }
        let elsewhere = json!({"changes": {"target": {"kind": "any"}}});
        ask(&owner, &wanted, "rerun", elsewhere).await.expect(StatusCode::CREATED);
        // A schedule of before can still be changed, and what it wants comes to nothing as well.
        let path = format!("/api/v1/job-schedules/{}", text(&schedule, "id"));
        owner.patch(&path, json!({"name": "once a year"})).await.expect(StatusCode::OK);
        let run = owner.post(&format!("{path}/run"), json!({})).await.expect(StatusCode::CREATED);
        let over = becomes_after(&server, &owner, &run, |now| now["ended_at"].is_string()).await;
        assert_eq!(over["reason"], "machine_revoked");
    }
}
