//! What people do to jobs that are there.

use diwan_protocol::run::{Outcome, ToCommand};
use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::machine::{ended, hear, say};
use super::{Machine, ask, audit, becomes, becomes_so, job, look, text, want};

on_every_backend! {
    async fn f51_a_job_that_waits_is_cancelled_at_once_and_one_that_runs_when_it_has_stopped(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let waiting = want(&owner, job(json!({}))).await;
        let over = ask(&owner, &waiting, "cancel", json!({})).await.expect(StatusCode::OK);
        assert_eq!((&over["state"], &over["reason"], &over["dead_at"]), (&json!("cancelled"), &json!("cancelled"), &json!(null)));
        let twice = ask(&owner, &waiting, "cancel", json!({})).await;
        assert_eq!((twice.status, twice.problem()), (StatusCode::CONFLICT, "job_over"));
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let running = want(&owner, job(json!({"retry": {"attempts": 5, "delay_ms": 0}}))).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        becomes(&server, &owner, &running, "running").await;
        let asked = ask(&owner, &running, "cancel", json!({})).await.expect(StatusCode::OK);
        assert_eq!((&asked["state"], asked["cancel_asked_at"].is_string()), (&json!("running"), true));
        assert_eq!(hear(&mut sent.stream).await, ToCommand::Cancel);
        say(&mut sent.stream, ended(Outcome::Cancelled, 0, 0)).await;
        let over = becomes(&server, &owner, &running, "cancelled").await;
        assert_eq!(over["attempt"], 1, "it is not tried again");
        assert_eq!(audit(&owner, "job.cancel").await.len(), 2);
    }

    async fn f51_what_succeeds_while_it_is_cancelled_has_succeeded(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, job(json!({}))).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        becomes(&server, &owner, &wanted, "running").await;
        ask(&owner, &wanted, "cancel", json!({})).await.expect(StatusCode::OK);
        sent.end(0, 0, 0).await;
        assert_eq!(becomes(&server, &owner, &wanted, "succeeded").await["exit_code"], 0);
    }

    async fn a_job_is_wanted_once_more_with_changes(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let first = want(&owner, job(json!({"priority": 3, "idempotency_key": "once"}))).await;
        let changes = json!({"changes": {"priority": -2, "queue": "slow"}});
        let second = ask(&owner, &first, "rerun", changes).await.expect(StatusCode::CREATED);
        assert_eq!((&second["priority"], &second["queue"], &second["rerun_of"]), (&json!(-2), &json!("slow"), &first["id"]));
        assert_eq!((&second["idempotency_key"], &second["operation"]), (&json!(null), &first["operation"]));
        for bad in [json!({"priority": 99}), json!({"colour": "red"}), json!({"operation": {"kind": "nonsense"}})] {
            let refused = ask(&owner, &first, "rerun", json!({"changes": bad})).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.json);
        }
        drop(server);
    }

    async fn when_it_may_begin_does_not_make_it_another_wish(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let at = |hour: u8| job(json!({"idempotency_key": "once", "not_before": format!("2099-01-01T{hour:02}:00:00Z")}));
        let first = want(&owner, at(1)).await;
        let again = owner.post("/api/v1/jobs", at(2)).await.expect(StatusCode::OK);
        assert_eq!((&again["id"], &again["due_at"]), (&first["id"], &first["due_at"]));
        drop(server);
    }

    async fn what_somebody_wanted_who_was_turned_off_is_not_done(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let dana = server.invite(&owner, "dana", "developer").await;
        let wanted = want(&dana, job(json!({}))).await;
        let me = dana.get("/api/v1/me").await.expect(StatusCode::OK);
        let user = format!("/api/v1/users/{}", text(&me["user"], "id"));
        owner.patch(&user, json!({"status": "disabled"})).await.expect(StatusCode::OK);
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let over = becomes(&server, &owner, &wanted, "failed").await;
        assert_eq!((&over["reason"], &over["attempt"]), (&json!("owner_gone"), &json!(0)));
        let own = want(&owner, job(json!({}))).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &own, "succeeded").await;
    }

    async fn a_job_is_not_shown_by_wanting_another_like_it(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let dana = server.invite(&owner, "dana", "developer").await;
        let token = dana.post("/api/v1/me/tokens", json!({"name": "ci", "scopes": ["jobs.run"]})).await;
        let blind = dana.with_token(text(&token.expect(StatusCode::CREATED), "secret"));
        let own = want(&blind, job(json!({}))).await;
        ask(&blind, &own, "rerun", json!({})).await.expect(StatusCode::CREATED);
        let wanted = want(&owner, job(json!({}))).await;
        assert_eq!(ask(&blind, &wanted, "rerun", json!({})).await.status, StatusCode::FORBIDDEN);
        ask(&dana, &wanted, "rerun", json!({})).await.expect(StatusCode::CREATED);
        drop(server);
    }

    async fn labels_are_told_apart_by_large_and_small_letters(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let overdue = |label: &str| job(json!({"labels": {"env": label}, "queue_timeout_ms": 1}));
        let (large, small) = (want(&owner, overdue("Prod")).await, want(&owner, overdue("prod")).await);
        for dead in [&large, &small] {
            becomes(&server, &owner, dead, "expired").await;
        }
        let those = json!({"filter": {"label": "env=Prod"}});
        let done = owner.post("/api/v1/job-dead-letters/dismiss", those).await.expect(StatusCode::OK);
        assert_eq!(done["dismissed"], 1);
        assert!(look(&owner, &small).await["dead_at"].is_string());
    }

    async fn another_persons_jobs_are_for_those_who_decide_over_all(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "dana", "developer").await;
        let admin = server.invite(&owner, "adam", "admin").await;
        let wanted = want(&owner, job(json!({}))).await;
        for what in ["cancel", "retry"] {
            assert_eq!(ask(&developer, &wanted, what, json!({})).await.status, StatusCode::FORBIDDEN, "{what}");
        }
        assert_eq!(developer.put("/api/v1/job-queues/default", json!({"paused": true})).await.status, StatusCode::FORBIDDEN);
        let own = want(&developer, job(json!({}))).await;
        ask(&developer, &own, "cancel", json!({})).await.expect(StatusCode::OK);
        ask(&admin, &wanted, "cancel", json!({})).await.expect(StatusCode::OK);
        ask(&admin, &wanted, "retry", json!({})).await.expect(StatusCode::OK);
        let viewer = server.invite(&owner, "vera", "viewer").await;
        assert_eq!(viewer.get("/api/v1/jobs").await.status, StatusCode::FORBIDDEN);
        assert_eq!(viewer.post("/api/v1/jobs", job(json!({}))).await.status, StatusCode::FORBIDDEN);
        let expired = json!({"queue_timeout_ms": 1});
        let dead = want(&owner, job(expired)).await;
        becomes_so(&server, &owner, &dead, |now| now["state"] == "expired").await;
        let replayed = developer.post("/api/v1/job-dead-letters/replay", json!({"all": true})).await;
        assert_eq!(replayed.expect(StatusCode::OK)["replayed"], 0, "only their own");
        assert_eq!(look(&owner, &dead).await["state"], "expired");
        for what in ["replay", "dismiss"] {
            let those = json!({"filter": {"owner": dead["owner"]["id"]}});
            let refused = developer.post(&format!("/api/v1/job-dead-letters/{what}"), those).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "their own are not meant");
        }
        let other = developer.post("/api/v1/job-dead-letters/replay", json!({"ids": [dead["id"]]})).await;
        assert_eq!(other.status, StatusCode::FORBIDDEN);
        assert_eq!(text(&look(&owner, &dead).await, "reason"), "queue_timeout");
    }
}
