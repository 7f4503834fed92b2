//! How machines join and connect.

use diwan_protocol::join::JoinAnswer;
use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::bridge::Bridge;
use super::{becomes, joined, line, machine, path, text};

on_every_backend! {
    async fn a_machine_joins_connects_and_is_seen(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let body = json!({"name": "box", "labels": ["gpu", "env=prod"], "policy": "own_machine"});
        let line = owner.post("/api/v1/join-tokens", body).await.expect(StatusCode::CREATED);
        let (token, fingerprint) = (text(&line, "token"), text(&line, "fingerprint"));
        let base = owner.base().replace("127.0.0.1", "localhost");
        let command = format!("diwan bridge join '{base}#{fingerprint}' --token {token} --policy own-machine");
        assert_eq!(line["lines"]["command"], command);
        let script = text(&line["lines"], "script");
        assert!(script.contains(&format!("'{base}/install.sh'")) && script.ends_with(&command["diwan bridge join ".len()..]), "{script}");
        let status = format!("/api/v1/join-tokens/{}", text(&line, "id"));
        assert_eq!(owner.get(&status).await.expect(StatusCode::OK)["state"], "waiting");

        let mut bridge = Bridge::new(&server, fingerprint);
        let JoinAnswer::Joined(answer) = bridge.join(token).await else { panic!("it joins") };
        assert_eq!((answer.name.as_str(), answer.chain.len(), answer.keys.len()), ("box", 2, 1));
        assert_eq!(owner.get(&status).await.expect(StatusCode::OK)["state"], "joined");
        assert_eq!(machine(&owner, &bridge).await["state"], "offline");

        let connection = bridge.connect().await.expect("it connects");
        assert_eq!((connection.welcome.name.as_str(), connection.welcome.sample_every_ms), ("box", 30_000));
        assert_eq!(connection.welcome.keys, answer.keys);
        let seen = becomes(&server, &owner, &bridge, "online").await;
        assert_eq!((&seen["labels"], &seen["facts"]["hostname"]), (&json!(["env=prod", "gpu"]), &json!("box")));
        assert_eq!((&seen["policy_text"], &seen["troubles"]), (&json!("# mine\n"), &json!([])));
        assert_eq!(owner.get(&status).await.expect(StatusCode::OK)["state"], "connected");
        let all = owner.get("/api/v1/machines?labels=env,gpu&state=online&search=BOX").await.expect(StatusCode::OK);
        assert_eq!(all["items"].as_array().map(Vec::len), Some(1));
        let none = owner.get("/api/v1/machines?labels=env=test").await.expect(StatusCode::OK);
        assert_eq!(none["items"], json!([]));
        drop(connection);
        becomes(&server, &owner, &bridge, "offline").await;
        server.stop().await;
    }

    async fn a_server_that_stops_says_goodbye_to_machines(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut bridge = joined(&server, &owner, "box").await;
        let connection = bridge.connect().await.expect("it connects");
        assert!(owner.get(&path(&bridge)).await.status == StatusCode::OK);
        let (said, ()) = tokio::join!(connection.sent_away(), server.stop());
        assert!(said.starts_with("later: "), "{said}");
    }

    async fn the_servers_own_machine_joins_by_itself_until_somebody_puts_it_out(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let fleet = &server.product().fleet;
        joined(&server, &owner, "lamp").await;
        let invited = fleet.invite_this_machine("Lamp").await.expect("it may").expect("it is invited");
        let mut bridge = Bridge::new(&server, &invited.fingerprint.to_string());
        let JoinAnswer::Joined(first) = bridge.join(invited.token.expose()).await else { panic!("it joins") };
        assert_eq!(first.name, "lamp-2", "another machine has the name");
        let again = fleet.invite_this_machine("Lamp").await.expect("it may").expect("it lost its state");
        let JoinAnswer::Joined(second) = bridge.join(again.token.expose()).await else { panic!("it joins anew") };
        assert_eq!(first.machine, second.machine);
        owner.post(&format!("{}/revoke", path(&bridge)), json!({})).await.expect(StatusCode::OK);
        assert!(fleet.invite_this_machine("Lamp").await.expect("it is asked").is_none());
        owner.delete(&path(&bridge)).await.expect(StatusCode::NO_CONTENT);
        assert!(fleet.invite_this_machine("Lamp").await.expect("it may").is_some(), "nobody remembers");
    }

    async fn who_may_not_manage_machines_makes_no_line(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Dalia", "developer").await;
        let refused = developer.post("/api/v1/join-tokens", json!({"name": "box"})).await;
        assert_eq!(refused.problem(), "not_allowed");
        line(&owner, "box").await;
        assert_eq!(developer.get("/api/v1/machines").await.expect(StatusCode::OK)["items"], json!([]));
        assert_eq!(developer.get("/api/v1/join-tokens").await.problem(), "not_allowed");
    }
}
