//! Jobs that do nothing on a machine: carried in batches, as far as machines pull them.

use std::time::Duration;

use diwan_link::Stream;
use diwan_protocol::light::{Done, FromWorker, ToWorker};
use diwan_protocol::{Opening, decode, encode};
use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Machine, ask, audit, becomes, job, look, want};

fn nothing(change: Value) -> Value {
    let mut wanted = json!({"operation": {"kind": "noop"}});
    for (field, value) in change.as_object().expect("an object") {
        wanted[field] = value.clone();
    }
    wanted
}

/// The stream on which the machine is asked to pull.
async fn lane(machine: &mut Machine) -> Stream {
    let (stream, opening) = machine.connection().link.accept().await.expect("a stream");
    assert_eq!(decode::<Opening>(&opening), Ok(Some(Opening::Light)));
    stream
}

async fn say(stream: &mut Stream, message: FromWorker) {
    stream.send(encode(&message).into()).await.expect("it is heard");
}

/// The next batch: its number and the ids.
async fn batch(stream: &mut Stream) -> (u64, Vec<u8>) {
    let message = stream.receive().await.expect("the stream goes on").expect("a message");
    let Ok(Some(ToWorker::Batch(batch))) = decode(&message) else { panic!("it is a batch") };
    (batch.number, batch.jobs.to_vec())
}

async fn done(stream: &mut Stream, number: u64, jobs: Vec<u8>) {
    let done = Done { number, began_ms: 1, ended_ms: 2, jobs: jobs.into() };
    say(stream, FromWorker::Done(done)).await;
}

