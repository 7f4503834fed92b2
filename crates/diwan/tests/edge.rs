//! What the edge promises, told through the whole product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

use std::time::Duration;

use diwan_testkit::{Person, TestServer, on_every_backend};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn invite(owner: &Person, email: &str, key: &str) -> diwan_testkit::Answer {
    let body = json!({"email": email, "role": "viewer"});
    owner.send(Method::POST, "/api/v1/invitations", Some(body), &[("idempotency-key", key)]).await
}

async fn invitations(owner: &Person) -> usize {
    let page = owner.get("/api/v1/invitations").await.expect(StatusCode::OK);
    page["items"].as_array().expect("items").len()
}

on_every_backend! {
    async fn a_repeated_invitation_is_one_invitation_whose_link_is_shown_once(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let first = invite(&owner, "amina@example.org", "k1").await.expect(StatusCode::CREATED);
        let second = invite(&owner, "amina@example.org", "k1").await;
        assert_eq!(second.headers["idempotency-replayed"], "true");
        assert_eq!((second.status, second.problem()), (StatusCode::CONFLICT, "idempotency_secret_not_kept"));
        assert!(!second.text.contains(first["link"].as_str().expect("a link")));
        assert_eq!(invite(&owner, "other@example.org", "k1").await.problem(), "idempotency_key_reused");
        assert_eq!(invitations(&owner).await, 1);
        server.stop().await;
    }

    async fn of_invitations_at_the_same_moment_with_one_key_one_is_made(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let all = futures::future::join_all((0..8).map(|_| invite(&owner, "amina@example.org", "k"))).await;
        let made = all.iter().filter(|a| a.status == StatusCode::CREATED).count();
        assert_eq!(made, 1);
        for answer in all.iter().filter(|a| a.status != StatusCode::CREATED) {
            assert!(["idempotency_key_in_progress", "idempotency_secret_not_kept"].contains(&answer.problem()));
        }
        assert_eq!(invitations(&owner).await, 1);
        server.stop().await;
    }

    async fn a_write_whose_answer_was_lost_with_the_server_is_told_so_and_not_done_again(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        invite(&owner, "amina@example.org", "k1").await.expect(StatusCode::CREATED);
        // As a server leaves it that dies between the write and the keeping of its answer.
        let ctx = diwan_kernel::Ctx::system(&server.product().world, "test");
        let mut tx = server.product().db.begin(&ctx).await.expect("a unit of work");
        let sql = "UPDATE idempotency SET status = NULL, headers = NULL, answer = NULL";
        assert_eq!(tx.execute(sql, vec![]).await.expect("it is changed"), 1);
        tx.commit_unrecorded(diwan_kernel::db::Unrecorded::Bookkeeping).await.expect("it is saved");
        if server.product().db.engine() == "postgresql" {
            // Another node could still be at work on it, but not for longer than a request may take.
            assert_eq!(invite(&owner, "amina@example.org", "k1").await.problem(), "idempotency_key_in_progress");
            server.advance(std::time::Duration::from_secs(45));
        }
        let again = invite(&owner, "amina@example.org", "k1").await;
        assert_eq!((again.status, again.problem()), (StatusCode::CONFLICT, "idempotency_answer_lost"));
        assert_eq!(invite(&owner, "other@example.org", "k1").await.problem(), "idempotency_key_reused");
        assert_eq!(invitations(&owner).await, 1);
        assert_eq!(invite(&owner, "amina@example.org", "k2").await.problem(), "already_invited");
        server.stop().await;
    }

    async fn a_replayed_answer_survives_a_restart(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let rename = async |person: &Person| {
            let (name, key) = (json!({"name": "Omar Two"}), [("idempotency-key", "k1")]);
            person.send(Method::PATCH, "/api/v1/me", Some(name), &key).await
        };
        let first = rename(&owner).await.expect(StatusCode::OK);
        let server = server.restart().await;
        let cookie = owner.cookie("diwan_session").expect("a session");
        let again = server.visitor();
        again.set_cookie("diwan_session", &cookie);
        let second = rename(&again).await;
        assert_eq!(second.headers["idempotency-replayed"], "true");
        assert_eq!(second.expect(StatusCode::OK), first);
        server.stop().await;
    }

    async fn it_is_ready_and_says_how_it_is(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        assert_eq!(owner.get("/readyz").await.expect(StatusCode::OK)["status"], "ready");
        let status = owner.get("/api/v1/status").await.expect(StatusCode::OK);
        assert_eq!(status["database"]["healthy"], true);
        assert!(status["database"]["schema_version"].as_i64().unwrap() >= 3);
        assert!(status["database"]["size_bytes"].as_i64().unwrap() > 0);
        assert_eq!(status["people"]["total"], 1);
        server.stop().await;
    }

    async fn the_live_feed_of_somebody_ends_with_their_session(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let amina = server.invite(&owner, "Amina", "admin").await;
        let mut feed = open_feed(&server, &amina).await;
        let me = amina.get("/api/v1/me").await.expect(StatusCode::OK);
        let path = format!("/api/v1/users/{}/sessions", me["user"]["id"].as_str().unwrap());
        owner.delete(&path).await.expect(StatusCode::OK);
        assert_eq!(close_code(&mut feed).await, 4401);
        server.stop().await;
    }

    async fn a_refusal_is_in_the_audit_trail(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let viewer = server.invite(&owner, "Vera", "viewer").await;
        assert_eq!(viewer.get("/api/v1/users").await.problem(), "not_allowed");
        // It is written down after the answer.
        server.recorded("request.refuse", 1).await;
        let page = owner.get("/api/v1/audit?action=request.refuse").await.expect(StatusCode::OK);
        let found = &page["items"][0];
        assert_eq!((&found["outcome"], &found["error"]), (&"denied".into(), &"not_allowed".into()), "{found}");
        assert_eq!(found["resource"]["id"], "list_users");
        assert_eq!(found["actor"]["name"], "Vera");
        server.stop().await;
    }
}

