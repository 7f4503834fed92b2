//! Join tokens: each lets one machine in, once, for a short time, and is written down nowhere.

use std::path::Path;
use std::time::Duration;

use diwan_protocol::join::JoinAnswer;
use diwan_testkit::{Backend, Person, TestServer, on_every_backend};
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::bridge::{Bridge, dial};
use super::{joined, line, machine, text};

/// Why a machine was not let join.
fn refused(answer: JoinAnswer) -> String {
    match answer {
        JoinAnswer::Refused(refused) => refused.code,
        JoinAnswer::Joined(joined) => panic!("{} joined", joined.machine),
    }
}

async fn try_to_join(server: &TestServer, line: &Value) -> String {
    refused(Bridge::new(server, text(line, "fingerprint")).join(text(line, "token")).await)
}

async fn count(owner: &Person) -> usize {
    owner.get("/api/v1/machines").await.expect(StatusCode::OK)["items"].as_array().map_or(0, Vec::len)
}

/// Whether any file below this holds the text.
fn is_written(below: &Path, text: &str) -> bool {
    std::fs::read_dir(below).expect("a directory").flatten().any(|entry| match entry.path() {
        path if path.is_dir() => is_written(&path, text),
        path => std::fs::read(path).is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes())),
    })
}

on_every_backend! {
    async fn f61_of_fifty_who_use_one_token_at_once_exactly_one_wins(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let line = line(&owner, "box").await;
        let clients = (0..50).map(async |_| Bridge::new(&server, text(&line, "fingerprint")).join(text(&line, "token")).await);
        let answers = join_all(clients).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| matches!(answer, JoinAnswer::Joined(_)));
        assert_eq!((won.len(), lost.len()), (1, 49));
        assert!(lost.into_iter().map(refused).all(|code| code == "token_used"));
        assert_eq!(count(&owner).await, 1);
        let entries = owner.get("/api/v1/audit?action=machine.join&outcome=ok").await.expect(StatusCode::OK);
        assert_eq!(entries["items"].as_array().map(Vec::len), Some(1), "{entries}");
    }

    async fn f61_who_lost_the_answer_gets_it_again_with_the_same_key_and_nobody_else(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let line = line(&owner, "box").await;
        let token = text(&line, "token");
        let mut bridge = Bridge::new(&server, text(&line, "fingerprint"));
        let JoinAnswer::Joined(first) = bridge.join(token).await else { panic!("it joins") };
        let JoinAnswer::Joined(again) = bridge.join(token).await else { panic!("it asks again") };
        assert_eq!(first.machine, again.machine);
        assert_ne!(first.chain[0], again.chain[0]);
        bridge.connect().await.expect("the second answer is as good");
        assert_eq!(try_to_join(&server, &line).await, "token_used");
        let entries = owner.get("/api/v1/audit?action=machine.join&outcome=denied").await.expect(StatusCode::OK);
        assert_eq!(entries["items"][0]["error"], "token_used");
        server.advance(Duration::from_secs(15 * 60 + 1));
        assert_eq!(refused(bridge.join(token).await), "token_expired");
        assert_eq!(count(&owner).await, 1);
    }

    async fn f62_a_token_that_is_old_withdrawn_or_made_up_joins_nobody(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut lines = vec![];
        for name in ["old", "gone", "good"] {
            lines.push(line(&owner, name).await);
            server.advance(Duration::from_secs(1));
        }
        let [old, withdrawn, good]: [Value; 3] = lines.try_into().expect("three");
        let path = format!("/api/v1/join-tokens/{}", text(&withdrawn, "id"));
        owner.delete(&path).await.expect(StatusCode::NO_CONTENT);
        owner.delete(&path).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(owner.get(&path).await.json["state"], "withdrawn");
        assert_eq!(try_to_join(&server, &withdrawn).await, "token_unknown");
        for made_up in ["", "djt_", &text(&good, "token")[..55], &text(&good, "token").to_uppercase(), text(&good, "id")] {
            let mut bridge = Bridge::new(&server, text(&good, "fingerprint"));
            assert_eq!(refused(bridge.join(made_up).await), "token_unknown", "{made_up}");
        }
        server.advance(Duration::from_secs(15 * 60));
        assert_eq!(try_to_join(&server, &old).await, "token_expired");
        let list = owner.get("/api/v1/join-tokens?limit=2").await.expect(StatusCode::OK);
        assert_eq!((&list["items"][0]["name"], &list["items"][0]["state"]), (&json!("good"), &json!("expired")));
        let cursor = text(&list, "next_cursor");
        let rest = owner.get(&format!("/api/v1/join-tokens?cursor={cursor}")).await.expect(StatusCode::OK);
        assert_eq!(rest["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(count(&owner).await, 0);
    }

    async fn f62_a_token_is_written_down_nowhere(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let line = line(&owner, "box").await;
        let token = text(&line, "token").to_owned();
        Bridge::new(&server, text(&line, "fingerprint")).join(&token).await;
        try_to_join(&server, &line).await;
        for path in ["/api/v1/join-tokens", "/api/v1/machines", "/api/v1/audit"] {
            assert!(!owner.get(path).await.text.contains(&token), "{path}");
        }
        let rows = server.product().db.query("SELECT name, hash FROM fleet_join_token", vec![]).await.expect("rows");
        assert_eq!(rows.len(), 1);
        assert!(!is_written(server.dir(), &token));
        assert!(backend == Backend::Postgresql || is_written(server.dir(), "fleet_join_token"), "it looks where data is");
    }

    async fn of_two_lines_for_one_name_the_second_is_told_so(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let (first, second) = (line(&owner, "box").await, line(&owner, "box").await);
        Bridge::new(&server, text(&first, "fingerprint")).join(text(&first, "token")).await;
        assert_eq!(try_to_join(&server, &second).await, "name_taken");
        let again = owner.post("/api/v1/join-tokens", json!({"name": "box"})).await;
        assert_eq!(again.problem(), "machine_name_taken");
        // The token was not spent: under another name it would have been good.
        let state = owner.get(&format!("/api/v1/join-tokens/{}", text(&second, "id"))).await;
        assert_eq!(state.expect(StatusCode::OK)["state"], "waiting");
    }

    async fn while_the_vault_is_sealed_nobody_joins_and_who_is_there_stays(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut bridge = joined(&server, &owner, "box").await;
        let connection = bridge.connect().await.expect("it connects");
        owner.post("/api/v1/vault/seal", json!({})).await.expect(StatusCode::NO_CONTENT);
        let refused = dial(server.address(), bridge.joining()).await.expect_err("nobody comes in");
        assert!(refused.contains("503"), "{refused}");
        assert_eq!(owner.post("/api/v1/join-tokens", json!({"name": "b"})).await.problem(), "vault_sealed");
        assert_eq!(machine(&owner, &bridge).await["state"], "online");
        owner.post("/api/v1/vault/unseal", json!({})).await.expect(StatusCode::NO_CONTENT);
        drop(connection);
        bridge.connect().await.expect("the authority is the same");
    }

    async fn the_authority_outlives_the_server(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut bridge = joined(&server, &owner, "box").await;
        let server = server.restart().await;
        bridge.address = server.address();
        let connection = bridge.connect().await.expect("it comes back");
        assert_eq!(connection.welcome.keys, bridge.joined.as_ref().expect("it has joined").keys);
    }
}
