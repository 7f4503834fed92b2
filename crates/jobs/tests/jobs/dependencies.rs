//! Jobs that wait for others.

use diwan_testkit::{Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::machine::Sent;
use super::{Machine, ask, audit, becomes, job, look, want};

/// A diamond: a, then b and c, then d.
async fn diamond(owner: &Person) -> Vec<Value> {
    let after = |steps: &[u32]| steps.iter().map(|step| json!({"step": step})).collect::<Vec<_>>();
    let named = |name: &str, steps: &[u32]| job(json!({"name": name, "after": after(steps)}));
    let wanted = json!({"jobs": [named("a", &[]), named("b", &[0]), named("c", &[0]), named("d", &[1, 2])]});
    let made = owner.post("/api/v1/jobs/batch", wanted).await.expect(StatusCode::CREATED);
    made["jobs"].as_array().expect("jobs").clone()
}

/// The machine does the next job with this status. What it was sent is kept until everything of it was heard.
async fn do_next(machine: &mut Machine, code: i32) -> Sent {
    let mut sent = machine.sent().await;
    sent.begin().await;
    sent.end(code, 0, 0).await;
    sent
}

on_every_backend! {
    async fn each_begins_when_all_that_it_waits_for_have_ended(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let jobs = diamond(&owner).await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let _first = do_next(&mut machine, 0).await;
        becomes(&server, &owner, &jobs[0], "succeeded").await;
        let _second = do_next(&mut machine, 0).await;
        let _third = do_next(&mut machine, 0).await;
        let _fourth = do_next(&mut machine, 0).await;
        let last = becomes(&server, &owner, &jobs[3], "succeeded").await;
        let states: Vec<&Value> = last["dependencies"].as_array().expect("some").iter().map(|one| &one["state"]).collect();
        assert_eq!(states, [&json!("succeeded"), &json!("succeeded")]);
        let first = look(&owner, &jobs[0]).await;
        assert_eq!(first["dependents"].as_array().expect("some").len(), 2);
    }

    async fn f57_what_waits_for_a_job_that_failed_ends_and_a_replay_of_the_rest_goes_on(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let jobs = diamond(&owner).await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let _failed = do_next(&mut machine, 3).await;
        becomes(&server, &owner, &jobs[0], "failed").await;
        for job in &jobs[1..] {
            let over = becomes(&server, &owner, job, "cancelled").await;
            assert_eq!((&over["reason"], &over["dead_at"]), (&json!("dependency_failed"), &json!(null)));
        }
        let late = want(&owner, job(json!({"after": [{"job_id": jobs[0]["id"]}]}))).await;
        assert_eq!((&late["state"], &late["reason"]), (&json!("cancelled"), &json!("dependency_failed")));
        let ends = audit(&owner, "job.end").await;
        assert!(ends.iter().any(|entry| entry["resource"]["id"] == late["id"]), "that it ended is written down: {ends:?}");
        let whatever = want(&owner, job(json!({"after": [{"job_id": jobs[0]["id"], "when": "ended"}]}))).await;
        let _done = do_next(&mut machine, 0).await;
        becomes(&server, &owner, &whatever, "succeeded").await;
    }

    async fn a_job_that_wants_others_ended_in_whatever_way_goes_on(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let first = want(&owner, job(json!({}))).await;
        let clean = want(&owner, job(json!({"after": [{"job_id": first["id"], "when": "ended"}]}))).await;
        ask(&owner, &first, "cancel", json!({})).await.expect(StatusCode::OK);
        let ready = look(&owner, &clean).await;
        assert_eq!((&ready["hold"], &ready["waits_for"]), (&json!(""), &json!("no_machine")));
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let _done = do_next(&mut machine, 0).await;
        becomes(&server, &owner, &clean, "succeeded").await;
    }
}
