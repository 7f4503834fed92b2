//! The ways to prove oneself, through the front door, on both databases.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "stories, not an interface")]

mod authenticator;
mod fake_provider;
mod fake_smtp;
#[path = "../../src/factor/oidc/test_provider.rs"]
mod test_provider;

mod magic_link;
mod mail;
mod oidc;
mod passkey;
mod totp;

use diwan_testkit::{Answer, Person, TestServer};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// The password of everybody in these stories.
pub(crate) use diwan_testkit::server::PASSWORD;

/// Proves once more who somebody is.
pub(crate) async fn step_up(person: &Person) {
    let body = json!({"method": "password", "secret": PASSWORD});
    person.post("/api/v1/auth/step-up", body).await.expect(StatusCode::OK);
}

/// Signs in with a password, as a browser that was never here.
pub(crate) async fn sign_in(server: &TestServer, email: &str) -> (Person, Answer) {
    let visitor = server.visitor();
    let answer = visitor.post("/api/v1/auth/password", json!({"email": email, "password": PASSWORD})).await;
    (visitor, answer)
}

/// The mails in the outbox, once there are at least `least`.
pub(crate) async fn outbox(owner: &Person, least: usize) -> Vec<Value> {
    // Mails are written after the answer: each look is a request, so that this is no busy loop.
    for _ in 0..2_000 {
        let page = owner.get("/api/v1/outbox").await.expect(StatusCode::OK);
        let items = page["items"].as_array().unwrap().clone();
        if items.len() >= least {
            return items;
        }
    }
    panic!("there are fewer than {least} mails in the outbox");
}

/// What the audit trail says was done, newest first.
pub(crate) async fn actions(owner: &Person) -> Vec<(String, String)> {
    let page = owner.get("/api/v1/audit?limit=200").await.expect(StatusCode::OK);
    let text = |entry: &Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    page["items"].as_array().unwrap().iter().map(|e| (text(e, "action"), text(e, "outcome"))).collect()
}