on_every_backend! {
    async fn as_many_as_are_pulled_are_carried_at_once_and_done_together(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let specs: Vec<Value> = (0..150).map(|_| nothing(json!({}))).collect();
        let made = owner.post("/api/v1/jobs/batch", json!({"jobs": specs})).await.expect(StatusCode::CREATED);
        let all = made["jobs"].as_array().expect("jobs");
        let mut stream = lane(&mut machine).await;
        say(&mut stream, FromWorker::Pull(100)).await;
        let (number, jobs) = batch(&mut stream).await;
        assert_eq!(jobs.len(), 100 * 16, "no more than were pulled");
        let waits_for = async |at: usize| look(&owner, &all[at]).await["waits_for"].clone();
        assert_eq!((waits_for(0).await, waits_for(149).await), (json!(null), json!("machines_full")), "the first are not waited for");
        done(&mut stream, number, jobs).await;
        becomes(&server, &owner, &all[99], "succeeded").await;
        say(&mut stream, FromWorker::Pull(100)).await;
        let (number, jobs) = batch(&mut stream).await;
        assert_eq!(jobs.len(), 50 * 16);
        done(&mut stream, number, jobs).await;
        let over = becomes(&server, &owner, &all[149], "succeeded").await;
        assert_eq!((&over["attempt"], &over["tries"], &over["exit_code"]), (&json!(1), &json!(1), &json!(0)));
        let ends = audit(&owner, "job.end").await;
        let named = |entry: &Value| entry["metadata"]["jobs"].as_array().expect("jobs").len();
        assert_eq!(ends.iter().map(named).sum::<usize>(), 150, "each is named in an entry");
    }

    async fn a_knot_of_a_plan_joins_what_was_done_and_lets_the_rest_go_on(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let plan = json!({"jobs": [nothing(json!({})), nothing(json!({})), nothing(json!({"after": [{"step": 0}, {"step": 1}]})), job(json!({"after": [{"step": 2}]}))]});
        let made = owner.post("/api/v1/jobs/batch", plan).await.expect(StatusCode::CREATED);
        let mut stream = lane(&mut machine).await;
        say(&mut stream, FromWorker::Pull(10)).await;
        let (number, jobs) = batch(&mut stream).await;
        assert_eq!(jobs.len(), 32);
        done(&mut stream, number, jobs).await;
        let (number, jobs) = batch(&mut stream).await;
        assert_eq!(jobs.len(), 16);
        done(&mut stream, number, jobs).await;
        let mut last = machine.sent().await;
        last.begin().await;
        last.end(0, 0, 0).await;
        becomes(&server, &owner, &made["jobs"][3], "succeeded").await;
    }

    async fn what_a_lost_machine_pulled_is_given_to_another(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut first = Machine::connected(&server, &owner, "first").await;
        let wanted = want(&owner, nothing(json!({}))).await;
        let mut stream = lane(&mut first).await;
        say(&mut stream, FromWorker::Pull(10)).await;
        let (number, jobs) = batch(&mut stream).await;
        first.cut(&server).await;
        let mut second = Machine::connected(&server, &owner, "second").await;
        let mut others = lane(&mut second).await;
        say(&mut others, FromWorker::Pull(10)).await;
        let (again, same) = batch(&mut others).await;
        assert_eq!(same, jobs);
        let late = Done { number, began_ms: 1, ended_ms: 2, jobs: jobs.into() };
        assert!(stream.send(encode(&FromWorker::Done(late)).into()).await.is_err(), "nobody hears it");
        assert_eq!(look(&owner, &wanted).await["state"], "queued");
        done(&mut others, again, same).await;
        let over = becomes(&server, &owner, &wanted, "succeeded").await;
        assert_eq!((&over["machine_name"], &over["attempt"]), (&json!("second"), &json!(1)));
    }

    async fn what_a_machine_had_pulled_is_given_to_it_again_after_a_restart(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, nothing(json!({}))).await;
        let mut stream = lane(&mut machine).await;
        say(&mut stream, FromWorker::Pull(10)).await;
        let (_, jobs) = batch(&mut stream).await;
        drop(stream);
        machine.connection = None;
        let server = server.restart().await;
        machine.connect(&server).await;
        let mut stream = lane(&mut machine).await;
        say(&mut stream, FromWorker::Pull(10)).await;
        let (number, again) = batch(&mut stream).await;
        assert_eq!(again, jobs);
        done(&mut stream, number, again).await;
        becomes(&server, &owner, &wanted, "succeeded").await;
    }

    async fn one_that_is_called_off_while_a_machine_has_it_stays_so_unless_it_is_wanted_again(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let specs = json!({"jobs": [nothing(json!({})), nothing(json!({})), nothing(json!({}))]});
        let made = owner.post("/api/v1/jobs/batch", specs).await.expect(StatusCode::CREATED);
        let mut stream = lane(&mut machine).await;
        say(&mut stream, FromWorker::Pull(10)).await;
        let (number, jobs) = batch(&mut stream).await;
        for off in [&made["jobs"][0], &made["jobs"][1]] {
            assert_eq!(ask(&owner, off, "cancel", json!({})).await.expect(StatusCode::OK)["state"], "cancelled");
        }
        ask(&owner, &made["jobs"][1], "retry", json!({})).await.expect(StatusCode::OK);
        done(&mut stream, number, jobs).await;
        becomes(&server, &owner, &made["jobs"][2], "succeeded").await;
        let states = [look(&owner, &made["jobs"][0]).await, look(&owner, &made["jobs"][1]).await];
        assert_eq!(states.map(|job| job["state"].clone()), [json!("cancelled"), json!("succeeded")]);
    }

    async fn one_that_was_called_off_on_a_lost_machine_and_is_wanted_again_is_done_and_counted_once(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let specs = json!({"jobs": [nothing(json!({})), nothing(json!({}))]});
        let made = owner.post("/api/v1/jobs/batch", specs).await.expect(StatusCode::CREATED);
        let mut stream = lane(&mut machine).await;
        say(&mut stream, FromWorker::Pull(10)).await;
        assert_eq!(batch(&mut stream).await.1.len(), 32);
        ask(&owner, &made["jobs"][0], "cancel", json!({})).await.expect(StatusCode::OK);
        machine.cut(&server).await;
        machine.connect(&server).await;
        // It is asked to pull because what it had waits again.
        let mut stream = lane(&mut machine).await;
        ask(&owner, &made["jobs"][0], "retry", json!({})).await.expect(StatusCode::OK);
        say(&mut stream, FromWorker::Pull(10)).await;
        let (number, jobs) = batch(&mut stream).await;
        assert_eq!(jobs.len(), 32, "each is given once");
        done(&mut stream, number, jobs).await;
        for one in [&made["jobs"][0], &made["jobs"][1]] {
            assert_eq!(becomes(&server, &owner, one, "succeeded").await["attempt"], 1);
        }
        // Nothing of the queue is taken up any more.
        assert_eq!(owner.put("/api/v1/job-queues/default", json!({"limit": 1})).await.status, StatusCode::NO_CONTENT);
        let next = want(&owner, nothing(json!({}))).await;
        let (number, jobs) = batch(&mut stream).await;
        done(&mut stream, number, jobs).await;
        becomes(&server, &owner, &next, "succeeded").await;
    }

    async fn one_that_a_machine_has_does_not_expire(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let hurried = || nothing(json!({"queue_timeout_ms": 60_000}));
        let pulled = want(&owner, hurried()).await;
        let mut stream = lane(&mut machine).await;
        say(&mut stream, FromWorker::Pull(1)).await;
        let (number, jobs) = batch(&mut stream).await;
        let waiting = want(&owner, hurried()).await;
        server.advance(Duration::from_secs(61));
        becomes(&server, &owner, &waiting, "expired").await;
        assert_eq!(look(&owner, &pulled).await["state"], "queued");
        done(&mut stream, number, jobs).await;
        becomes(&server, &owner, &pulled, "succeeded").await;
    }

    async fn a_machine_that_pulls_without_end_leaves_the_rest_to_others(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let specs: Vec<Value> = (0..1000).map(|_| nothing(json!({}))).collect();
        let mut made = json!({});
        for _ in 0..5 {
            made = owner.post("/api/v1/jobs/batch", json!({"jobs": specs})).await.expect(StatusCode::CREATED);
        }
        let mut stream = lane(&mut machine).await;
        say(&mut stream, FromWorker::Pull(u32::MAX)).await;
        say(&mut stream, FromWorker::Pull(u32::MAX)).await;
        let mut count = 0;
        while count < 4096 {
            count += batch(&mut stream).await.1.len() / 16;
        }
        assert_eq!((count, &look(&owner, &made["jobs"][999]).await["waits_for"]), (4096, &json!("machines_full")));
    }

    async fn a_machine_that_tells_of_what_it_was_not_given_is_not_believed(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, nothing(json!({}))).await;
        let other = want(&owner, job(json!({"queue": "other", "target": {"kind": "labels", "selector": "none"}}))).await;
        let mut stream = lane(&mut machine).await;
        say(&mut stream, FromWorker::Pull(10)).await;
        let (number, _) = batch(&mut stream).await;
        let id: diwan_jobs::JobId = crate::text(&other, "id").parse().expect("an id");
        done(&mut stream, number, id.bits().to_be_bytes().to_vec()).await;
        // The lane is closed, what was given waits again, and another lane is opened.
        let mut stream = lane(&mut machine).await;
        assert_eq!(look(&owner, &other).await["state"], "queued");
        say(&mut stream, FromWorker::Pull(1)).await;
        let (number, jobs) = batch(&mut stream).await;
        done(&mut stream, number, jobs).await;
        becomes(&server, &owner, &wanted, "succeeded").await;
    }
}