/// In real time and over real sockets, what the crate's own tests do with a clock they hold.
#[tokio::test]
async fn slow_clients_are_closed() {
    let server = TestServer::builder().start().await;
    let body = "POST /api/v1/auth/magic-link HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
Content-Length: 1000\r\n\r\n{";
    let forms = [("", ""), ("GET / HTTP/1.1\r\nHo", ""), ("GET / HTTP/1.1\r\n", "a"), (body, ""), (body, " ")];
    // How soon is stated by the crate's own tests; here it must happen at all.
    futures::future::join_all(forms.into_iter().map(|(start, drip)| closed(&server, start, drip))).await;
    server.stop().await;
}

async fn closed(server: &TestServer, start: &str, drip: &str) {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(start.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let reading = async {
        let mut bytes = [0; 4096];
        while matches!(reader.read(&mut bytes).await, Ok(1..)) {}
    };
    // A slow client is slow: the pauses are what it does, nothing waits for them to be long enough.
    let dripping = async {
        loop {
            tokio::time::sleep(Duration::from_secs(2)).await;
            let _ = writer.write_all(drip.as_bytes()).await;
        }
    };
    tokio::select! { () = reading => {}, () = dripping => {} }
}

/// Opens the live feed by hand and waits for its greeting.
async fn open_feed(server: &TestServer, person: &Person) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let cookie = person.cookie("diwan_session").expect("a session");
    let request = format!(
        "GET /api/v1/live HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nCookie: diwan_session={cookie}\r\n\
Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = String::new();
    while !seen.contains("\"hello\"") {
        let mut bytes = [0; 1024];
        let read = stream.read(&mut bytes).await.unwrap();
        assert!(read > 0, "{seen}");
        seen.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    assert!(seen.starts_with("HTTP/1.1 101"), "{seen}");
    stream
}

/// Reads frames until the server closes, and says with which code.
async fn close_code(stream: &mut TcpStream) -> u16 {
    loop {
        let (first, length) = (stream.read_u8().await.unwrap(), stream.read_u8().await.unwrap());
        let length = if length == 126 { stream.read_u16().await.unwrap() } else { length.into() };
        let mut payload = vec![0; length.into()];
        stream.read_exact(&mut payload).await.unwrap();
        if first == 0x88 {
            return u16::from_be_bytes([payload[0], payload[1]]);
        }
    }
}
