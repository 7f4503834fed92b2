//! Machines through the front door, on both databases.
#![allow(missing_docs, reason = "stories, not an interface")]
#![allow(clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod attacks;
mod bridge;
mod identity;
mod joining;
mod succession;
mod tokens;

use diwan_protocol::join::JoinAnswer;
use diwan_testkit::{Person, TestServer};
use reqwest::StatusCode;
use serde_json::{Value, json};

use bridge::Bridge;

/// A text in an answer.
#[track_caller]
pub(crate) fn text<'a>(json: &'a Value, field: &str) -> &'a str {
    json[field].as_str().unwrap_or_else(|| panic!("no {field} in {json}"))
}

/// A line that joins a machine of this name.
pub(crate) async fn line(person: &Person, name: &str) -> Value {
    person.post("/api/v1/join-tokens", json!({"name": name})).await.expect(StatusCode::CREATED)
}

/// A machine that has joined.
pub(crate) async fn joined(server: &TestServer, person: &Person, name: &str) -> Bridge {
    let line = line(person, name).await;
    let mut bridge = Bridge::new(server, text(&line, "fingerprint"));
    let answer = bridge.join(text(&line, "token")).await;
    assert!(matches!(answer, JoinAnswer::Joined(_)), "{answer:?}");
    bridge
}

/// What is known of a machine.
pub(crate) async fn machine(person: &Person, bridge: &Bridge) -> Value {
    person.get(&path(bridge)).await.expect(StatusCode::OK)
}

/// Where a machine is found.
pub(crate) fn path(bridge: &Bridge) -> String {
    format!("/api/v1/machines/{}", bridge.joined.as_ref().expect("it has joined").machine)
}

/// Waits until a machine is in this state. The feed says when to look.
pub(crate) async fn becomes(server: &TestServer, person: &Person, bridge: &Bridge, state: &str) -> Value {
    let mut feed = server.product().events.listen(None).receiver;
    loop {
        let machine = machine(person, bridge).await;
        if machine["state"] == state {
            return machine;
        }
        feed.recv().await.expect("the feed goes on");
    }
}
