//! What a command is given to read.

use diwan_protocol::run::{FromCommand, Outcome, ToCommand};
use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::machine::{Sent, ended, hear, say};
use super::{Machine, ask, becomes, exec, look, run};

/// A command that takes input.
async fn begun(server: &TestServer, owner: &diwan_testkit::Person, machine: &mut Machine) -> (serde_json::Value, Sent) {
    let mut wanted = exec("box", &["cat"]);
    wanted["has_input"] = json!(true);
    let begun = run(owner, wanted).await;
    let mut sent = machine.sent().await;
    sent.begin().await;
    becomes(server, owner, &begun, "running").await;
    (begun, sent)
}

/// The next piece of input: its place and its text.
async fn next(stream: &mut diwan_link::Stream) -> (u64, String) {
    let ToCommand::Input(piece) = hear(stream).await else { panic!("input") };
    assert_eq!(piece.channel, 0);
    (piece.at, String::from_utf8(piece.bytes.to_vec()).expect("text"))
}

on_every_backend! {
    async fn input_is_given_once_and_its_end_is_told(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let (begun, mut sent) = begun(&server, &owner, &mut machine).await;
        let give = async |body| ask(&owner, &begun, "input", body).await;
        assert_eq!(give(json!({"bytes": "b25l"})).await.expect(StatusCode::OK)["given"], 3);
        assert_eq!(next(&mut sent.stream).await, (0, "one".into()));
        let twice = give(json!({"bytes": "b25lIHR3bw==", "at": 0})).await.expect(StatusCode::OK);
        assert_eq!((&twice["given"], &twice["taken"]), (&json!(7), &json!(0)));
        assert_eq!(next(&mut sent.stream).await, (3, " two".into()));
        let gap = give(json!({"bytes": "eA==", "at": 9})).await;
        assert_eq!((gap.status, gap.problem()), (StatusCode::CONFLICT, "input_gap"));
        give(json!({"ends": true})).await.expect(StatusCode::OK);
        assert_eq!(hear(&mut sent.stream).await, ToCommand::InputEnds);
        assert_eq!(give(json!({"bytes": "eA=="})).await.problem(), "input_ended");
        assert_eq!(give(json!({"bytes": "***"})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        say(&mut sent.stream, FromCommand::InputTaken(7)).await;
        say(&mut sent.stream, ended(Outcome::Exited(0), 0, 0)).await;
        assert_eq!(becomes(&server, &owner, &begun, "ended").await["input_bytes"], 7);
        assert_eq!(give(json!({"bytes": "eA=="})).await.problem(), "command_over");
    }

    async fn f31_input_that_was_not_taken_is_given_again_after_a_cut(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let (begun, mut sent) = begun(&server, &owner, &mut machine).await;
        ask(&owner, &begun, "input", json!({"bytes": "b25lIHR3bw==", "ends": true})).await.expect(StatusCode::OK);
        assert_eq!(next(&mut sent.stream).await, (0, "one two".into()));
        say(&mut sent.stream, FromCommand::InputTaken(4)).await;
        let mut taken = 0;
        while taken != 4 {
            taken = look(&owner, &begun).await["input_bytes"].as_u64().expect("a number");
            tokio::task::yield_now().await;
        }
        drop(sent);
        machine.cut(&server).await;
        machine.connect(&server).await;
        let (follow, mut stream) = machine.followed().await;
        assert_eq!(follow.input, 4);
        assert_eq!(next(&mut stream).await, (4, "two".into()));
        assert_eq!(hear(&mut stream).await, ToCommand::InputEnds);
    }

    async fn a_command_without_input_takes_none(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["true"])).await;
        let _sent = machine.sent().await;
        let refused = ask(&owner, &begun, "input", json!({"bytes": "eA=="})).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "no_input"));
    }

    async fn input_that_is_not_read_has_a_limit(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let (begun, mut sent) = begun(&server, &owner, &mut machine).await;
        let piece = "A".repeat(128 * 1024 / 3 * 4);
        let mut given = 0;
        while given + 131_070 <= 1024 * 1024 {
            let answer = ask(&owner, &begun, "input", json!({"bytes": piece})).await.expect(StatusCode::OK);
            given = answer["given"].as_u64().expect("a number");
        }
        let wait = ask(&owner, &begun, "input", json!({"bytes": piece}));
        let take = async {
            let mut heard = 0;
            while heard < given {
                let ToCommand::Input(piece) = hear(&mut sent.stream).await else { panic!("input") };
                heard += piece.bytes.len() as u64;
            }
            say(&mut sent.stream, FromCommand::InputTaken(heard)).await;
        };
        let (answer, ()) = tokio::join!(wait, take);
        assert_eq!(answer.expect(StatusCode::OK)["given"], given + 131_070, "it waits for room");
    }
}
