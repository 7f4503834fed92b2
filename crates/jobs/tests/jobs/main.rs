//! Jobs through the front door, on both databases, against machines that do what a test says.
#![allow(missing_docs, reason = "stories, not an interface")]
#![allow(clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod artifact_copies;
mod artifacts;
#[allow(dead_code, reason = "the stories about machines use all of it")]
#[path = "../../../fleet/tests/fleet/bridge.rs"]
mod bridge;
mod changing;
mod dependencies;
mod light;
mod limits;
mod log;
mod lost;
#[allow(dead_code, reason = "the stories about commands use all of it")]
#[path = "../../../fleet/tests/commands/machine.rs"]
mod machine;
mod restarts;
mod schedules;
mod storage;
mod trying;
mod variables;
mod wanting;

use diwan_testkit::{Person, TestServer};
use reqwest::StatusCode;
use serde_json::{Value, json};

pub(crate) use machine::Machine;

/// A text in an answer.
#[track_caller]
pub(crate) fn text<'a>(json: &'a Value, field: &str) -> &'a str {
    json[field].as_str().unwrap_or_else(|| panic!("no {field} in {json}"))
}

/// A job that runs a program, with changes.
pub(crate) fn job(change: Value) -> Value {
    let mut wanted = json!({"operation": {"kind": "exec", "argv": ["true"], "root": "work"}});
    for (field, value) in change.as_object().expect("an object") {
        wanted[field] = value.clone();
    }
    wanted
}

/// Wants a job.
pub(crate) async fn want(person: &Person, wanted: Value) -> Value {
    person.post("/api/v1/jobs", wanted).await.expect(StatusCode::CREATED)
}

/// A job as it stands, with everything around it.
pub(crate) async fn look(person: &Person, job: &Value) -> Value {
    person.get(&format!("/api/v1/jobs/{}", text(job, "id"))).await.expect(StatusCode::OK)
}

/// Waits until a job is in this state. The feed says when to look.
pub(crate) async fn becomes(server: &TestServer, person: &Person, job: &Value, state: &str) -> Value {
    becomes_so(server, person, job, |now| now["state"] == state).await
}

/// Waits until something is true of a job.
pub(crate) async fn becomes_so(
    server: &TestServer,
    person: &Person,
    job: &Value,
    is_so: impl Fn(&Value) -> bool,
) -> Value {
    let mut feed = server.product().events.listen(None).receiver;
    loop {
        let now = look(person, job).await;
        if is_so(&now) {
            return now;
        }
        feed.recv().await.expect("the feed goes on");
    }
}

/// Asks something of a job.
pub(crate) async fn ask(person: &Person, job: &Value, what: &str, body: Value) -> diwan_testkit::Answer {
    person.post(&format!("/api/v1/jobs/{}/{what}", text(job, "id")), body).await
}

/// What was written down about an action, newest first.
pub(crate) async fn audit(owner: &Person, action: &str) -> Vec<Value> {
    let found = owner.get(&format!("/api/v1/audit?action={action}")).await.expect(StatusCode::OK);
    found["items"].as_array().expect("items").clone()
}

/// The titles of the jobs of a list.
pub(crate) async fn titles(person: &Person, query: &str) -> Vec<String> {
    let found = person.get(&format!("/api/v1/jobs?{query}")).await.expect(StatusCode::OK);
    found["items"].as_array().expect("items").iter().map(|job| text(job, "title").to_owned()).collect()
}
