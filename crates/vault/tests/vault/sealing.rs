//! Sealing, unsealing, and the change of the master key.

use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Person, TestServer, on_every_backend};
use diwan_vault::Guard;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{bring, reveal, text, value};

const PASSPHRASE: &str = "seven boats wait for the tide";

pub(crate) async fn sign_in(server: &TestServer) -> Person {
    let visitor = server.visitor();
    let body = json!({"email": "owner@example.org", "password": PASSWORD});
    visitor.post("/api/v1/auth/password", body).await.expect(StatusCode::OK);
    visitor
}

pub(crate) async fn status(person: &Person) -> Value {
    person.get("/api/v1/vault").await.expect(StatusCode::OK)
}

/// Waits until the rotation that is under way has ended. The feed says so.
pub(crate) async fn rotated(server: &TestServer, owner: &Person) {
    let mut feed = server.product().events.listen(None).receiver;
    while status(owner).await["rotation"] != Value::Null {
        feed.recv().await.expect("the feed goes on");
    }
}

/// Many rotations at once and one after the other, on several threads: the key file is read and then
/// replaced, and no key may get lost in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_rotations_that_begin_at_once_one_wins_and_no_key_is_lost() {
    let (mut server, mut owner) = TestServer::builder().owned().await;
    let id = bring(&owner, "a", "the first value").await;
    for _ in 0..12 {
        let rotate = || owner.post("/api/v1/vault/rotate-master-key", json!({"guard": "key_file"}));
        let answers = tokio::join!(rotate(), rotate(), rotate(), rotate());
        let answers = [answers.0, answers.1, answers.2, answers.3];
        assert!(answers.iter().any(|a| a.status == StatusCode::ACCEPTED));
        for lost in answers.iter().filter(|a| a.status != StatusCode::ACCEPTED) {
            assert_eq!(lost.problem(), "vault_rotation_under_way");
        }
        rotated(&server, &owner).await;
        server = server.restart().await;
        owner = sign_in(&server).await;
        assert_eq!(value(&owner, &id).await, "the first value");
    }
}

