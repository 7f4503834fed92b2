//! The transit engine as a guard of the master key, with the fake of [`super::fake_hashicorp`].

use diwan_testkit::{Person, TestServer, on_every_backend};
use diwan_vault::Guard;
use reqwest::StatusCode;
use serde_json::json;

use super::fake_hashicorp::{FakeHashicorp, Whim};
use super::sealing::{rotated, sign_in, status};
use super::{bring, reveal, text, value};

async fn guarded(backend: diwan_testkit::Backend, guard: Guard) -> (FakeHashicorp, TestServer, Person) {
    let fake = FakeHashicorp::start().await;
    let transit = fake.transit();
    let builder = TestServer::builder().on(backend).config(|c| {
        c.vault.guard = guard;
        c.vault.transit = Some(transit);
    });
    let (server, owner) = builder.owned().await;
    (fake, server, owner)
}

async fn again(server: TestServer) -> (TestServer, Person) {
    let server = server.restart().await;
    let owner = sign_in(&server).await;
    (server, owner)
}

on_every_backend! {
    async fn the_first_start_sets_it_up_and_each_later_one_unseals_by_asking(backend) {
        let (fake, server, owner) = guarded(backend, Guard::Transit).await;
        let first = status(&owner).await;
        assert_eq!((&first["sealed"], &first["master_key"]["guard"]), (&json!(false), &json!("transit")));
        let id = bring(&owner, "a", "the first value").await;
        assert!(!server.dir().join("data/keys/vault.key").exists());
        let asked = fake.requests();
        let (_server, owner) = again(server).await;
        assert_eq!(fake.requests(), asked + 1);
        assert_eq!(status(&owner).await["master_key"]["id"], first["master_key"]["id"]);
        assert_eq!(value(&owner, &id).await, "the first value");
    }

    async fn while_the_engine_is_away_the_server_starts_sealed_and_unseals_when_it_is_back(backend) {
        let (fake, server, owner) = guarded(backend, Guard::Transit).await;
        let id = bring(&owner, "a", "the first value").await;
        fake.go_away().await;
        let (server, owner) = again(server).await;
        let sealed = status(&owner).await;
        assert_eq!((&sealed["sealed"], &sealed["why"]), (&json!(true), &json!("transit")));
        assert!(text(&sealed, "detail").contains("key service"), "{sealed}");
        assert_eq!(reveal(&owner, &id).await.problem(), "vault_sealed");
        let refused = owner.post("/api/v1/vault/unseal", json!({})).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::SERVICE_UNAVAILABLE, "unseal_failed"));
        fake.come_back().await;
        owner.post("/api/v1/vault/unseal", json!({})).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(value(&owner, &id).await, "the first value");
        // Also when it is there but sealed itself, or does not take our token any more.
        fake.be(Some(Whim::Sealed));
        let (server, owner) = again(server).await;
        assert_eq!(status(&owner).await["why"], "transit");
        fake.be(None);
        fake.write_token("of somebody else");
        let (server, owner) = again(server).await;
        assert_eq!(status(&owner).await["why"], "transit");
        fake.write_token("root-of-the-fake");
        let (_server, owner) = again(server).await;
        assert_eq!(value(&owner, &id).await, "the first value");
    }

    async fn with_another_key_in_the_engine_it_stays_sealed(backend) {
        let (fake, server, owner) = guarded(backend, Guard::Transit).await;
        let id = bring(&owner, "a", "the first value").await;
        fake.replace_transit_key();
        let (_server, owner) = again(server).await;
        assert_eq!(status(&owner).await["why"], "wrong_key");
        let refused = owner.post("/api/v1/vault/unseal", json!({})).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "unseal_failed"));
        assert_eq!(reveal(&owner, &id).await.problem(), "vault_sealed");
    }

    async fn without_the_engine_at_the_first_start_the_vault_is_set_up_later(backend) {
        let fake = FakeHashicorp::start().await;
        let transit = fake.transit();
        fake.go_away().await;
        let builder = TestServer::builder().on(backend).config(|c| {
            c.vault.guard = Guard::Transit;
            c.vault.transit = Some(transit);
        });
        let (_server, owner) = builder.owned().await;
        assert_eq!(status(&owner).await["why"], "not_initialised");
        let body = json!({"guard": "transit"});
        let refused = owner.post("/api/v1/vault/initialise", body.clone()).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::SERVICE_UNAVAILABLE, "vault_guard_failed"));
        fake.come_back().await;
        owner.post("/api/v1/vault/initialise", body).await.expect(StatusCode::NO_CONTENT);
        let id = bring(&owner, "a", "the first value").await;
        assert_eq!(value(&owner, &id).await, "the first value");
    }

    async fn the_master_key_moves_from_the_file_to_the_engine_and_back(backend) {
        let (fake, server, owner) = guarded(backend, Guard::KeyFile).await;
        let mut ids = vec![];
        for n in 0..120 {
            ids.push(bring(&owner, &format!("many/{n}"), &format!("value number {n}")).await);
        }
        owner.post("/api/v1/vault/rotate-master-key", json!({"guard": "transit"})).await.expect(StatusCode::ACCEPTED);
        rotated(&server, &owner).await;
        assert_eq!(status(&owner).await["master_key"]["guard"], "transit");
        let (server, owner) = again(server).await;
        assert_eq!(value(&owner, &ids[119]).await, "value number 119");
        // Nothing is begun that the engine has no part in.
        fake.be(Some(Whim::Sealed));
        let refused = owner.post("/api/v1/vault/rotate-master-key", json!({"guard": "transit"})).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::SERVICE_UNAVAILABLE, "vault_guard_failed"));
        assert_eq!(status(&owner).await["rotation"], json!(null));
        owner.post("/api/v1/vault/rotate-master-key", json!({"guard": "key_file"})).await.expect(StatusCode::ACCEPTED);
        rotated(&server, &owner).await;
        let asked = fake.requests();
        let (_server, owner) = again(server).await;
        assert_eq!(fake.requests(), asked);
        assert_eq!(status(&owner).await["master_key"]["guard"], "key_file");
        for (n, id) in ids.iter().enumerate() {
            assert_eq!(value(&owner, id).await, format!("value number {n}"));
        }
        let found = owner.post("/api/v1/vault/verify", json!({})).await.expect(StatusCode::OK);
        assert_eq!((&found["ok"], &found["values"]), (&json!(true), &json!(120)));
    }
}
