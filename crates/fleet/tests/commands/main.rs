//! Commands through the front door, on both databases, against a machine that does what a test says.
#![allow(missing_docs, reason = "stories, not an interface")]
#![allow(clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod approvals;
mod attack;
#[allow(dead_code, reason = "the stories about machines use all of it")]
#[path = "../fleet/bridge.rs"]
mod bridge;
mod carrying_out;
mod cut;
mod fan_out;
mod input;
mod kept;
mod looking;
mod machine;
mod many;
mod operations;
mod outputs;
mod rules;
mod ssh_keys;
mod variables;
mod waiting;
mod watching;

use diwan_testkit::{Answer, Person, TestServer};
use reqwest::StatusCode;
use serde_json::{Value, json};

pub(crate) use machine::Machine;

/// A text in an answer.
#[track_caller]
pub(crate) fn text<'a>(json: &'a Value, field: &str) -> &'a str {
    json[field].as_str().unwrap_or_else(|| panic!("no {field} in {json}"))
}

/// Asks for a program to be run on a machine.
pub(crate) fn exec(machine: &str, argv: &[&str]) -> Value {
    json!({"machine": machine, "operation": {"kind": "exec", "argv": argv, "root": "work"}})
}

/// Has a machine do something; gives the command.
pub(crate) async fn run(person: &Person, wanted: Value) -> Value {
    let batch = person.post("/api/v1/commands", wanted).await.expect(StatusCode::CREATED);
    batch["commands"][0].clone()
}

/// A command as it stands.
pub(crate) async fn look(person: &Person, command: &Value) -> Value {
    person.get(&format!("/api/v1/commands/{}", text(command, "id"))).await.expect(StatusCode::OK)
}

/// Waits until a command is in this state. The feed says when to look.
pub(crate) async fn becomes(server: &TestServer, person: &Person, command: &Value, state: &str) -> Value {
    let mut feed = server.product().events.listen(None).receiver;
    loop {
        let now = look(person, command).await;
        if now["state"] == state {
            return now;
        }
        feed.recv().await.expect("the feed goes on");
    }
}

/// What a command said on a channel, from a place on.
pub(crate) async fn output(person: &Person, command: &Value, channel: u8, from: u64) -> Answer {
    let id = text(command, "id");
    person.get(&format!("/api/v1/commands/{id}/output?channel={channel}&from={from}")).await
}

/// Asks something of a command.
pub(crate) async fn ask(person: &Person, command: &Value, what: &str, body: Value) -> Answer {
    person.post(&format!("/api/v1/commands/{}/{what}", text(command, "id")), body).await
}

/// What was written down about an action, newest first.
pub(crate) async fn audit(owner: &Person, action: &str) -> Vec<Value> {
    let found = owner.get(&format!("/api/v1/audit?action={action}")).await.expect(StatusCode::OK);
    found["items"].as_array().expect("items").clone()
}
