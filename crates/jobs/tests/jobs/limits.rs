//! Queues, keys and machines take no more than they may.

use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::{Machine, audit, becomes, becomes_so, job, look, want};

on_every_backend! {
    async fn a_paused_queue_begins_nothing_new_and_goes_on(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        assert_eq!(owner.put("/api/v1/job-queues/slow", json!({"paused": true})).await.status, StatusCode::NO_CONTENT);
        let paused = want(&owner, job(json!({"queue": "slow"}))).await;
        let other = want(&owner, job(json!({}))).await;
        let mut sent = machine.sent().await;
        assert_eq!(look(&owner, &other).await["command_id"], sent.command.id.as_str());
        assert_eq!(look(&owner, &paused).await["waits_for"], "queue_paused");
        let queues = owner.get("/api/v1/job-queues").await.expect(StatusCode::OK);
        let slow = queues["items"].as_array().expect("some").iter().find(|queue| queue["name"] == "slow").expect("it").clone();
        assert_eq!((&slow["waiting"], &slow["under_way"], slow["paused_at"].is_string()), (&json!(1), &json!(0), true));
        assert_eq!(owner.put("/api/v1/job-queues/slow", json!({"paused": false})).await.status, StatusCode::NO_CONTENT);
        let next = machine.sent().await;
        assert_eq!(look(&owner, &paused).await["command_id"], next.command.id.as_str());
        sent.begin().await;
        sent.end(0, 0, 0).await;
        assert_eq!(audit(&owner, "job_queue.update").await.len(), 2);
        assert_eq!(owner.put("/api/v1/job-queues/No%20Queue", json!({})).await.status, StatusCode::NOT_FOUND);
    }

    async fn of_a_key_only_so_many_are_under_way(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let keyed = || job(json!({"concurrency": {"key": "deploy"}}));
        let first = want(&owner, keyed()).await;
        let second = want(&owner, keyed()).await;
        let free = want(&owner, job(json!({}))).await;
        let mut one = machine.sent().await;
        let mut two = machine.sent().await;
        assert_eq!(look(&owner, &free).await["command_id"], two.command.id.as_str());
        assert_eq!(look(&owner, &second).await["waits_for"], "key_full");
        one.begin().await;
        one.end(5, 0, 0).await;
        becomes(&server, &owner, &first, "failed").await;
        let next = machine.sent().await;
        assert_eq!(look(&owner, &second).await["command_id"], next.command.id.as_str());
        two.begin().await;
        two.end(0, 0, 0).await;
    }

    async fn a_machine_works_on_no_more_than_it_may_and_others_take_the_rest(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut small = Machine::connected(&server, &owner, "small").await;
        let limit = format!("/api/v1/job-machines/{}", small.id());
        assert_eq!(owner.put(&limit, json!({"limit": 1})).await.status, StatusCode::NO_CONTENT);
        let first = want(&owner, job(json!({}))).await;
        let second = want(&owner, job(json!({}))).await;
        let mut one = small.sent().await;
        becomes_so(&server, &owner, &second, |now| now["waits_for"] == "machines_full").await;
        let mut other = Machine::connected(&server, &owner, "other").await;
        let two = other.sent().await;
        assert_eq!(look(&owner, &second).await["command_id"], two.command.id.as_str());
        one.begin().await;
        one.end(0, 0, 0).await;
        becomes(&server, &owner, &first, "succeeded").await;
        let machines = owner.get("/api/v1/job-machines").await.expect(StatusCode::OK);
        let limits: Vec<_> = machines["items"].as_array().expect("some").iter().map(|m| (&m["name"], &m["limit"], &m["under_way"])).collect();
        assert_eq!(limits, [(&json!("other"), &json!(4), &json!(1)), (&json!("small"), &json!(1), &json!(0))]);
        assert_eq!(owner.put(&limit, json!({"limit": 65})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn a_job_goes_to_the_machine_that_it_is_for(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut gpu = Machine::joined(&server, &owner, "gpu", &["gpu", "env=prod"]).await;
        gpu.connect(&server).await;
        let mut plain = Machine::connected(&server, &owner, "plain").await;
        let to = |target: serde_json::Value| job(json!({"target": target}));
        let labelled = want(&owner, to(json!({"kind": "labels", "selector": "env=prod,gpu"}))).await;
        let of_labelled = gpu.sent().await;
        assert_eq!(look(&owner, &labelled).await["command_id"], of_labelled.command.id.as_str());
        let named = want(&owner, to(json!({"kind": "machine", "machine_id": plain.id()}))).await;
        let of_named = plain.sent().await;
        assert_eq!(look(&owner, &named).await["command_id"], of_named.command.id.as_str());
        let nowhere = want(&owner, to(json!({"kind": "labels", "selector": "tpu"}))).await;
        assert_eq!(look(&owner, &nowhere).await["waits_for"], "no_machine");
    }
}
