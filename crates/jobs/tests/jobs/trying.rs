//! Tries: again after failures, with pauses, as often as may be, and what nobody knows about.

use std::time::Duration;

use diwan_protocol::command::Limits;
use diwan_protocol::control::ability;
use diwan_protocol::run::{Decision, FromCommand, Outcome, Reason, Verdict};
use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::machine::{ended, say, verdict};
use super::{Machine, ask, audit, becomes, becomes_so, job, look, text, want};

on_every_backend! {
    async fn what_fails_is_tried_again_after_longer_and_longer_pauses(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let retry = json!({"attempts": 3, "delay_ms": 10_000, "factor": 3.0, "jitter": false});
        let wanted = want(&owner, job(json!({"retry": retry}))).await;
        for (attempt, pause) in [(1, 10), (2, 30)] {
            let mut sent = machine.sent().await;
            sent.begin().await;
            sent.end(7, 0, 0).await;
            let waits = becomes_so(&server, &owner, &wanted, |now| now["hold"] == "time").await;
            assert_eq!((&waits["tries"], &waits["state"]), (&json!(attempt), &json!("queued")));
            let due = diwan_kernel::Timestamp::parse(text(&waits, "due_at")).expect("a moment");
            assert_eq!(due.since(server.product().world.now()), Duration::from_secs(pause));
            server.advance(Duration::from_secs(pause));
        }
        let mut sent = machine.sent().await;
        sent.begin().await;
        let runs = becomes(&server, &owner, &wanted, "running").await;
        let nothing_yet = |of: &Value| of["exit_code"].is_null() && of["reason"].is_null() && of["usage"].is_null();
        assert!(nothing_yet(&runs) && nothing_yet(&runs["attempts"][2]), "{runs}");
        sent.end(9, 0, 0).await;
        let over = becomes(&server, &owner, &wanted, "failed").await;
        assert_eq!((&over["reason"], &over["exit_code"], &over["tries"]), (&json!("exit_code"), &json!(9), &json!(3)));
        let codes: Vec<i64> =
            over["attempts"].as_array().expect("attempts").iter().map(|one| one["exit_code"].as_i64().expect("a code")).collect();
        assert_eq!(codes, [7, 7, 9]);
        assert!(over["dead_at"].is_string(), "somebody has to look at it");
    }

    async fn what_is_tried_again_has_to_begin_in_time_once_more(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let retry = json!({"attempts": 2, "delay_ms": 10_000, "jitter": false});
        let wanted = want(&owner, job(json!({"retry": retry, "queue_timeout_ms": 60_000}))).await;
        let mut sent = machine.sent().await;
        owner.put("/api/v1/job-queues/default", json!({"paused": true})).await;
        sent.begin().await;
        sent.end(7, 0, 0).await;
        let waits = becomes_so(&server, &owner, &wanted, |now| now["hold"] == "time").await;
        let deadline = diwan_kernel::Timestamp::parse(text(&waits, "deadline_at")).expect("a moment");
        assert_eq!(deadline.since(server.product().world.now()), Duration::from_secs(70));
        server.advance(Duration::from_secs(71));
        becomes(&server, &owner, &wanted, "expired").await;
    }

    async fn f50_a_dead_letter_is_replayed_as_the_same_job(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, job(json!({"idempotency_key": "pay 7"}))).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        sent.end(1, 0, 0).await;
        becomes(&server, &owner, &wanted, "failed").await;
        let first = sent.command.id.clone();
        let done = owner.post("/api/v1/job-dead-letters/replay", json!({"filter": {"reason": "exit_code"}})).await;
        assert_eq!(done.expect(StatusCode::OK)["replayed"], 1);
        let mut sent = machine.sent().await;
        assert_ne!(sent.command.id, first);
        sent.begin().await;
        sent.end(0, 0, 0).await;
        let over = becomes(&server, &owner, &wanted, "succeeded").await;
        assert_eq!((&over["attempt"], &over["dead_at"], &over["idempotency_key"]), (&json!(2), &json!(null), &json!("pay 7")));
        assert_eq!(over["attempts"].as_array().expect("attempts").len(), 2);
        assert_eq!(audit(&owner, "job.retry").await.len(), 1);
        let none = owner.post("/api/v1/job-dead-letters/replay", json!({"all": true})).await.expect(StatusCode::OK);
        assert_eq!(none["replayed"], 0);
    }

    async fn what_one_machine_refuses_another_may_do(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machines = vec![];
        for name in ["one", "two", "three"] {
            machines.push(Machine::connected(&server, &owner, name).await);
        }
        let wanted = want(&owner, job(json!({}))).await;
        let refuses = async |machines: &mut Vec<Machine>, attempt: usize| {
            let now = becomes_so(&server, &owner, &wanted, |now| now["state"] == "leased" && now["attempt"] == attempt).await;
            let at = machines.iter().position(|machine| now["machine_id"] == machine.id()).expect("one of them");
            let mut machine = machines.remove(at);
            let mut sent = machine.sent().await;
            say(&mut sent.stream, verdict(Decision::Deny)).await;
            (machine, sent)
        };
        let first = refuses(&mut machines, 1).await;
        let second = refuses(&mut machines, 2).await;
        becomes_so(&server, &owner, &wanted, |now| now["state"] == "leased" && now["attempt"] == 3).await;
        let [mut last] = <[Machine; 1]>::try_from(machines).ok().expect("one is left");
        let mut sent = last.sent().await;
        say(&mut sent.stream, verdict(Decision::Deny)).await;
        let over = becomes(&server, &owner, &wanted, "failed").await;
        let reasons: Vec<&str> =
            over["attempts"].as_array().expect("attempts").iter().map(|one| text(one, "reason")).collect();
        assert_eq!((reasons, &over["tries"]), (vec!["refused"; 3], &json!(1)));
        // Once more, all of them are asked again.
        ask(&owner, &wanted, "retry", json!({})).await.expect(StatusCode::OK);
        let mut machines = vec![first.0, second.0, last];
        let _third = refuses(&mut machines, 4).await;
        let now = becomes_so(&server, &owner, &wanted, |now| now["state"] == "leased" && now["attempt"] == 5).await;
        let at = machines.iter().position(|machine| now["machine_id"] == machine.id()).expect("another");
        let mut sent = machines[at].sent().await;
        sent.begin().await;
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &wanted, "succeeded").await;
    }

    async fn what_an_earlier_bridge_cannot_do_goes_to_another(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut old = Machine::joined(&server, &owner, "old", &[]).await;
        old.connect_with(&server, |hello| hello.abilities = Some(vec![])).await;
        let mut new = Machine::joined(&server, &owner, "new", &[]).await;
        // It has less room: the old one is asked first.
        let limit = owner.put(&format!("/api/v1/job-machines/{}", new.id()), json!({"limit": 1})).await;
        assert_eq!(limit.status, StatusCode::NO_CONTENT);
        new.connect(&server).await;
        let wanted = want(&owner, job(json!({"limits": {"processes": 8}}))).await;
        let mut sent = new.sent().await;
        sent.begin().await;
        sent.end(0, 0, 0).await;
        let over = becomes(&server, &owner, &wanted, "succeeded").await;
        assert_eq!((&over["machine_name"], &over["attempt"]), (&json!("new"), &json!(1)));
    }

    async fn who_refused_a_job_is_not_forgotten_by_starting_anew(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut one = Machine::connected(&server, &owner, "one").await;
        let mut two = Machine::joined(&server, &owner, "two", &[]).await;
        two.connect(&server).await;
        let limit = owner.put(&format!("/api/v1/job-machines/{}", two.id()), json!({"limit": 1})).await;
        assert_eq!(limit.status, StatusCode::NO_CONTENT);
        let on = |machine: &Machine| job(json!({"target": {"kind": "machine", "machine_id": machine.id()}}));
        want(&owner, on(&two)).await;
        let _busy = two.sent().await;
        let wanted = want(&owner, job(json!({}))).await;
        let mut sent = one.sent().await;
        say(&mut sent.stream, verdict(Decision::Deny)).await;
        becomes_so(&server, &owner, &wanted, |now| now["waits_for"] == "machines_full").await;
        (one.connection, two.connection) = (None, None);
        let server = server.restart().await;
        let other = want(&owner, on(&one)).await;
        one.connect(&server).await;
        let sent = one.sent().await;
        assert_eq!(look(&owner, &other).await["command_id"], sent.command.id.as_str());
        assert_eq!(look(&owner, &wanted).await["waits_for"], "no_machine", "the one that refused it has room");
    }

    async fn dead_letters_can_rest(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, job(json!({}))).await;
        let mut sent = machine.sent().await;
        say(&mut sent.stream, verdict(Decision::Deny)).await;
        let over = becomes(&server, &owner, &wanted, "failed").await;
        assert_eq!((&over["reason"], &over["detail"]), (&json!("refused"), &json!("no rule speaks of it")));
        assert_eq!(owner.get("/api/v1/jobs?phase=dead").await.expect(StatusCode::OK)["items"][0]["id"], wanted["id"]);
        let done = owner.post("/api/v1/job-dead-letters/dismiss", json!({"ids": [wanted["id"]]})).await;
        assert_eq!(done.expect(StatusCode::OK)["dismissed"], 1);
        let rests = look(&owner, &wanted).await;
        assert_eq!((&rests["state"], &rests["dead_at"]), (&json!("failed"), &json!(null)));
        for bad in [json!({}), json!({"ids": []}), json!({"all": true, "ids": [wanted["id"]]})] {
            assert_eq!(owner.post("/api/v1/job-dead-letters/dismiss", bad).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
    }

    async fn f2_what_nobody_knows_about_is_not_done_again_unless_it_may_be(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let retry = json!({"attempts": 2, "delay_ms": 0});
        let careful = want(&owner, job(json!({"retry": retry}))).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        say(&mut sent.stream, ended(Outcome::Unknown, 0, 0)).await;
        let over = becomes(&server, &owner, &careful, "failed").await;
        assert_eq!((&over["reason"], &over["attempt"]), (&json!("unknown_outcome"), &json!(1)));
        let safe = want(&owner, job(json!({"retry": retry, "retry_safe": true}))).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        say(&mut sent.stream, ended(Outcome::Unknown, 0, 0)).await;
        let mut again = machine.sent().await;
        again.begin().await;
        again.end(0, 0, 0).await;
        assert_eq!(becomes(&server, &owner, &safe, "succeeded").await["attempt"], 2);
    }

    async fn what_never_came_to_its_machine_does_not_count_as_a_try(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, job(json!({}))).await;
        // It arrives, is not looked at, and the machine says that it never saw it.
        drop(machine.asked().await);
        machine.seen = 0;
        machine.cut(&server).await;
        machine.connect(&server).await;
        let (_, mut stream) = machine.followed().await;
        say(&mut stream, ended(Outcome::Forgotten, 0, 0)).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        sent.end(0, 0, 0).await;
        let over = becomes(&server, &owner, &wanted, "succeeded").await;
        assert_eq!((&over["attempt"], &over["tries"]), (&json!(2), &json!(1)));
    }

    async fn f44_f46_while_the_clocks_differ_a_job_waits_and_no_try_is_counted(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, job(json!({}))).await;
        let mut heard = vec![];
        for code in ["clock_skew", "expired"] {
            let mut sent = machine.sent().await;
            let reasons = vec![Reason { code: code.into(), words: "the clocks differ".into() }];
            let disbelieved = Verdict { decision: Decision::Deny, rule: None, reasons, argv: vec![] };
            say(&mut sent.stream, FromCommand::Verdict(disbelieved)).await;
            heard.push(sent);
        }
        let mut sent = machine.sent().await;
        sent.begin().await;
        sent.end(0, 0, 0).await;
        let over = becomes(&server, &owner, &wanted, "succeeded").await;
        assert_eq!((&over["attempt"], &over["tries"]), (&json!(3), &json!(1)));
    }

    async fn a_try_that_takes_too_long_is_stopped_and_told_so(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let build = json!({"kind": "build", "root": "work"});
        let wanted = want(&owner, job(json!({"operation": build, "timeout_ms": 60_000}))).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        becomes(&server, &owner, &wanted, "running").await;
        server.advance(Duration::from_secs(61));
        let asked = crate::machine::hear(&mut sent.stream).await;
        assert_eq!(asked, diwan_protocol::run::ToCommand::Cancel);
        say(&mut sent.stream, ended(Outcome::Cancelled, 0, 0)).await;
        let over = becomes(&server, &owner, &wanted, "timed_out").await;
        assert_eq!(over["reason"], "timeout");
    }

    async fn a_program_is_told_how_long_it_may_run(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, job(json!({"timeout_ms": 1500}))).await;
        let mut sent = machine.sent().await;
        let diwan_protocol::Operation::Exec(exec) = &sent.command.operation else { panic!("it is a program") };
        assert_eq!(exec.timeout_ms, Some(1500));
        sent.begin().await;
        say(&mut sent.stream, ended(Outcome::TimedOut, 0, 0)).await;
        assert_eq!(becomes(&server, &owner, &wanted, "timed_out").await["reason"], "timeout");
        assert_eq!(ask(&owner, &wanted, "retry", json!({})).await.expect(StatusCode::OK)["state"], "queued");
    }
    async fn a_try_is_held_to_limits_of_its_own(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let limits = json!({"memory_bytes": 64 << 20, "processes": 8, "output_bytes": 4096});
        let retry = json!({"attempts": 2, "delay_ms": 0});
        let wanted = want(&owner, job(json!({"limits": limits, "retry": retry}))).await;
        assert_eq!(wanted["limits"], limits);
        let (memory_bytes, processes, output_bytes) = (Some(64 << 20), Some(8), Some(4096));
        let mut kept = vec![];
        for _ in 0..2 {
            let mut sent = machine.sent().await;
            let told = Limits { memory_bytes, processes, output_bytes, ..Limits::default() };
            assert_eq!(sent.command.limits, Some(told), "each try is told them");
            sent.begin().await;
            say(&mut sent.stream, ended(Outcome::OverLimit("it said more than it may".into()), 0, 0)).await;
            // Until everything of it was heard.
            kept.push(sent);
        }
        let over = becomes(&server, &owner, &wanted, "failed").await;
        assert_eq!((&over["reason"], &over["tries"]), (&json!("over_limit"), &json!(2)));
        let refused = owner.post("/api/v1/jobs", job(json!({"limits": {"memory_bytes": 4096}}))).await;
        assert_eq!((refused.status, &refused.json["errors"][0]["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("limits.memory_bytes")));
    }

    async fn the_yes_of_somebody_else_does_not_lift_limits(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Dalia", "developer").await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&developer, job(json!({"limits": {"processes": 8}}))).await;
        let mut first = machine.sent().await;
        say(&mut first.stream, verdict(Decision::Ask)).await;
        becomes(&server, &developer, &wanted, "failed").await;
        owner.post(&format!("/api/v1/commands/{}/approve", first.command.id), json!({})).await.expect(StatusCode::CREATED);
        let held = Limits { processes: Some(8), ..Limits::default() };
        assert_eq!(machine.sent().await.command.limits, Some(held));
    }

    async fn an_earlier_bridge_is_given_no_job_with_limits(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "old", &[]).await;
        let abilities = [ability::VARIABLES, ability::SCRIPTS, ability::ARTIFACTS].map(str::to_owned).to_vec();
        machine.connect_with(&server, |hello| hello.abilities = Some(abilities)).await;
        let wanted = want(&owner, job(json!({"limits": {"processes": 8}}))).await;
        assert_eq!(becomes(&server, &owner, &wanted, "failed").await["reason"], "bridge_too_old");
        let plain = want(&owner, job(json!({"limits": {}}))).await;
        let mut sent = machine.sent().await;
        assert_eq!(sent.command.limits, None, "it is told nothing that it does not know");
        sent.begin().await;
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &plain, "succeeded").await;
    }
}
