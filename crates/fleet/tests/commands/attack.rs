//! Machines that lie.

use diwan_protocol::control::ToBridge;
use diwan_protocol::run::{Decision, FromCommand, Outcome, Reason, Verdict};
use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::machine::{Asked, ended, piece, say, try_say, verdict};
use super::{Machine, ask, becomes, exec, look, output, run, text};

on_every_backend! {
    async fn a_machine_that_keeps_breaking_the_rules_is_not_listened_to(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["true"])).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        say(&mut sent.stream, piece(1, 0, b"abc")).await;
        // Each time it leaves something out, and each time it is asked for what is missing.
        try_say(&mut sent.stream, piece(1, 100, b"xyz")).await;
        let mut held = vec![];
        for _ in 0..3 {
            let (follow, mut stream) = machine.followed().await;
            assert_eq!((follow.output, follow.errors), (3, 0));
            try_say(&mut stream, piece(1, 100, b"xyz")).await;
            held.push(stream);
        }
        let over = becomes(&server, &owner, &begun, "unknown").await;
        assert_eq!((&over["problem"]["code"], &over["output_bytes"]), (&json!("machine_broke_rules"), &json!(3)));
        machine.forgets(text(&begun, "id")).await;
        assert_eq!(output(&owner, &begun, 1, 0).await.text, "abc");
    }

    async fn nothing_is_believed_before_its_time(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let early = [piece(1, 0, b"early"), FromCommand::Started(1), FromCommand::InputTaken(9), piece(7, 0, b"odd")];
        for message in early {
            let begun = run(&owner, exec("box", &["true"])).await;
            let mut sent = machine.sent().await;
            try_say(&mut sent.stream, message).await;
            let (follow, mut stream) = machine.followed().await;
            assert_eq!((follow.output, follow.input), (0, 0));
            say(&mut stream, verdict(Decision::Allow)).await;
            say(&mut stream, FromCommand::Started(1)).await;
            say(&mut stream, ended(Outcome::Exited(0), 0, 0)).await;
            let over = becomes(&server, &owner, &begun, "ended").await;
            assert_eq!((&over["output_bytes"], &over["input_bytes"]), (&json!(0), &json!(0)));
        }
    }

    async fn f100_garbage_is_no_message(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["true"])).await;
        let mut sent = machine.sent().await;
        for garbage in [&b"\xff\xff\xff\xff"[..], b"", b"\x82\x02\x81\xbf", &[0x9f; 4000]] {
            let _ = sent.stream.send(bytes::Bytes::copy_from_slice(garbage)).await;
            let (_, stream) = machine.followed().await;
            sent.stream = stream;
            if look(&owner, &begun).await["state"] != "sent" {
                break;
            }
            if garbage.is_empty() {
                break;
            }
        }
        say(&mut sent.stream, verdict(Decision::Allow)).await;
        say(&mut sent.stream, FromCommand::Started(1)).await;
        say(&mut sent.stream, ended(Outcome::Exited(0), 0, 0)).await;
        assert_eq!(becomes(&server, &owner, &begun, "ended").await["exit_code"], 0);
    }

    async fn f90_words_are_bounded_and_plain(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["true"])).await;
        let mut sent = machine.sent().await;
        let evil = "\u{1b}]52;c;aGk=\u{7}\u{202e}".repeat(800);
        let reasons = vec![Reason { code: evil.clone(), words: evil.clone() }; 18];
        let lie = Verdict { decision: Decision::Allow, rule: Some(evil.clone()), reasons, argv: vec![evil.clone(); 8] };
        say(&mut sent.stream, FromCommand::Verdict(lie)).await;
        say(&mut sent.stream, FromCommand::Started(i64::MAX)).await;
        let running = becomes(&server, &owner, &begun, "running").await;
        say(&mut sent.stream, ended(Outcome::OverLimit(evil), 0, 0)).await;
        let over = becomes(&server, &owner, &begun, "ended").await;
        for shown in [&running, &over] {
            let all = shown.to_string();
            assert!(all.len() < 64 * 1024, "{}", all.len());
            assert!(!all.contains("\\u001b") && !all.contains("\\u0007") && !all.contains('\u{202e}'), "{all}");
        }
        // Its clock says what it likes: a command did not begin later than now.
        assert!(over["started_at"].as_str() <= over["ended_at"].as_str(), "{over}");
        let audit = owner.get("/api/v1/audit?action=command.end").await;
        assert!(audit.text.len() < 16 * 1024 && !audit.text.contains("\\u001b"));
    }

    async fn f65_a_machine_has_no_say_in_commands_of_others(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut victim = Machine::connected(&server, &owner, "victim").await;
        let mut thief = Machine::joined(&server, &owner, "thief", &[]).await;
        let begun = run(&owner, exec("victim", &["true"])).await;
        let mut sent = victim.sent().await;
        sent.begin().await;
        let id = text(&begun, "id").to_owned();
        thief.connect_with(&server, |hello| hello.commands = vec![id.clone()]).await;
        assert_eq!(thief.connection().hear().await, ToBridge::Forget(vec![id]));
        // A command for another machine is not asked of this one, and its own go on.
        let own = run(&owner, exec("thief", &["true"])).await;
        let Asked::Run(mine) = thief.asked().await else { panic!("nothing is asked for") };
        assert_eq!(mine.command.id, text(&own, "id"));
        sent.end(0, 0, 0).await;
        assert_eq!(becomes(&server, &owner, &begun, "ended").await["exit_code"], 0);
        assert_eq!(look(&owner, &own).await["state"], "sent");
    }

    async fn an_end_that_tells_of_less_than_was_said_loses_nothing(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["true"])).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        say(&mut sent.stream, piece(1, 0, b"all of it")).await;
        say(&mut sent.stream, ended(Outcome::Exited(i32::MIN), 2, 0)).await;
        let over = becomes(&server, &owner, &begun, "ended").await;
        assert_eq!((&over["output_bytes"], &over["exit_code"]), (&json!(9), &json!(i32::MIN)));
        assert_eq!(output(&owner, &begun, 1, 0).await.text, "all of it");
    }

    async fn a_number_that_a_machine_makes_up_does_not_use_up_all(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        machine.connect_with(&server, |hello| hello.seen = u64::MAX).await;
        let begun = run(&owner, exec("box", &["true"])).await;
        let mut sent = machine.sent().await;
        assert_eq!(sent.command.sequence, 1);
        sent.begin().await;
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &begun, "ended").await;
    }

    async fn a_machine_that_breaks_every_stream_keeps_nobody_from_anything(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut bad = Machine::connected(&server, &owner, "bad").await;
        let mut good = Machine::connected(&server, &owner, "good").await;
        let begun = run(&owner, exec("bad", &["true"])).await;
        drop(bad.sent().await);
        for _ in 0..2 {
            drop(bad.followed().await);
        }
        let other = run(&owner, exec("good", &["true"])).await;
        let mut sent = good.sent().await;
        sent.begin().await;
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &other, "ended").await;
        assert_eq!(ask(&owner, &begun, "cancel", json!({})).await.status, StatusCode::NO_CONTENT);
        server.stop().await;
    }
}
