//! Who a machine is: its key, and nothing else; and what becomes of it when that is in doubt.

use std::time::Duration;

use diwan_protocol::control::{FromBridge, ToBridge};
use diwan_protocol::facts::Sample;
use diwan_protocol::join::JoinAnswer;
use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::bridge::Bridge;
use super::{becomes, joined, machine, path, text};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

on_every_backend! {
    async fn a_certificate_is_renewed_over_the_connection(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut bridge = joined(&server, &owner, "box").await;
        let mut connection = bridge.connect().await.expect("it connects");
        server.advance(13 * HOUR);
        connection.say(&FromBridge::Renew(bridge.request().into())).await;
        let ToBridge::Renewed(chain) = connection.hear().await else { panic!("it is renewed") };
        let joined = bridge.joined.as_mut().expect("it has joined");
        assert_ne!(joined.chain[0], chain[0]);
        joined.chain = chain;
        drop(connection);
        server.advance(20 * HOUR);
        bridge.connect().await.expect("the new one lasts longer than the first would have");
        let listed = owner.get(&format!("{}/certificates", path(&bridge))).await.expect(StatusCode::OK);
        let listed = listed["items"].as_array().expect("certificates");
        assert!(listed.len() == 2 && listed[0]["key"] == listed[1]["key"], "{listed:?}");
    }

    async fn a_certificate_for_a_key_that_is_not_shown_is_not_given(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut bridge = joined(&server, &owner, "box").await;
        let mut connection = bridge.connect().await.expect("it connects");
        let mut request = bridge.request();
        let last = request.len() - 1;
        request[last] ^= 1;
        connection.say(&FromBridge::Renew(request.into())).await;
        assert!(connection.sent_away().await.starts_with("protocol: "));
    }

    async fn f68_a_machine_that_was_away_comes_back_within_thirty_days_and_no_later(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut bridge = joined(&server, &owner, "box").await;
        server.advance(DAY + HOUR);
        drop(bridge.connect().await.expect("an hour late"));
        server.advance(28 * DAY);
        let mut connection = bridge.connect().await.expect("within the grace");
        connection.say(&FromBridge::Renew(bridge.request().into())).await;
        assert!(matches!(connection.hear().await, ToBridge::Renewed(_)));
        drop(connection);
        server.advance(3 * DAY);
        let refused = bridge.connect().await.err().expect("it was away for too long");
        assert!(refused.to_lowercase().contains("expired"), "{refused}");
    }

    async fn f69_two_who_use_one_identity_are_both_put_out_until_somebody_sees_to_it(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut bridge = joined(&server, &owner, "box").await;
        let mut thief = bridge.twin();
        let first = bridge.connect().await.expect("it connects");
        let refused = thief.connect().await.err().expect("it counted the same");
        assert!(refused.starts_with("locked: "), "{refused}");
        assert!(first.sent_away().await.starts_with("locked: "), "nobody can tell which one was stolen");
        assert!(bridge.connect().await.err().expect("it is locked").starts_with("locked: "));
        let seen = machine(&owner, &bridge).await;
        assert_eq!(seen["state"], "locked");
        let status = owner.get("/api/v1/status").await.expect(StatusCode::OK);
        let warnings = status["warnings"].as_array().expect("warnings");
        let told = warnings.iter().find(|warning| warning["code"] == "machine_locked");
        assert_eq!(told.expect("it is told on the overview")["params"]["machine"], "box");
        let entries = owner.get("/api/v1/audit?action=machine.lock").await.expect(StatusCode::OK);
        assert_eq!(entries["items"][0]["error"], "second_identity");

        // Unlocking alone would let the thief in.
        let unlock = format!("{}/unlock", path(&bridge));
        assert_eq!(owner.post(&unlock, json!({})).await.problem(), "machine_key_unchanged");
        let line = owner.post("/api/v1/join-tokens", json!({"rejoins": seen["id"]})).await.expect(StatusCode::CREATED);
        let mut anew = Bridge::new(&server, text(&line, "fingerprint"));
        let JoinAnswer::Joined(answer) = anew.join(text(&line, "token")).await else { panic!("it joins anew") };
        assert_eq!((json!(answer.machine), answer.name.as_str()), (seen["id"].clone(), "box"));
        assert!(anew.connect().await.err().expect("still locked").starts_with("locked: "));
        owner.post(&unlock, json!({})).await.expect(StatusCode::OK);
        let _connection = anew.connect().await.expect("it is back");
        becomes(&server, &owner, &anew, "online").await;
        for old in [&mut bridge, &mut thief] {
            old.connections += 100;
            let refused = old.connect().await.err().expect("its key does not count any more");
            assert!(refused.starts_with("unknown: "), "{refused}");
        }
        assert_eq!(machine(&owner, &anew).await["state"], "online", "who is not believed harms nobody");
    }

    async fn f70_a_machine_that_is_put_out_is_cut_off_and_never_comes_back(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut bridge = joined(&server, &owner, "box").await;
        let connection = bridge.connect().await.expect("it connects");
        let begun = server.product().world.monotonic();
        let revoke = format!("{}/revoke", path(&bridge));
        let (said, answer) = tokio::join!(connection.sent_away(), owner.post(&revoke, json!({})));
        assert_eq!(answer.expect(StatusCode::OK)["state"], "revoked");
        assert!(said.starts_with("revoked: "), "{said}");
        assert!(server.product().world.monotonic() - begun < Duration::from_secs(1));
        assert!(bridge.connect().await.err().expect("it is out").starts_with("revoked: "));
        let line = owner.post("/api/v1/join-tokens", json!({"rejoins": machine(&owner, &bridge).await["id"]})).await;
        assert_eq!(line.problem(), "machine_revoked");
        // Its name is free, and so is its machine to join as a new one.
        let mut anew = joined(&server, &owner, "box").await;
        assert_ne!(path(&anew), path(&bridge));
        anew.connect().await.expect("it is another machine");
    }

    async fn a_machine_that_is_removed_is_cut_off_and_forgotten(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut bridge = joined(&server, &owner, "box").await;
        let connection = bridge.connect().await.expect("it connects");
        let path = path(&bridge);
        let (said, answer) = tokio::join!(connection.sent_away(), owner.delete(&path));
        answer.expect(StatusCode::NO_CONTENT);
        assert!(said.starts_with("unknown: "), "{said}");
        assert!(bridge.connect().await.err().expect("nobody knows it").starts_with("unknown: "));
        assert_eq!(owner.get(&path).await.status, StatusCode::NOT_FOUND);
    }

    async fn the_newest_connection_takes_the_place_of_the_one_before(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut bridge = joined(&server, &owner, "box").await;
        let first = bridge.connect().await.expect("it connects");
        let _second = bridge.connect().await.expect("it comes from another address");
        assert!(first.sent_away().await.starts_with("replaced: "));
        drop(first);
        assert_eq!(machine(&owner, &bridge).await["state"], "online");
    }

    async fn a_clock_that_differs_is_told_of(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut bridge = joined(&server, &owner, "box").await;
        bridge.connections += 1;
        let mut hello = bridge.hello();
        hello.now_ms += 90_000;
        let mut connection = bridge.connect_with(hello).await.expect("it is let in to be told");
        let seen = becomes(&server, &owner, &bridge, "error").await;
        assert_eq!(seen["troubles"], json!(["clock_differs"]));
        assert!(seen["clock_skew_ms"].as_i64().is_some_and(|skew| (80_000..=90_000).contains(&skew)), "{seen}");

        // It is put right, and wrong again, without a new greeting.
        let shows = |ahead_ms| FromBridge::Sample(Sample { at_ms: bridge.hello().now_ms + ahead_ms, ..Sample::default() });
        connection.say(&shows(0)).await;
        let seen = becomes(&server, &owner, &bridge, "online").await;
        assert!(seen["clock_skew_ms"].as_i64().is_some_and(|skew| skew.abs() < 10_000), "{seen}");
        connection.say(&shows(-3_600_000)).await;
        let seen = becomes(&server, &owner, &bridge, "error").await;
        assert!(seen["clock_skew_ms"].as_i64().is_some_and(|skew| skew < -3_500_000), "{seen}");
    }

    async fn a_new_name_reaches_the_machine(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut bridge = joined(&server, &owner, "box").await;
        joined(&server, &owner, "other").await;
        let mut connection = bridge.connect().await.expect("it connects");
        let rename = async |name: &str| owner.patch(&path(&bridge), json!({"name": name, "labels": ["gpu"]})).await;
        assert_eq!(rename("other").await.problem(), "machine_name_taken");
        assert_eq!(rename("\u{1b}[2J").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let renamed = rename("lamp").await.expect(StatusCode::OK);
        assert_eq!((&renamed["name"], &renamed["labels"]), (&json!("lamp"), &json!(["gpu"])));
        assert_eq!(connection.hear().await, ToBridge::Name("lamp".into()));
        let entry = owner.get("/api/v1/audit?action=machine.update").await.expect(StatusCode::OK);
        let said: &Value = &entry["items"][0]["metadata"];
        assert_eq!((&said["name"], &said["name_before"]), (&json!("lamp"), &json!("box")));
    }
}
