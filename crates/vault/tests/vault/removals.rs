//! What another vault has to remove while it is away: remembered over restarts, and done when it is back.

use diwan_testkit::{Backend, Person, TestServer, on_every_backend};
use diwan_vault::Dialect;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::fake_hashicorp::{FakeHashicorp, Whim};
use super::sealing::{sign_in, status};
use super::{text, value};

async fn with_other(backend: Backend, dialect: Dialect) -> (FakeHashicorp, TestServer, Person) {
    let fake = FakeHashicorp::start().await;
    let config = fake.with_token(dialect);
    let (server, owner) = TestServer::builder().on(backend).config(|c| c.vault.backends = vec![config]).owned().await;
    (fake, server, owner)
}

fn body(value: &str) -> Value {
    json!({"name": "git/a", "kind": "password", "backend": "other", "value": value, "overlap_hours": 0})
}

async fn create(owner: &Person, value: &str) -> String {
    text(&owner.post("/api/v1/secrets", body(value)).await.expect(StatusCode::CREATED), "id").to_owned()
}

async fn put(owner: &Person, id: &str, value: &str) {
    let body = json!({"value": value});
    owner.post(&format!("/api/v1/secrets/{id}/versions"), body).await.expect(StatusCode::CREATED);
}

async fn pending(owner: &Person) -> Value {
    status(owner).await["removals_pending"].clone()
}

on_every_backend! {
    async fn a_removed_secret_goes_there_too_when_the_other_vault_is_back(backend) {
        for dialect in [Dialect::Kv1, Dialect::Kv2] {
            let (fake, server, owner) = with_other(backend, dialect).await;
            let id = create(&owner, "value-one").await;
            put(&owner, &id, "value-two").await;
            fake.be(Some(Whim::Sealed));
            owner.delete(&format!("/api/v1/secrets/{id}")).await.expect(StatusCode::NO_CONTENT);
            assert_eq!(owner.get(&format!("/api/v1/secrets/{id}")).await.status, StatusCode::NOT_FOUND);
            assert_eq!(pending(&owner).await, 1);
            let server = server.restart().await;
            let owner = sign_in(&server).await;
            server.product().vault.look().await;
            assert!(fake.dump().contains("value-one") && fake.dump().contains("value-two"));
            assert_eq!(pending(&owner).await, 1);
            fake.be(None);
            server.product().vault.look().await;
            assert!(!fake.dump().contains("value-"), "{}", fake.dump());
            assert!(!fake.knows("diwan/git/a"));
            assert_eq!(pending(&owner).await, 0);
        }
    }

    async fn its_name_is_free_as_soon_as_the_other_vault_is_back(backend) {
        for dialect in [Dialect::Kv1, Dialect::Kv2] {
            let (fake, _server, owner) = with_other(backend, dialect).await;
            let id = create(&owner, "value-one").await;
            fake.be(Some(Whim::Sealed));
            owner.delete(&format!("/api/v1/secrets/{id}")).await.expect(StatusCode::NO_CONTENT);
            let refused = owner.post("/api/v1/secrets", body("value-two")).await;
            assert_eq!((refused.status, refused.problem()), (StatusCode::SERVICE_UNAVAILABLE, "backend_away"));
            fake.be(None);
            let id = create(&owner, "value-two").await;
            assert_eq!(value(&owner, &id).await, "value-two");
            assert!(!fake.dump().contains("value-one"));
            assert_eq!(pending(&owner).await, 0);
        }
    }

    async fn a_version_that_was_destroyed_goes_there_too(backend) {
        for dialect in [Dialect::Kv1, Dialect::Kv2] {
            let (fake, server, owner) = with_other(backend, dialect).await;
            let id = create(&owner, "value-one").await;
            put(&owner, &id, "value-two").await;
            fake.be(Some(Whim::Sealed));
            owner.delete(&format!("/api/v1/secrets/{id}/versions/1")).await.expect(StatusCode::NO_CONTENT);
            assert!(fake.dump().contains("value-one"));
            fake.be(None);
            server.product().vault.look().await;
            assert!(!fake.dump().contains("value-one") && fake.dump().contains("value-two"));
            assert_eq!(value(&owner, &id).await, "value-two");
            assert_eq!(pending(&owner).await, 0);
        }
    }

    async fn what_somebody_else_wrote_there_meanwhile_stays(backend) {
        let (fake, server, owner) = with_other(backend, Dialect::Kv2).await;
        let id = create(&owner, "value-one").await;
        fake.be(Some(Whim::Sealed));
        owner.delete(&format!("/api/v1/secrets/{id}")).await.expect(StatusCode::NO_CONTENT);
        fake.be(None);
        fake.write_behind("diwan/git/a", "of somebody else");
        server.product().vault.look().await;
        assert!(fake.dump().contains("of somebody else") && !fake.dump().contains("value-one"));
        assert_eq!(pending(&owner).await, 0);
    }
}
