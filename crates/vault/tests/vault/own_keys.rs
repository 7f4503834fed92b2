//! The control plane's own keys: made once, the same ever after, and behind none of the doors.

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, Problem, params};
use diwan_testkit::{Backend, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;
use zeroize::Zeroizing;

use super::bring;
use super::sealing::{rotated, sign_in};

const NAME: &str = "diwan/a-test";

async fn own_key(server: &TestServer, fresh: &str) -> Result<String, Problem> {
    let fresh = Zeroizing::new(fresh.as_bytes().to_vec());
    let key = server.product().vault.own_key(NAME, || Ok(fresh)).await?;
    Ok(String::from_utf8(key.to_vec()).expect("text"))
}

async fn kept(server: &TestServer) -> String {
    own_key(server, "another one").await.expect("it is there")
}

async fn edit(server: &TestServer, sql: &'static str) {
    let db = &server.product().db;
    let mut tx = db.begin(&Ctx::system(db.world(), "an intruder")).await.expect("a unit of work");
    assert!(tx.execute(sql, params![]).await.expect("the statement runs") > 0, "{sql} touched nothing");
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await.expect("it is saved");
}

on_every_backend! {
    async fn a_key_is_made_once_and_outlives_rotation_and_restart(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        assert_eq!(own_key(&server, "the first one").await.expect("it is made"), "the first one");
        assert_eq!(kept(&server).await, "the first one");
        owner.post("/api/v1/vault/rotate-master-key", json!({"guard": "key_file"})).await.expect(StatusCode::ACCEPTED);
        rotated(&server, &owner).await;
        assert_eq!(kept(&server).await, "the first one");
        let forgotten = owner.post("/api/v1/vault/forget-retired-keys", json!({})).await;
        assert!(forgotten.status.is_success(), "{}", forgotten.text);
        let server = server.restart().await;
        let owner = sign_in(&server).await;
        assert_eq!(kept(&server).await, "the first one", "the new master key opens it, and the old one is gone");
        assert_eq!(owner.post("/api/v1/vault/verify", json!({})).await.json["ok"], true);
    }

    async fn a_sealed_vault_keeps_it_to_itself(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        own_key(&server, "the first one").await.expect("it is made");
        owner.post("/api/v1/vault/seal", json!({})).await.expect(StatusCode::NO_CONTENT);
        let refused = own_key(&server, "another one").await.expect_err("it is sealed");
        assert_eq!(refused.code(), "vault_sealed");
        owner.post("/api/v1/vault/unseal", json!({})).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(kept(&server).await, "the first one");
    }

    async fn no_door_leads_to_it(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        own_key(&server, "the first one").await.expect("it is made");
        for query in ["", "?search=diwan", "?name=diwan/a-test", "?search=a-test"] {
            let listed = owner.get(&format!("/api/v1/secrets{query}")).await.expect(StatusCode::OK);
            assert_eq!(listed["items"], json!([]), "{query}");
        }
        let reserved = |answer: diwan_testkit::Answer| {
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
            assert_eq!(answer.json["errors"][0]["code"], "name_reserved", "{}", answer.text);
        };
        let secret = json!({"name": NAME, "kind": "password", "value": "mine now"});
        reserved(owner.post("/api/v1/secrets", secret.clone()).await);
        reserved(owner.post("/api/v1/secrets/import", json!({"secrets": [secret]})).await);
        let id = bring(&owner, "a", "the value of a").await;
        reserved(owner.patch(&format!("/api/v1/secrets/{id}"), json!({"name": NAME})).await);
        // Nor by the id that it is wrapped under.
        let rows = server.product().db.query("SELECT id FROM vault_own_key WHERE name = $1", params![NAME]).await;
        let inside: String = rows.expect("it is there")[0].get("id").expect("an id");
        let path = format!("/api/v1/secrets/{inside}");
        assert_eq!(owner.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(owner.delete(&path).await.status, StatusCode::NOT_FOUND);
        for (door, body) in [
            ("reveal", json!({"reason": "a test"})),
            ("break-glass", json!({"reason": "a test of the door"})),
            ("versions", json!({"value": "mine now"})),
            ("rotate", json!({})),
        ] {
            assert_eq!(owner.post(&format!("{path}/{door}"), body).await.status, StatusCode::NOT_FOUND, "{door}");
        }
        let refused = owner.patch("/api/v1/settings", json!({"changes": {"mail.password": {"secret": NAME}}})).await;
        assert!(refused.status.is_client_error(), "no setting reads it: {}", refused.text);
        assert_eq!(kept(&server).await, "the first one");
    }

    async fn rows_that_were_swapped_do_not_open(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        own_key(&server, "the first one").await.expect("it is made");
        let fresh = Zeroizing::new(b"the other".to_vec());
        server.product().vault.own_key("diwan/another", || Ok(fresh)).await.expect("it is made");
        edit(&server, "UPDATE vault_own_key SET name = 'diwan/gone' WHERE name = 'diwan/a-test'").await;
        edit(&server, "UPDATE vault_own_key SET name = 'diwan/a-test' WHERE name = 'diwan/another'").await;
        let refused = own_key(&server, "another one").await.expect_err("it is another's");
        assert_eq!(refused.code(), "secret_tampered");
        let found = owner.post("/api/v1/vault/verify", json!({})).await.expect(StatusCode::OK);
        let fault = |name| json!({"about": "own_key", "id": "", "name": name, "version": null, "kind": "does_not_open"});
        assert_eq!(found["faults"], json!([fault(NAME), fault("diwan/gone")]));
    }

    async fn of_many_that_need_it_first_all_have_the_same(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        let server = &server;
        let asked = (0..32).map(|number| async move {
            own_key(server, &format!("of {number}")).await.expect("it is made")
        });
        let made = futures::future::join_all(asked).await;
        assert!(made.iter().all(|key| *key == made[0]), "{made:?}");
    }

    async fn whoever_starts_over_has_new_ones(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        own_key(&server, "the first one").await.expect("it is made");
        std::fs::remove_file(server.dir().join("data/keys/vault.key")).expect("it can be removed");
        let server = server.restart().await;
        let owner = sign_in(&server).await;
        owner.post("/api/v1/vault/start-over", json!({"guard": "key_file"})).await.expect(StatusCode::OK);
        assert_eq!(own_key(&server, "the second one").await.expect("it is made"), "the second one");
    }
}

#[tokio::test]
async fn of_two_servers_that_make_it_at_once_both_have_the_same() {
    let (one, owner) = TestServer::builder().on(Backend::Postgresql).owned().await;
    let other = one.twin().await;
    let made = tokio::join!(own_key(&one, "of one"), own_key(&other, "of the other"), own_key(&one, "of one again"));
    let made = [made.0, made.1, made.2].map(|key| key.expect("it is made"));
    assert!(made.iter().all(|key| *key == made[0]), "{made:?}");
    let entries = owner.get("/api/v1/audit?action=vault.make_own_key").await.expect(StatusCode::OK);
    let of_this = entries["items"].as_array().expect("entries").iter().filter(|entry| entry["resource"]["id"] == NAME);
    assert_eq!(of_this.count(), 1, "{entries}");
}