on_every_backend! {
    async fn a_sealed_vault_gives_nothing_and_everything_else_goes_on(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let id = bring(&owner, "a", "the first value").await;
        owner.post("/api/v1/vault/seal", json!({})).await.expect(StatusCode::NO_CONTENT);
        for refused in [
            reveal(&owner, &id).await,
            owner.post("/api/v1/secrets", json!({"name": "b", "kind": "password", "value": "xyz"})).await,
            owner.post(&format!("/api/v1/secrets/{id}/versions"), json!({"value": "xyz"})).await,
            owner.patch(&format!("/api/v1/secrets/{id}"), json!({"description": "x"})).await,
            owner.delete(&format!("/api/v1/secrets/{id}")).await,
            owner.post("/api/v1/vault/verify", json!({})).await,
        ] {
            assert_eq!((refused.status, refused.problem()), (StatusCode::SERVICE_UNAVAILABLE, "vault_sealed"));
        }
        assert_eq!(status(&owner).await["why"], "by_hand");
        let platform = owner.get("/api/v1/status").await.expect(StatusCode::OK);
        let told = platform["warnings"].as_array().expect("warnings").iter().find(|w| w["code"] == "vault_sealed");
        assert!(told.is_some_and(|w| text(w, "next").contains("diwan unseal")), "{platform}");
        assert_eq!(owner.get("/api/v1/secrets").await.json["items"].as_array().map(Vec::len), Some(1));
        // It stays sealed over a restart, although the key file is there.
        let server = server.restart().await;
        let owner = sign_in(&server).await;
        assert_eq!(status(&owner).await["sealed"], true);
        owner.post("/api/v1/vault/unseal", json!({})).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(value(&owner, &id).await, "the first value");
        let server = server.restart().await;
        let owner = sign_in(&server).await;
        assert_eq!(status(&owner).await["sealed"], false);
        let platform = owner.get("/api/v1/status").await;
        assert!(!platform.text.contains("vault_sealed"), "{}", platform.text);
    }

    async fn a_passphrase_unseals_and_a_wrong_one_is_slow_and_limited(backend) {
        let builder = TestServer::builder().on(backend).manual_clock();
        let (server, owner) = builder.config(|c| c.vault.guard = Guard::Passphrase).owned().await;
        assert_eq!(status(&owner).await["why"], "not_initialised");
        let short = owner.post("/api/v1/vault/initialise", json!({"guard": "passphrase", "passphrase": "too short"})).await;
        assert_eq!(short.json["errors"][0]["code"], "passphrase_unfit");
        for weak in ["aaaaaaaaaaaaaaaaaaaa", "abcdefghijklmnopqrst", "password123password123"] {
            let body = json!({"guard": "passphrase", "passphrase": weak});
            let refused = owner.post("/api/v1/vault/initialise", body).await;
            assert_eq!(refused.json["errors"][0]["code"], "passphrase_unfit", "{weak}");
        }
        let body = json!({"guard": "passphrase", "passphrase": PASSPHRASE});
        owner.post("/api/v1/vault/initialise", body.clone()).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(owner.post("/api/v1/vault/initialise", body.clone()).await.problem(), "vault_initialised_already");
        let id = bring(&owner, "a", "the first value").await;

        let other = server.invite(&owner, "Huda", "owner").await;
        other.post("/api/v1/vault/seal", json!({})).await.expect(StatusCode::NO_CONTENT);
        for _ in 0..5 {
            let wrong = other.post("/api/v1/vault/unseal", json!({"passphrase": "a boat that nobody waits for"})).await;
            assert_eq!(wrong.status, StatusCode::FORBIDDEN);
        }
        // Whoever guesses keeps nobody else out.
        assert_eq!(other.post("/api/v1/vault/unseal", json!({"passphrase": PASSPHRASE})).await.problem(), "too_many_passphrases");
        owner.post("/api/v1/vault/unseal", json!({"passphrase": PASSPHRASE})).await.expect(StatusCode::NO_CONTENT);

        let server = server.restart().await;
        let owner = sign_in(&server).await;
        assert_eq!(status(&owner).await["why"], "passphrase_needed");
        assert_eq!(reveal(&owner, &id).await.problem(), "vault_sealed");
        for _ in 0..5 {
            let wrong = owner.post("/api/v1/vault/unseal", json!({"passphrase": "seven boats wait for the tede"})).await;
            assert_eq!((wrong.status, wrong.problem()), (StatusCode::FORBIDDEN, "unseal_failed"));
        }
        let right = json!({"passphrase": PASSPHRASE});
        assert_eq!(owner.post("/api/v1/vault/unseal", right.clone()).await.problem(), "too_many_passphrases");
        server.advance(std::time::Duration::from_secs(61));
        owner.post("/api/v1/vault/unseal", right).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(value(&owner, &id).await, "the first value");
    }

    async fn the_master_key_is_rotated_to_another_guard_while_reading_goes_on(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut ids = vec![];
        for n in 0..250 {
            ids.push(bring(&owner, &format!("many/{n}"), &format!("value number {n}")).await);
        }
        let before = status(&owner).await["master_key"]["id"].clone();
        let body = json!({"guard": "passphrase", "passphrase": PASSPHRASE});
        owner.post("/api/v1/vault/rotate-master-key", body).await.expect(StatusCode::ACCEPTED);
        assert_eq!(value(&owner, &ids[7]).await, "value number 7");
        bring(&owner, "new/one", "made meanwhile").await;
        rotated(&server, &owner).await;
        let after = status(&owner).await;
        assert_eq!((&after["master_key"]["guard"], after["master_key"]["id"] == before), (&json!("passphrase"), false));
        let found = owner.post("/api/v1/vault/verify", json!({})).await.expect(StatusCode::OK);
        assert_eq!((&found["ok"], &found["values"]), (&json!(true), &json!(251)));

        // Nothing of what the earlier key wrapped is left; the key itself is, until somebody says so.
        assert_eq!(after["retired_keys"], 1);
        let forgotten = owner.post("/api/v1/vault/forget-retired-keys", json!({})).await.expect(StatusCode::OK);
        assert_eq!((&forgotten["forgotten"], &status(&owner).await["retired_keys"]), (&json!(1), &json!(0)));
        assert!(!server.dir().join("data/keys/vault.key").exists());
        // The guard stays what it is unless another one is asked for.
        let refused = owner.post("/api/v1/vault/rotate-master-key", json!({})).await;
        assert_eq!(refused.json["errors"][0]["code"], "passphrase_unfit");

        // The key file does not open it any more; the passphrase does.
        let server = server.restart().await;
        let owner = sign_in(&server).await;
        assert_eq!(status(&owner).await["why"], "passphrase_needed");
        owner.post("/api/v1/vault/unseal", json!({"passphrase": PASSPHRASE})).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(value(&owner, &ids[249]).await, "value number 249");
        let rotations = owner.get("/api/v1/vault/rotations").await.expect(StatusCode::OK);
        assert_eq!(rotations["items"][0]["done"], 250);
        assert_eq!(text(&rotations["items"][0], "from_key"), before.as_str().expect("an id"));
    }

    async fn a_rotation_that_was_interrupted_by_sealing_goes_on_after_unsealing(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut ids = vec![];
        for n in 0..350 {
            ids.push(bring(&owner, &format!("many/{n}"), &format!("value number {n}")).await);
        }
        owner.post("/api/v1/vault/rotate-master-key", json!({"guard": "key_file"})).await.expect(StatusCode::ACCEPTED);
        for _ in 0..3 {
            owner.post("/api/v1/vault/seal", json!({})).await.expect(StatusCode::NO_CONTENT);
            owner.post("/api/v1/vault/unseal", json!({})).await.expect(StatusCode::NO_CONTENT);
        }
        rotated(&server, &owner).await;
        let rotations = owner.get("/api/v1/vault/rotations").await.expect(StatusCode::OK);
        assert_eq!((&rotations["items"][0]["done"], &rotations["items"][0]["total"]), (&json!(350), &json!(350)));
        assert_eq!(value(&owner, &ids[349]).await, "value number 349");
        let found = owner.post("/api/v1/vault/verify", json!({})).await.expect(StatusCode::OK);
        assert_eq!((&found["ok"], &found["values"]), (&json!(true), &json!(350)));
    }

    async fn without_its_key_file_the_server_starts_and_says_so(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let id = bring(&owner, "a", "the first value").await;
        let file = server.dir().join("data/keys/vault.key");
        let kept = std::fs::read(&file).expect("the key file");
        std::fs::remove_file(&file).expect("it can be removed");
        let server = server.restart().await;
        let owner = sign_in(&server).await;
        let sealed = status(&owner).await;
        assert_eq!(sealed["why"], "key_file");
        assert!(text(&sealed, "detail").contains("vault.key"), "{sealed}");
        let refused = owner.post("/api/v1/vault/unseal", json!({})).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::SERVICE_UNAVAILABLE, "unseal_failed"));
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(&file, kept).expect("it can be put back");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
        owner.post("/api/v1/vault/unseal", json!({})).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(value(&owner, &id).await, "the first value");
    }

    async fn a_vault_whose_key_is_lost_is_given_up_and_begun_again(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let id = bring(&owner, "a", "the first value").await;
        let body = json!({"guard": "key_file"});
        let refused = owner.post("/api/v1/vault/start-over", body.clone()).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "vault_not_lost"));
        std::fs::remove_file(server.dir().join("data/keys/vault.key")).expect("it can be removed");
        let server = server.restart().await;
        let owner = sign_in(&server).await;
        assert_eq!(owner.get("/api/v1/secrets").await.json["items"][0]["name"], "a");
        let over = owner.post("/api/v1/vault/start-over", body).await.expect(StatusCode::OK);
        assert_eq!(over["removed"], 1);
        assert_eq!(reveal(&owner, &id).await.status, StatusCode::NOT_FOUND);
        let id = bring(&owner, "a", "the new value").await;
        assert_eq!(value(&owner, &id).await, "the new value");
        assert_eq!(owner.post("/api/v1/vault/verify", json!({})).await.json["ok"], true);
        let server = server.restart().await;
        let owner = sign_in(&server).await;
        assert_eq!(value(&owner, &id).await, "the new value");
    }

    async fn a_guard_that_is_not_set_up_is_refused_and_leaves_nothing_behind(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let file = server.dir().join("data/keys/vault.key");
        let before = std::fs::read(&file).expect("the key file");
        let refused = owner.post("/api/v1/vault/rotate-master-key", json!({"guard": "transit"})).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.json["errors"][0]["code"], "guard_not_set_up");
        let refused = owner.post("/api/v1/vault/initialise", json!({"guard": "key_file"})).await;
        assert_eq!(refused.problem(), "vault_initialised_already");
        assert_eq!(std::fs::read(&file).expect("the key file"), before);
    }
}

