//! Settings through the front door, on both databases.
#![allow(missing_docs, reason = "stories, not an interface")]
#![allow(clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod by_hand;
mod editing;
mod secrets;
mod versions;

use std::path::PathBuf;
use std::sync::Arc;

use diwan_kernel::events::Event;
use diwan_testkit::{Answer, Person, TestServer};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// The configuration file of a server.
pub(crate) fn file(server: &TestServer) -> PathBuf {
    server.dir().join("data").join("diwan.yaml")
}

/// What the configuration file says.
pub(crate) fn written(server: &TestServer) -> String {
    std::fs::read_to_string(file(server)).expect("a file")
}

/// Somebody writes the file by hand.
pub(crate) fn write(server: &TestServer, text: &str) {
    std::fs::write(file(server), text).expect("the file is written");
}

/// One setting as the API shows it.
pub(crate) async fn setting(person: &Person, name: &str) -> Value {
    let all = person.get("/api/v1/settings").await.expect(StatusCode::OK);
    let (section, key) = name.split_once('.').expect("a section and a key");
    let items = all["items"].as_array().expect("items");
    items.iter().find(|i| i["section"] == section && i["key"] == key).expect("the setting").clone()
}

/// Changes settings.
pub(crate) async fn change(person: &Person, changes: Value) -> Answer {
    person.patch("/api/v1/settings", json!({"changes": changes})).await
}

/// Reads the file now.
pub(crate) async fn reload(person: &Person) -> Answer {
    person.post("/api/v1/settings/reload", json!({})).await
}

/// What is said about each wrong field.
pub(crate) fn errors(answer: &Answer) -> Vec<(String, String, String)> {
    let text = |error: &Value, field: &str| error[field].as_str().unwrap_or_default().to_owned();
    let errors = answer.json["errors"].as_array().unwrap_or_else(|| panic!("no errors in {}", answer.text));
    errors.iter().map(|e| (text(e, "field"), text(e, "code"), text(e, "message"))).collect()
}

/// Waits until this event was announced so many times since the start.
pub(crate) async fn announced(server: &TestServer, name: &str, times: usize) {
    let events = &server.product().events;
    let mut listening = events.listen(Some((events.epoch(), 0)));
    let is_one = |event: &Arc<Event>| event.name == name;
    let mut seen = listening.missed.expect("the feed still has all events").into_iter().filter(is_one).count();
    while seen < times {
        seen += usize::from(is_one(&listening.receiver.recv().await.expect("the feed goes on")));
    }
}
