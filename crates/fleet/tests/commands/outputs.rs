//! Output on a disk that fails, and output that grew old.

use std::time::Duration;

use diwan_protocol::run::Outcome;
use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::machine::{ended, piece, say};
use super::{Machine, becomes, exec, look, output, run, text};

on_every_backend! {
    async fn f14_output_that_found_no_place_is_asked_for_again(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let outputs = server.dir().join("data/outputs");
        std::fs::write(&outputs, "in the way").expect("a file");
        let begun = run(&owner, exec("box", &["make"])).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        say(&mut sent.stream, piece(1, 0, b"all of it")).await;
        while look(&owner, &begun).await["problem"]["code"] != "output_lost" {
            tokio::task::yield_now().await;
        }
        std::fs::remove_file(&outputs).expect("it is gone");
        sent.end(0, 9, 0).await;
        let (follow, mut stream) = machine.followed().await;
        assert_eq!(follow.output, 0);
        say(&mut stream, piece(1, 0, b"all of it")).await;
        say(&mut stream, ended(Outcome::Exited(0), 9, 0)).await;
        let over = becomes(&server, &owner, &begun, "ended").await;
        assert_eq!((&over["problem"], &over["output_bytes"]), (&json!(null), &json!(9)));
        assert_eq!(output(&owner, &begun, 1, 0).await.text, "all of it");
    }

    async fn f14_a_disk_that_stays_full_loses_output_and_says_so(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        std::fs::write(server.dir().join("data/outputs"), "in the way").expect("a file");
        let begun = run(&owner, exec("box", &["make"])).await;
        let quiet = run(&owner, exec("box", &["true"])).await;
        let (mut sent, mut other) = (machine.sent().await, machine.sent().await);
        other.begin().await;
        other.end(0, 0, 0).await;
        sent.begin().await;
        say(&mut sent.stream, piece(1, 0, b"all of it")).await;
        sent.end(3, 9, 0).await;
        for _ in 0..3 {
            let (_, mut stream) = machine.followed().await;
            say(&mut stream, piece(1, 0, b"all of it")).await;
            say(&mut stream, ended(Outcome::Exited(3), 9, 0)).await;
            sent.stream = stream;
        }
        let over = becomes(&server, &owner, &begun, "ended").await;
        assert_eq!((&over["exit_code"], &over["problem"]["code"]), (&json!(3), &json!("output_lost")));
        assert_eq!(over["output_bytes"], 0);
        assert_eq!(becomes(&server, &owner, &quiet, "ended").await["problem"], json!(null), "nothing else breaks");
        machine.forgets(text(&begun, "id")).await;
    }

    async fn output_is_private_and_deleted_when_it_is_old(backend) {
        use std::os::unix::fs::PermissionsExt;
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["make"])).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        say(&mut sent.stream, piece(2, 0, b"old")).await;
        sent.end(0, 0, 3).await;
        becomes(&server, &owner, &begun, "ended").await;
        let dir = server.dir().join("data/outputs").join(text(&begun, "id"));
        for (path, mode) in [(dir.clone(), 0o700), (dir.join("2"), 0o600)] {
            assert_eq!(std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, mode, "{path:?}");
        }
        assert!(!dir.join("1").exists(), "nothing was said there");
        machine.cut(&server).await;
        server.advance(Duration::from_secs(31 * 24 * 60 * 60));
        let server = server.restart().await;
        let owner = server.visitor();
        let body = json!({"email": "owner@example.org", "password": diwan_testkit::server::PASSWORD});
        owner.post("/api/v1/auth/password", body).await.expect(StatusCode::OK);
        while dir.exists() || look(&owner, &begun).await["output_deleted_at"].is_null() {
            tokio::task::yield_now().await;
        }
        let gone = output(&owner, &begun, 2, 0).await;
        assert_eq!((gone.status, gone.problem()), (StatusCode::GONE, "output_deleted"));
    }
}
