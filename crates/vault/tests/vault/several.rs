//! Two servers on one PostgreSQL: what one does to the master key or the seal, the other notices; it
//! never takes what is fine for something that was tampered with.

use std::path::Path;

use diwan_testkit::{Answer, Backend, Person, TestServer};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::leases::{HOUR, arranged, lend};
use super::sealing::{sign_in, status};
use super::{bring, reveal, value};

struct Two {
    one: TestServer,
    other: TestServer,
    at_one: Person,
    at_other: Person,
    _shared: tempfile::TempDir,
}

/// Two servers, with one key file for both or one for each.
async fn two(is_shared: bool) -> Two {
    let shared = tempfile::tempdir().expect("a directory");
    let file = shared.path().join("vault.key").display().to_string();
    let builder = TestServer::builder().on(Backend::Postgresql);
    let (one, at_one) = builder.config(|c| c.vault.key_file = is_shared.then_some(file)).owned().await;
    let other = one.twin().await;
    let at_other = sign_in(&other).await;
    Two { one, other, at_one, at_other, _shared: shared }
}

/// Waits until the rotation that is under way has ended, whichever server ends it. A feed tells of its own
/// server only, so it is asked again and again.
async fn rotated(person: &Person) {
    while status(person).await["rotation"] != Value::Null {
        tokio::task::yield_now().await;
    }
}

fn key_file(server: &TestServer) -> std::path::PathBuf {
    server.dir().join("data/keys/vault.key")
}

async fn try_to_rotate(owner: &Person) -> Answer {
    owner.post("/api/v1/vault/rotate-master-key", json!({"guard": "key_file"})).await
}

async fn rotate(owner: &Person) {
    try_to_rotate(owner).await.expect(StatusCode::ACCEPTED);
}

async fn is_sealed(person: &Person, id: &str, why: &str) {
    let refused = reveal(person, id).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (StatusCode::SERVICE_UNAVAILABLE, "vault_sealed"),
        "{}",
        refused.text
    );
    assert_eq!(status(person).await["why"], why);
}

fn copy_private(from: &Path, to: &Path) {
    std::fs::copy(from, to).expect("a copy, with its mode");
}

#[tokio::test]
async fn a_key_that_one_rotated_the_other_fetches() {
    let two = two(true).await;
    let mut ids = vec![];
    for n in 0..40 {
        ids.push(bring(&two.at_one, &format!("many/{n}"), &format!("value number {n}")).await);
    }
    assert_eq!(value(&two.at_other, &ids[7]).await, "value number 7");
    for round in 0..3 {
        // Each of them in turn; and whoever reads at the other meanwhile reads what is right.
        let pair = [&two.at_one, &two.at_other];
        let (rotator, reader) = (pair[round % 2], pair[(round + 1) % 2]);
        rotate(rotator).await;
        for (n, id) in ids.iter().enumerate() {
            assert_eq!(value(reader, id).await, format!("value number {n}"));
        }
        let made = bring(reader, &format!("new/{round}"), "made at the other").await;
        rotated(rotator).await;
        assert_eq!(value(rotator, &made).await, "made at the other");
        let (here, there) = (status(rotator).await, status(reader).await);
        assert_eq!((&there["master_key"]["id"], &there["sealed"]), (&here["master_key"]["id"], &json!(false)));
        let found = reader.post("/api/v1/vault/verify", json!({})).await.expect(StatusCode::OK);
        assert_eq!(found["ok"], true, "{found}");
    }
}

#[tokio::test]
async fn without_the_new_key_the_other_is_sealed_and_says_so_until_it_has_it() {
    let two = two(false).await;
    let id = bring(&two.at_one, "a", "the first value").await;
    assert_eq!(value(&two.at_other, &id).await, "the first value");
    rotate(&two.at_one).await;
    rotated(&two.at_one).await;
    is_sealed(&two.at_other, &id, "key_file").await;
    let refused = two.at_other.post("/api/v1/secrets", json!({"name": "b", "kind": "password", "value": "xyz"})).await;
    assert_eq!(refused.problem(), "vault_sealed");
    assert_eq!(value(&two.at_one, &id).await, "the first value");
    // Once somebody brings the key, nobody has to do anything else.
    copy_private(&key_file(&two.one), &key_file(&two.other));
    two.other.product().vault.look().await;
    assert_eq!(value(&two.at_other, &id).await, "the first value");
}

