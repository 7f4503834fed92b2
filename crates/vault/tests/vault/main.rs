//! Secrets through the front door, on both databases.
#![allow(missing_docs, reason = "stories, not an interface")]
#![allow(clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod bit_flips;
mod fake_hashicorp;
mod hooks;
mod keeper;
mod keepers;
mod leases;
mod own_keys;
mod policies;
mod real_vault;
mod removals;
mod rusty_vault;
mod sealing;
mod secrets;
mod several;
mod tampering;
mod transit;
mod vouched;

use diwan_testkit::Person;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// A text in an answer.
#[track_caller]
pub(crate) fn text<'a>(json: &'a Value, field: &str) -> &'a str {
    json[field].as_str().unwrap_or_else(|| panic!("no {field} in {json}"))
}

/// Brings a password in; says its id.
pub(crate) async fn bring(person: &Person, name: &str, value: &str) -> String {
    let body = json!({"name": name, "kind": "password", "value": value});
    let made = person.post("/api/v1/secrets", body).await.expect(StatusCode::CREATED);
    text(&made, "id").to_owned()
}

/// Takes a value out.
pub(crate) async fn reveal(person: &Person, id: &str) -> diwan_testkit::Answer {
    person.post(&format!("/api/v1/secrets/{id}/reveal"), json!({"reason": "a test"})).await
}

/// The value itself.
pub(crate) async fn value(person: &Person, id: &str) -> String {
    text(&reveal(person, id).await.expect(StatusCode::OK), "value").to_owned()
}
