//! Jobs that wait for others.

use diwan_testkit::{Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::machine::Sent;
use super::{Machine, ask, audit, becomes, becomes_so, job, look, text, titles, want};

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

    async fn what_waits_for_a_job_that_failed_ends_as_well(backend) {
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
        let why = format!("It waits for {}, which failed.", text(&jobs[0], "id"));
        assert_eq!(text(&late, "detail"), why);
        let ends = audit(&owner, "job.end").await;
        assert!(ends.iter().any(|entry| entry["resource"]["id"] == late["id"]), "that it ended is written down: {ends:?}");
        let whatever = want(&owner, job(json!({"after": [{"job_id": jobs[0]["id"], "when": "ended"}]}))).await;
        let _done = do_next(&mut machine, 0).await;
        becomes(&server, &owner, &whatever, "succeeded").await;
    }

    async fn who_waits_for_one_twice_wants_both_to_be_so(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let first = want(&owner, job(json!({}))).await;
        let on = |when: &str| json!({"job_id": first["id"], "when": when});
        for both in [json!([on("ended"), on("succeeded")]), json!([on("succeeded"), on("ended")])] {
            let last = want(&owner, job(json!({"after": both}))).await;
            assert_eq!(last["after"], json!([on("succeeded")]));
        }
    }

    async fn what_is_wrong_with_one_of_several_is_said_of_that_one(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let nothing = json!({"after": [{"job_id": "job_00000000000000000000000007"}]});
        let none = json!({"job_id": "job_00000000000000000000000007"});
        let twice_and_nothing = json!({"after": [{"step": 0}, {"step": 0, "when": "ended"}, none]});
        let keyed = || job(json!({"idempotency_key": "k"}));
        for (jobs, field) in [
            (json!([job(json!({})), job(nothing)]), "jobs[1].after[0]"),
            (json!([job(json!({})), job(twice_and_nothing)]), "jobs[1].after[2]"),
            (json!([keyed(), job(json!({})), keyed()]), "jobs[2].idempotency_key"),
            (json!([job(json!({"name": "a\u{202e}b"}))]), "jobs[0].name"),
        ] {
            let refused = owner.post("/api/v1/jobs/batch", json!({"jobs": jobs})).await;
            assert_eq!((refused.status, &refused.json["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)));
        }
        assert_eq!(titles(&owner, "").await, [""; 0], "all are wanted, or none");
    }

    async fn f57_the_failed_one_is_tried_again_and_what_ended_because_of_it_goes_on(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let jobs = diamond(&owner).await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let _first = do_next(&mut machine, 0).await;
        let _failed = do_next(&mut machine, 3).await;
        let _third = do_next(&mut machine, 0).await;
        becomes(&server, &owner, &jobs[3], "cancelled").await;
        becomes(&server, &owner, &jobs[2], "succeeded").await;
        let refused = ask(&owner, &jobs[3], "retry", json!({})).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "dependency_failed"));
        let failed = if look(&owner, &jobs[1]).await["state"] == "failed" { &jobs[1] } else { &jobs[2] };
        let replayed = owner.post("/api/v1/job-dead-letters/replay", json!({"ids": [failed["id"]]})).await;
        assert_eq!(replayed.expect(StatusCode::OK)["replayed"], 1);
        let last = look(&owner, &jobs[3]).await;
        assert_eq!((&last["state"], &last["hold"], &last["reason"]), (&json!("queued"), &json!("dependencies"), &json!(null)));
        let again = audit(&owner, "job.retry").await;
        assert!(again.iter().any(|entry| entry["resource"]["id"] == last["id"]), "that it waits again is written down: {again:?}");
        let _again = do_next(&mut machine, 0).await;
        let _last = do_next(&mut machine, 0).await;
        assert_eq!(becomes(&server, &owner, &jobs[3], "succeeded").await["attempt"], 1);
    }

    async fn a_whole_chain_that_ended_waits_for_its_first_one_again(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let jobs = diamond(&owner).await;
        ask(&owner, &jobs[0], "cancel", json!({})).await.expect(StatusCode::OK);
        assert_eq!(look(&owner, &jobs[3]).await["state"], "cancelled");
        // What somebody stopped themselves stays so, with what waits for it.
        ask(&owner, &jobs[0], "retry", json!({})).await.expect(StatusCode::OK);
        for job in &jobs[1..] {
            assert_eq!(look(&owner, job).await["hold"], "dependencies");
        }
        ask(&owner, &jobs[1], "cancel", json!({})).await.expect(StatusCode::OK);
        ask(&owner, &jobs[0], "cancel", json!({})).await.expect(StatusCode::OK);
        ask(&owner, &jobs[0], "retry", json!({})).await.expect(StatusCode::OK);
        let states: Vec<Value> = {
            let mut states = vec![];
            for job in &jobs {
                states.push(look(&owner, job).await["state"].clone());
            }
            states
        };
        assert_eq!(states, ["queued", "cancelled", "queued", "cancelled"]);
        drop(server);
    }

    async fn a_job_waits_again_for_what_is_tried_again(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let (first, second) = (want(&owner, job(json!({"name": "first"}))).await, want(&owner, job(json!({}))).await);
        let both = json!([{"job_id": first["id"]}, {"job_id": second["id"]}]);
        let last = want(&owner, job(json!({"after": both}))).await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let _first = do_next(&mut machine, 0).await;
        let mut held = machine.sent().await;
        becomes(&server, &owner, &first, "succeeded").await;
        ask(&owner, &first, "retry", json!({})).await.expect(StatusCode::OK);
        let _again = do_next(&mut machine, 0).await;
        becomes_so(&server, &owner, &first, |now| now["state"] == "succeeded" && now["attempt"] == 2).await;
        assert_eq!(look(&owner, &last).await["hold"], "dependencies", "the second one has not ended");
        held.begin().await;
        held.end(0, 0, 0).await;
        let _last = do_next(&mut machine, 0).await;
        becomes(&server, &owner, &last, "succeeded").await;
    }

    async fn the_time_in_which_it_has_to_begin_runs_from_when_it_may(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let first = want(&owner, job(json!({}))).await;
        let after = json!({"after": [{"job_id": first["id"], "when": "ended"}], "queue_timeout_ms": 60_000});
        let last = want(&owner, job(after)).await;
        assert_eq!(last["deadline_at"], json!(null));
        server.advance(std::time::Duration::from_secs(600));
        ask(&owner, &first, "cancel", json!({})).await.expect(StatusCode::OK);
        let ready = look(&owner, &last).await;
        assert_eq!((&ready["state"], ready["deadline_at"].is_string()), (&json!("queued"), true));
        server.advance(std::time::Duration::from_secs(61));
        becomes(&server, &owner, &last, "expired").await;
        ask(&owner, &last, "retry", json!({})).await.expect(StatusCode::OK);
        server.advance(std::time::Duration::from_secs(61));
        becomes(&server, &owner, &last, "expired").await;
    }

    async fn what_goes_on_again_still_waits_for_its_moment(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let soon = server.product().world.now().plus(std::time::Duration::from_secs(600));
        let first = want(&owner, job(json!({}))).await;
        let later = json!({"after": [{"job_id": first["id"], "when": "ended"}], "not_before": soon});
        let late = want(&owner, job(later.clone())).await;
        let dropped = want(&owner, job(json!({"after": [{"job_id": first["id"]}], "not_before": soon}))).await;
        ask(&owner, &late, "cancel", json!({})).await.expect(StatusCode::OK);
        ask(&owner, &first, "cancel", json!({})).await.expect(StatusCode::OK);
        ask(&owner, &late, "retry", json!({})).await.expect(StatusCode::OK);
        ask(&owner, &first, "retry", json!({})).await.expect(StatusCode::OK);
        assert_eq!(look(&owner, &dropped).await["hold"], "dependencies");
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let _first = do_next(&mut machine, 0).await;
        becomes(&server, &owner, &first, "succeeded").await;
        for waiting in [&late, &dropped] {
            assert_eq!(look(&owner, waiting).await["hold"], "time");
        }
        server.advance(std::time::Duration::from_secs(601));
        for waiting in [&late, &dropped] {
            becomes_so(&server, &owner, waiting, |now| now["state"] != "queued").await;
        }
    }

    async fn all_dead_letters_are_replayed_with_those_that_wait_for_others(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let first = want(&owner, job(json!({}))).await;
        let second = want(&owner, job(json!({"after": [{"job_id": first["id"]}]}))).await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let _done = do_next(&mut machine, 0).await;
        let _failed = do_next(&mut machine, 1).await;
        becomes(&server, &owner, &second, "failed").await;
        ask(&owner, &first, "retry", json!({})).await.expect(StatusCode::OK);
        let _failed = do_next(&mut machine, 1).await;
        becomes(&server, &owner, &first, "failed").await;
        let replayed = owner.post("/api/v1/job-dead-letters/replay", json!({"all": true})).await;
        assert_eq!(replayed.expect(StatusCode::OK)["replayed"], 2);
        let _done = do_next(&mut machine, 0).await;
        let _last = do_next(&mut machine, 0).await;
        becomes(&server, &owner, &second, "succeeded").await;
    }

    async fn no_more_wait_for_one_than_can_follow_it_at_once(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let first = want(&owner, job(json!({}))).await;
        let waiting = job(json!({"after": [{"job_id": first["id"]}]}));
        let many = json!({"jobs": vec![&waiting; 1000]});
        for _ in 0..2 {
            owner.post("/api/v1/jobs/batch", many.clone()).await.expect(StatusCode::CREATED);
        }
        let refused = owner.post("/api/v1/jobs", waiting).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::UNPROCESSABLE_ENTITY, "fields_invalid"));
        assert_eq!(refused.json["errors"][0]["code"], "too_many");
        drop(server);
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