#[tokio::test]
async fn what_one_seals_is_sealed_at_the_other_and_opened_with_it() {
    let two = two(true).await;
    let id = bring(&two.at_one, "a", "the first value").await;
    for (person, also) in [(&two.at_one, &two.at_other), (&two.at_other, &two.at_one)] {
        person.post("/api/v1/vault/seal", json!({})).await.expect(StatusCode::NO_CONTENT);
        is_sealed(also, &id, "by_hand").await;
        is_sealed(person, &id, "by_hand").await;
        also.post("/api/v1/vault/unseal", json!({})).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(value(person, &id).await, "the first value");
        assert_eq!(value(also, &id).await, "the first value");
    }
}

/// Whichever way a value is asked for first, the seal is noticed before anything comes out.
#[tokio::test]
async fn what_one_seals_the_other_neither_lends_nor_gives_out_in_an_emergency() {
    let two = two(true).await;
    let id = arranged(&two.at_one).await;
    lend(&two.other, "mac_1", "git.clone", HOUR).await.expect("a lease");
    two.at_one.post("/api/v1/vault/seal", json!({})).await.expect(StatusCode::NO_CONTENT);
    let refused = lend(&two.other, "mac_1", "git.clone", HOUR).await.expect_err("it is sealed");
    assert_eq!(refused.code(), "vault_sealed");
    two.at_one.post("/api/v1/vault/unseal", json!({})).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(value(&two.at_other, &id).await, "a very quiet word");
    two.at_one.post("/api/v1/vault/seal", json!({})).await.expect(StatusCode::NO_CONTENT);
    let refused = two.at_other.post(&format!("/api/v1/secrets/{id}/break-glass"), json!({"reason": "a fire"})).await;
    assert_eq!((refused.status, refused.problem()), (StatusCode::SERVICE_UNAVAILABLE, "vault_sealed"));
}

#[tokio::test]
async fn a_rotation_that_one_began_and_left_the_other_ends() {
    let two = two(true).await;
    let mut ids = vec![];
    for n in 0..60 {
        ids.push(bring(&two.at_one, &format!("many/{n}"), &format!("value number {n}")).await);
    }
    rotate(&two.at_one).await;
    two.one.stop().await;
    two.other.product().vault.look().await;
    rotated(&two.at_other).await;
    let rotations = two.at_other.get("/api/v1/vault/rotations").await.expect(StatusCode::OK);
    assert_eq!((&rotations["items"][0]["done"], &rotations["items"][0]["total"]), (&json!(60), &json!(60)));
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(value(&two.at_other, id).await, format!("value number {n}"));
    }
}

#[tokio::test]
async fn keys_that_both_make_at_once_are_all_in_the_file() {
    let two = two(true).await;
    let id = bring(&two.at_one, "a", "the first value").await;
    for _ in 0..6 {
        let (one, other) = tokio::join!(try_to_rotate(&two.at_one), try_to_rotate(&two.at_other));
        let refusals = ["vault_rotation_under_way", "vault_guard_failed", "vault_key_changing"];
        for lost in [&one, &other].into_iter().filter(|a| a.status != StatusCode::ACCEPTED) {
            assert!(refusals.contains(&lost.problem()), "{}", lost.text);
        }
        rotated(&two.at_one).await;
        rotated(&two.at_other).await;
    }
    assert_eq!(value(&two.at_one, &id).await, "the first value");
    let one = two.one.restart().await;
    let owner = sign_in(&one).await;
    assert_eq!(status(&owner).await["why"], Value::Null);
    assert_eq!(value(&owner, &id).await, "the first value");
}
