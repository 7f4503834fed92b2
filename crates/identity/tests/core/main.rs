//! People, sessions, tokens and invitations, through the front door, on both databases.
#![allow(missing_docs, reason = "stories, not an interface")]
#![allow(clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod api_tokens;
mod bodies;
mod device_login;
mod invitations;
mod lock_out;
mod password;
mod people;
mod profile;
mod refresh;
mod rescue;
mod second_factor;
mod sessions;
mod setup;
mod step_up;

use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Person, TestServer};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// Another password that is long enough and on no list.
pub(crate) const OTHER_PASSWORD: &str = "eleven green kites over water";

/// Proves once more who somebody is.
pub(crate) async fn step_up(person: &Person) {
    let body = json!({"method": "password", "secret": PASSWORD});
    person.post("/api/v1/auth/step-up", body).await.expect(StatusCode::OK);
}

/// Signs in with a password, as a browser that was never here.
pub(crate) async fn sign_in(server: &TestServer, email: &str) -> Person {
    let visitor = server.visitor();
    let body = json!({"email": email, "password": PASSWORD});
    visitor.post("/api/v1/auth/password", body).await.expect(StatusCode::OK);
    visitor
}

/// Signs in with a password, as a program.
pub(crate) async fn tokens(server: &TestServer, email: &str) -> Value {
    let body = json!({"email": email, "password": PASSWORD, "deliver": "tokens"});
    let answer = server.visitor().post("/api/v1/auth/password", body).await;
    answer.expect(StatusCode::OK)["tokens"].clone()
}

/// A text in an answer.
#[track_caller]
pub(crate) fn text<'a>(json: &'a Value, field: &str) -> &'a str {
    json[field].as_str().unwrap_or_else(|| panic!("no {field} in {json}"))
}

/// The id of whoever this is.
pub(crate) async fn id_of(person: &Person) -> String {
    let me = person.get("/api/v1/me").await.expect(StatusCode::OK);
    text(&me["user"], "id").to_owned()
}

/// The newest audit entry of this action.
pub(crate) async fn entry(owner: &Person, action: &str) -> Value {
    let page = owner.get(&format!("/api/v1/audit?action={action}&limit=1")).await.expect(StatusCode::OK);
    page["items"][0].clone()
}
