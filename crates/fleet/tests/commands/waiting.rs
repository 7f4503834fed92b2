//! Machines that are not there, and what becomes of what they were sent.

use std::time::Duration;

use diwan_protocol::run::{Ended, FromCommand, Outcome, ToCommand, Usage};
use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::carrying_out::owner_of;
use super::machine::{ended, hear, piece, say, verdict};
use super::{Machine, ask, audit, becomes, exec, look, output, run, text};

fn forgotten() -> FromCommand {
    let (outcome, usage) = (Outcome::Forgotten, Usage::default());
    FromCommand::Ended(Ended { outcome, at_ms: 0, output: 0, errors: 0, usage })
}

on_every_backend! {
    async fn a_machine_that_is_not_there_is_not_waited_for_unless_asked(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        let refused = owner.post("/api/v1/commands", exec("box", &["true"])).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "machine_offline"));
        assert!(audit(&owner, "command.run").await.is_empty());
        let mut wanted = exec("box", &["true"]);
        wanted["wait_s"] = json!(600);
        let begun = run(&owner, wanted).await;
        assert_eq!((&begun["state"], &begun["sequence"]), (&json!("waiting"), &json!(null)));
        machine.connect(&server).await;
        let mut sent = machine.sent().await;
        assert_eq!(sent.command.id, text(&begun, "id"));
        assert!(sent.command.expires_ms - sent.command.issued_ms <= 60_000);
        sent.begin().await;
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &begun, "ended").await;
        assert_eq!(audit(&owner, "command.send").await[0]["resource"]["id"], begun["id"]);
    }

    async fn f67_what_waited_too_long_expires_and_is_never_sent(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        let mut wanted = exec("box", &["true"]);
        wanted["wait_s"] = json!(60);
        let begun = run(&owner, wanted).await;
        server.advance(Duration::from_secs(61));
        machine.connect(&server).await;
        let over = becomes(&server, &owner, &begun, "expired").await;
        assert_eq!((&over["problem"]["code"], &over["sequence"]), (&json!("machine_offline"), &json!(null)));
        let next = run(&owner, exec("box", &["true"])).await;
        assert_eq!(machine.sent().await.command.id, text(&next, "id"), "nothing else was sent");
    }

    async fn f51_what_waits_is_cancelled_at_once(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        let mut wanted = exec("box", &["true"]);
        wanted["wait_s"] = json!(600);
        let begun = run(&owner, wanted).await;
        assert_eq!(ask(&owner, &begun, "cancel", json!({})).await.status, StatusCode::NO_CONTENT);
        let over = look(&owner, &begun).await;
        assert_eq!((&over["state"], &over["outcome"]), (&json!("ended"), &json!("cancelled")));
        machine.connect(&server).await;
        let next = run(&owner, exec("box", &["true"])).await;
        assert_eq!(machine.sent().await.command.id, text(&next, "id"));
    }

    async fn f51_a_command_is_stopped_when_its_machine_comes_back(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["sleep", "9"])).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        becomes(&server, &owner, &begun, "running").await;
        drop(sent);
        machine.cut(&server).await;
        let signal = ask(&owner, &begun, "signal", json!({"signal": 2})).await;
        assert_eq!((signal.status, signal.problem()), (StatusCode::CONFLICT, "command_not_running"));
        assert_eq!(ask(&owner, &begun, "cancel", json!({})).await.status, StatusCode::NO_CONTENT);
        machine.connect(&server).await;
        let (_, mut stream) = machine.followed().await;
        assert_eq!(hear(&mut stream).await, ToCommand::Cancel);
        say(&mut stream, ended(Outcome::Cancelled, 0, 0)).await;
        let over = becomes(&server, &owner, &begun, "ended").await;
        assert_eq!(over["outcome"], "cancelled");
        assert!(over["cancel_asked_at"].is_string());
    }

    async fn f2_nobody_knows_what_a_machine_does_not_remember(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["true"])).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        becomes(&server, &owner, &begun, "running").await;
        drop(sent);
        machine.cut(&server).await;
        machine.bridge.boot = [9; 16];
        machine.connect(&server).await;
        let (follow, mut stream) = machine.followed().await;
        assert_eq!(follow.command, text(&begun, "id"));
        say(&mut stream, forgotten()).await;
        let over = becomes(&server, &owner, &begun, "unknown").await;
        assert_eq!((&over["problem"]["code"], &over["exit_code"]), (&json!("forgotten"), &json!(null)));
        assert_eq!(audit(&owner, "command.end").await[0]["error"], "forgotten");
    }

    async fn what_never_arrived_was_not_carried_out(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["true"])).await;
        machine.cut(&server).await;
        machine.connect(&server).await;
        let (_, mut stream) = machine.followed().await;
        say(&mut stream, forgotten()).await;
        let over = becomes(&server, &owner, &begun, "refused").await;
        assert_eq!(over["problem"]["code"], "never_arrived");
    }

    async fn f2_what_may_be_done_twice_is_done_once_more_when_nobody_knows(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let mut wanted = exec("box", &["true"]);
        wanted["retry_safe"] = json!(true);
        let begun = run(&owner, wanted).await;
        let mut held = vec![];
        for _ in 0..2 {
            let mut sent = machine.sent().await;
            assert!(sent.command.retry_safe);
            sent.begin().await;
            say(&mut sent.stream, ended(Outcome::Unknown, 0, 0)).await;
            held.push(sent);
        }
        let path = format!("/api/v1/command-batches/{}", text(&begun, "batch_id"));
        let mut feed = server.product().events.listen(None).receiver;
        let batch = loop {
            let batch = owner.get(&path).await.expect(StatusCode::OK);
            if batch["open"] == 0 && batch["commands"].as_array().map(Vec::len) == Some(2) {
                break batch;
            }
            feed.recv().await.expect("the feed goes on");
        };
        let [first, second] = &batch["commands"].as_array().expect("commands")[..] else { panic!("{batch}") };
        assert_eq!((&first["state"], &first["retry_of"]), (&json!("unknown"), &json!(null)));
        assert_eq!((&second["state"], &second["retry_of"]), (&json!("unknown"), &first["id"]));
        // Twice is enough.
        let next = run(&owner, exec("box", &["true"])).await;
        assert_eq!(machine.sent().await.command.id, text(&next, "id"));
    }

    async fn f2_a_repetition_that_a_crash_prevented_comes_after_it(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let mut wanted = exec("box", &["true"]);
        wanted["retry_safe"] = json!(true);
        let begun = run(&owner, wanted).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        say(&mut sent.stream, ended(Outcome::Unknown, 0, 0)).await;
        let again = machine.sent().await;
        machine.cut(&server).await;
        // As if the server had died before it wrote the repetition down.
        let db = &server.product().db;
        let mut tx = db.begin(&diwan_kernel::Ctx::system(db.world(), "test")).await.expect("a unit");
        let sql = "DELETE FROM fleet_command WHERE id = $1";
        tx.execute(sql, diwan_kernel::params![again.command.id.clone()]).await.expect("deleted");
        tx.commit_unrecorded(diwan_kernel::db::Unrecorded::Bookkeeping).await.expect("committed");
        let server = server.restart().await;
        let owner = owner_of(&server, &owner);
        machine.connect(&server).await;
        let sent = machine.sent().await;
        let path = format!("/api/v1/command-batches/{}", text(&begun, "batch_id"));
        let batch = owner.get(&path).await.expect(StatusCode::OK);
        let commands = batch["commands"].as_array().expect("commands");
        assert_eq!((commands.len(), &commands[1]["retry_of"]), (2, &begun["id"]), "{batch}");
        assert_eq!(sent.command.id, text(&commands[1], "id"));
    }

    async fn f1_a_command_outlives_the_control_plane(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["make"])).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        say(&mut sent.stream, piece(1, 0, b"one two ")).await;
        while look(&owner, &begun).await["output_bytes"] != 8 {
            tokio::task::yield_now().await;
        }
        drop(sent);
        machine.connection = None;
        let server = server.restart().await;
        let owner = owner_of(&server, &owner);
        assert_eq!(look(&owner, &begun).await["state"], "written");
        machine.connect(&server).await;
        let (follow, mut stream) = machine.followed().await;
        assert_eq!((follow.output, follow.errors, follow.input), (8, 0, 0));
        assert_eq!(output(&owner, &begun, 1, 0).await.text, "one two ");
        say(&mut stream, verdict(diwan_protocol::run::Decision::Allow)).await;
        say(&mut stream, FromCommand::Started(0)).await;
        say(&mut stream, piece(1, 4, b"two three")).await;
        say(&mut stream, ended(Outcome::Exited(0), 13, 0)).await;
        let over = becomes(&server, &owner, &begun, "ended").await;
        assert_eq!(output(&owner, &begun, 1, 0).await.text, "one two three");
        assert!(over["started_at"].as_str() >= over["issued_at"].as_str(), "no earlier than it was asked: {over}");
        machine.forgets(text(&begun, "id")).await;
        assert_eq!(audit(&owner, "command.end").await.len(), 1);
    }

    async fn a_machine_that_is_put_out_leaves_nothing_open(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["sleep", "9"])).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        say(&mut sent.stream, piece(1, 0, b"half")).await;
        becomes(&server, &owner, &begun, "running").await;
        while look(&owner, &begun).await["output_bytes"] != 4 {
            tokio::task::yield_now().await;
        }
        let revoked = owner.post(&format!("/api/v1/machines/{}/revoke", machine.id()), json!({})).await;
        assert!(revoked.status.is_success(), "{}", revoked.text);
        let over = becomes(&server, &owner, &begun, "unknown").await;
        assert_eq!((&over["problem"]["code"], &over["output_bytes"]), (&json!("machine_revoked"), &json!(4)));
        let gone = owner.post("/api/v1/commands", exec(&machine.id(), &["true"])).await;
        assert_eq!(gone.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", gone.text);
    }
}