on_every_backend! {
    async fn a_passphrase_file_that_others_can_read_unseals_nothing(backend) {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("passphrase");
        std::fs::write(&file, PASSPHRASE).expect("it is written");
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("chmod");
        mode(0o600);
        let path = file.display().to_string();
        let builder = TestServer::builder().on(backend);
        let (server, owner) = builder.config(|c| (c.vault.guard, c.vault.passphrase_file) = (Guard::Passphrase, Some(path))).owned().await;
        let id = bring(&owner, "a", "the first value").await;
        mode(0o644);
        let server = server.restart().await;
        let owner = sign_in(&server).await;
        assert_eq!(status(&owner).await["why"], "passphrase_needed");
        mode(0o600);
        let server = server.restart().await;
        assert_eq!(value(&sign_in(&server).await, &id).await, "the first value");
    }
}

#[tokio::test]
async fn after_a_rotation_and_a_destruction_the_files_hold_nothing_of_what_was() {
    let (server, owner) = TestServer::builder().owned().await;
    let id = bring(&owner, "a", "the older value").await;
    owner
        .post(&format!("/api/v1/secrets/{id}/versions"), json!({"value": "the newer value"}))
        .await
        .expect(StatusCode::CREATED);
    let db = &server.product().db;
    let sql = "SELECT data_key, value FROM vault_version ORDER BY version";
    let rows = db.query(sql, vec![]).await.expect("the versions");
    let bytes = |row: usize, column: &str| rows[row].get::<Vec<u8>>(column).expect("bytes");
    let (keys, destroyed) = ([bytes(0, "data_key"), bytes(1, "data_key")], bytes(0, "value"));
    let is_there = |wanted: &[u8]| {
        ["diwan.db", "diwan.db-wal"].iter().any(|file| {
            let content = std::fs::read(server.dir().join("data").join(file)).unwrap_or_default();
            content.windows(wanted.len()).any(|found| found == wanted)
        })
    };
    assert!(keys.iter().all(|key| is_there(key)) && is_there(&destroyed));
    owner.delete(&format!("/api/v1/secrets/{id}/versions/1")).await.expect(StatusCode::NO_CONTENT);
    assert!(!is_there(&destroyed) && !is_there(&keys[0]));
    owner.post("/api/v1/vault/rotate-master-key", json!({})).await.expect(StatusCode::ACCEPTED);
    rotated(&server, &owner).await;
    // The log is emptied after the rotation was told to have ended.
    while is_there(&keys[1]) {
        tokio::task::yield_now().await;
    }
}
