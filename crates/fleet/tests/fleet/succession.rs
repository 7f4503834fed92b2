//! The change of the fleet's own keys: who is there learns the new ones, who was away learns them within thirty
//! days, and nobody believes what nobody vouched for.

use std::time::Duration;

use diwan_link::tls::Fingerprint;
use diwan_protocol::control::{FromBridge, ToBridge};
use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};

use super::bridge::{Bridge, Connection};
use super::{joined, line, text};

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn rotate(owner: &Person) -> Value {
    owner.post("/api/v1/fleet/rotate-keys", json!({})).await.expect(StatusCode::OK)
}

/// Moves the clock; the person signs in anew.
async fn later(server: &TestServer, owner: &mut Person, by: Duration) {
    server.advance(by);
    *owner = server.visitor();
    let body = json!({"email": "owner@example.org", "password": PASSWORD});
    owner.post("/api/v1/auth/password", body).await.expect(StatusCode::OK);
}

/// Does what a machine does that is told of new keys.
async fn learn(bridge: &mut Bridge, connection: &mut Connection) {
    let signed = loop {
        if let ToBridge::Succession(signed) = connection.hear().await {
            break signed;
        }
    };
    let known = bridge.joined.as_ref().expect("it has joined").keys.clone();
    let succession = signed.open(&known).expect("a key that it knows vouches for it");
    assert!(signed.open(&succession.keys).is_err(), "the new ones do not vouch for themselves");
    connection.say(&FromBridge::Succeed(bridge.request().into())).await;
    let chain = loop {
        if let ToBridge::Renewed(chain) = connection.hear().await {
            break chain;
        }
    };
    assert_eq!(chain.last(), Some(&succession.authority));
    connection.say(&FromBridge::Succeeded).await;
    let joined = bridge.joined.as_mut().expect("it has joined");
    (joined.chain, joined.keys) = (chain, succession.keys);
    bridge.fingerprint = Fingerprint::of(&CertificateDer::from(succession.authority.to_vec()));
}

on_every_backend! {
    async fn f71_who_was_away_learns_the_new_keys_within_thirty_days(backend) {
        let (server, mut owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut there = joined(&server, &owner, "there").await;
        let (mut away, mut lost) = (joined(&server, &owner, "away").await, joined(&server, &owner, "lost").await);
        let mut connection = there.connect().await.expect("it is let in");
        let old_line = line(&owner, "late").await;
        let keys = rotate(&owner).await;
        learn(&mut there, &mut connection).await;
        assert_eq!(connection.welcome.keys.len(), 1);
        // Whoever learned them comes with them, and is greeted with them.
        let connection = there.connect().await.expect("it is let in with the new keys");
        assert_eq!(Some(&connection.welcome.keys), there.joined.as_ref().map(|joined| &joined.keys));
        // A line from before still joins, under the keys that it names; one of now under the new ones.
        let mut late = Bridge::new(&server, text(&old_line, "fingerprint"));
        late.join(text(&old_line, "token")).await;
        late.connect().await.expect("it is let in with the keys before");
        let mut new = joined(&server, &owner, "new").await;
        assert_eq!(new.fingerprint.to_string(), text(&keys, "fingerprint"));
        new.connect().await.expect("it is let in");
        later(&server, &mut owner, DAY * 29).await;
        let mut connection = away.connect().await.expect("the keys before are still good");
        learn(&mut away, &mut connection).await;
        away.connect().await.expect("it is let in with the new keys");
        later(&server, &mut owner, DAY * 2).await;
        assert!(lost.connect().await.is_err(), "nobody knows the keys before any more");
        away.connect().await.expect("it knows the new keys");
        let status = owner.get("/api/v1/fleet/keys").await.expect(StatusCode::OK);
        assert!(status["overlap_ends_at"].is_null());
        let without: Vec<&str> =
            status["without"].as_array().expect("a list").iter().map(|one| text(one, "name")).collect();
        assert_eq!(without, ["late", "lost"]);
        // And the next change can begin.
        assert_eq!(rotate(&owner).await["generation"], 3);
        let mut connection = away.connect().await.expect("it is let in");
        learn(&mut away, &mut connection).await;
        away.connect().await.expect("it is let in with the third keys");
    }

    async fn f71_a_change_goes_on_after_the_server_died_and_one_at_a_time_is_made(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut machine = joined(&server, &owner, "box").await;
        let all = futures::future::join_all((0..4).map(|_| owner.post("/api/v1/fleet/rotate-keys", json!({})))).await;
        let done = all.iter().filter(|answer| answer.status == StatusCode::OK).count();
        assert_eq!(done, 1, "{all:?}");
        assert!(all.iter().all(|one| one.status == StatusCode::OK || one.problem() == "keys_rotating"));
        let before = owner.get("/api/v1/fleet/keys").await.expect(StatusCode::OK);
        let server = server.restart().await;
        let after = owner.get("/api/v1/fleet/keys").await.expect(StatusCode::OK);
        assert_eq!(before["fingerprint"], after["fingerprint"]);
        machine.address = server.address();
        let mut connection = machine.connect().await.expect("it is let in with the keys before");
        learn(&mut machine, &mut connection).await;
        machine.connect().await.expect("it is let in with the new keys");
    }

    async fn a_developer_changes_no_keys(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        for role in ["admin", "developer"] {
            let person = server.invite(&owner, role, role).await;
            let refused = person.post("/api/v1/fleet/rotate-keys", json!({})).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN);
        }
        assert_eq!(owner.get("/api/v1/fleet/keys").await.expect(StatusCode::OK)["generation"], 1);
    }
}
