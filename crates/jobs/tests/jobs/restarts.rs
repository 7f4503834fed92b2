//! The server is started anew with jobs in every state.

use diwan_testkit::{TestServer, on_every_backend};
use serde_json::json;

use super::machine::{ended, say, verdict};
use super::{Machine, becomes, job, look, text, want};
use diwan_protocol::run::{Decision, FromCommand, Outcome};

on_every_backend! {
    async fn f1_jobs_go_on_after_a_restart_each_where_it_stood(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let limit = format!("/api/v1/job-machines/{}", machine.id());
        assert_eq!(owner.put(&limit, json!({"limit": 1})).await.status, reqwest::StatusCode::NO_CONTENT);
        let keyed = json!({"concurrency": {"key": "one"}});
        let running = want(&owner, job(keyed.clone())).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        becomes(&server, &owner, &running, "running").await;
        let waiting = want(&owner, job(keyed)).await;
        let after = want(&owner, job(json!({"after": [{"job_id": waiting["id"]}]}))).await;
        assert_eq!(owner.put("/api/v1/job-queues/slow", json!({"paused": true})).await.status, reqwest::StatusCode::NO_CONTENT);
        let paused = want(&owner, job(json!({"queue": "slow"}))).await;
        drop(sent);
        machine.connection = None;
        let server = server.restart().await;
        assert_eq!(look(&owner, &running).await["state"], "running");
        assert_eq!(look(&owner, &paused).await["waits_for"], "queue_paused");
        machine.connect(&server).await;
        let (_, mut stream) = machine.followed().await;
        say(&mut stream, verdict(Decision::Allow)).await;
        say(&mut stream, FromCommand::Started(0)).await;
        say(&mut stream, ended(Outcome::Exited(0), 0, 0)).await;
        becomes(&server, &owner, &running, "succeeded").await;
        for next in [&waiting, &after] {
            let mut sent = machine.sent().await;
            assert_eq!(text(&look(&owner, next).await, "command_id"), sent.command.id);
            sent.begin().await;
            sent.end(0, 0, 0).await;
            becomes(&server, &owner, next, "succeeded").await;
        }
        assert_eq!(look(&owner, &paused).await["state"], "queued");
    }
}
