//! What people do with secrets: bring them in, take them out, give them new values.

use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::{bring, reveal, text, value};

on_every_backend! {
    async fn a_value_goes_in_and_comes_out_and_is_nowhere_else(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let id = bring(&owner, "git/github-token", "a very quiet word").await;
        let shown = owner.get(&format!("/api/v1/secrets/{id}")).await;
        assert!(!shown.text.contains("quiet"), "{}", shown.text);
        assert_eq!(text(&shown.json, "name"), "git/github-token");
        assert_eq!(shown.json["may"], json!(["read", "write", "rotate"]));
        assert_eq!(value(&owner, &id).await, "a very quiet word");
        let taken = reveal(&owner, &id).await;
        assert_eq!(taken.headers["cache-control"], "no-store");
        for path in ["/api/v1/secrets", "/api/v1/audit?limit=200", "/api/v1/audit/export?format=jsonl"] {
            let answer = owner.get(path).await;
            assert!(answer.status.is_success() && !answer.text.contains("quiet"), "{path}");
        }
        let read = owner.get("/api/v1/audit?action=secret.read&limit=1").await.expect(StatusCode::OK);
        let entry = &read["items"][0];
        assert_eq!(entry["resource"], json!({"kind": "secret", "id": "git/github-token"}));
        assert_eq!(entry["metadata"]["reason"], "a test");
    }

    async fn versions_follow_each_other_and_the_one_before_counts_for_a_while(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let id = bring(&owner, "db/password", "the first value").await;
        let body = json!({"value": "the second value"});
        owner.post(&format!("/api/v1/secrets/{id}/versions"), body).await.expect(StatusCode::CREATED);
        assert_eq!(value(&owner, &id).await, "the second value");
        let versions = owner.get(&format!("/api/v1/secrets/{id}/versions")).await.expect(StatusCode::OK);
        let states: Vec<&str> = versions["items"].as_array().expect("items").iter().map(|v| text(v, "state")).collect();
        assert_eq!(states, ["current", "overlapping"]);
        server.advance(std::time::Duration::from_secs(25 * 3600));
        let owner = crate::sealing::sign_in(&server).await;
        let versions = owner.get(&format!("/api/v1/secrets/{id}/versions")).await.expect(StatusCode::OK);
        assert_eq!(text(&versions["items"][1], "state"), "superseded");

        let back = json!({"version": 1});
        owner.post(&format!("/api/v1/secrets/{id}/roll-back"), back).await.expect(StatusCode::CREATED);
        assert_eq!(value(&owner, &id).await, "the first value");

        let current = owner.delete(&format!("/api/v1/secrets/{id}/versions/3")).await;
        assert_eq!((current.status, current.problem()), (StatusCode::CONFLICT, "secret_version_current"));
        owner.delete(&format!("/api/v1/secrets/{id}/versions/2")).await.expect(StatusCode::NO_CONTENT);
        let body = json!({"reason": "a test", "version": 2});
        let gone = owner.post(&format!("/api/v1/secrets/{id}/reveal"), body).await;
        assert_eq!((gone.status, gone.problem()), (StatusCode::CONFLICT, "secret_version_destroyed"));
    }

    async fn what_is_generated_is_made_anew_when_its_time_comes(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let body = json!({"name": "api/key", "kind": "api_key", "generate": {"length": 40, "prefix": "dw_"}, "rotation_days": 7});
        let made = owner.post("/api/v1/secrets", body).await.expect(StatusCode::CREATED);
        let id = text(&made, "id").to_owned();
        let first = value(&owner, &id).await;
        assert!(first.starts_with("dw_") && first.len() == 43, "{first}");
        server.product().vault.look().await;
        assert_eq!(owner.get(&format!("/api/v1/secrets/{id}")).await.json["current_version"], 1);
        server.advance(std::time::Duration::from_secs(7 * 24 * 3600));
        server.product().vault.look().await;
        let owner = crate::sealing::sign_in(&server).await;
        let second = value(&owner, &id).await;
        assert_ne!(first, second);
        let versions = owner.get(&format!("/api/v1/secrets/{id}/versions")).await.expect(StatusCode::OK);
        assert_eq!(text(&versions["items"][0], "origin"), "scheduled");
    }

    async fn a_value_must_have_the_form_of_its_kind(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        for (kind, bad) in [("ssh_key", "nonsense-with-a-canary"), ("certificate", "nonsense-with-a-canary"), ("totp", "canary 01"), ("api_key", "canary with blanks")] {
            let body = json!({"name": "a", "kind": kind, "value": bad});
            let refused = owner.post("/api/v1/secrets", body).await;
            assert_eq!((refused.status, refused.json["errors"][0]["field"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("value")));
            assert!(!refused.text.contains("canary"), "{}", refused.text);
        }
        let made = owner.post("/api/v1/secrets", json!({"name": "ssh/gpu", "kind": "ssh_key", "generate": {}})).await;
        let made = made.expect(StatusCode::CREATED);
        assert!(text(&made["facts"], "public_key").starts_with("ssh-ed25519 "));
        assert_eq!(made["rotation_days"], 30);
    }

    async fn whoever_uses_a_token_is_named_as_who_brought_it(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let body = json!({"name": "t", "scopes": ["secrets.use", "secrets.read", "secrets.manage"], "expires_in_days": 1});
        let token = owner.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED);
        let program = owner.with_token(text(&token, "secret"));
        let made = program.post("/api/v1/secrets", json!({"name": "a", "kind": "password", "generate": {}})).await;
        let made = made.expect(StatusCode::CREATED);
        let me = owner.get("/api/v1/me").await.expect(StatusCode::OK);
        assert!(text(&made, "created_by").starts_with("usr_"), "{made}");
        assert!(me.to_string().contains(text(&made, "created_by")), "{me}");
    }

    async fn a_policy_is_for_somebody_who_is_here(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let body = |subject: &str| json!({"name": "p", "effect": "allow", "subject_kind": "user", "subject": subject,
            "secrets": "a", "actions": ["read"]});
        let nobody = owner.post("/api/v1/secret-policies", body("usr_01k9zzzzzzzzzzzzzzzzzzzzzz")).await;
        assert_eq!((nobody.status, &nobody.json["errors"][0]["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("subject_unknown")));
        let made = bring(&owner, "a", "a quiet word").await;
        let me = owner.get(&format!("/api/v1/secrets/{made}")).await.expect(StatusCode::OK);
        let policy = owner.post("/api/v1/secret-policies", body("*")).await.expect(StatusCode::CREATED);
        let path = format!("/api/v1/secret-policies/{}", text(&policy, "id"));
        owner.put(&path, body(text(&me, "created_by"))).await.expect(StatusCode::OK);
        let nobody = owner.put(&path, body("usr_01k9zzzzzzzzzzzzzzzzzzzzzz")).await;
        assert_eq!(&nobody.json["errors"][0]["code"], "subject_unknown");
    }

    async fn what_ends_already_is_refused(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let now = server.product().world.now();
        let (past, future) = (now.minus(std::time::Duration::from_secs(1)), now.plus(std::time::Duration::from_secs(1)));
        let body = |at| json!({"name": "a", "kind": "password", "value": "a quiet word", "expires_at": at});
        let policy = |at| json!({"name": "p", "effect": "allow", "subject_kind": "role", "subject": "viewer",
            "secrets": "a", "actions": ["read"], "expires_at": at});
        for (path, past) in [("secrets", body(past)), ("secrets", body(now)), ("secret-policies", policy(past))] {
            let refused = owner.post(&format!("/api/v1/{path}"), past).await;
            assert_eq!((refused.status, &refused.json["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("expires_at")));
        }
        let made = owner.post("/api/v1/secrets", body(future)).await.expect(StatusCode::CREATED);
        let changed = owner.patch(&format!("/api/v1/secrets/{}", text(&made, "id")), json!({"expires_at": past})).await;
        assert_eq!(&changed.json["errors"][0]["field"], "expires_at");
        let policy = owner.post("/api/v1/secret-policies", policy(future)).await.expect(StatusCode::CREATED);
        server.advance(std::time::Duration::from_secs(2));
        // It may be renamed although it has ended meanwhile.
        let body = json!({"name": "q", "effect": "allow", "subject_kind": "role", "subject": "viewer",
            "secrets": "a", "actions": ["read"], "expires_at": future});
        owner.put(&format!("/api/v1/secret-policies/{}", text(&policy, "id")), body).await.expect(StatusCode::OK);
    }

    async fn two_who_write_at_once_do_not_lose_a_value(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let id = bring(&owner, "a", "the first value").await;
        let path = format!("/api/v1/secrets/{id}/versions");
        let (one, other) =
            tokio::join!(owner.post(&path, json!({"value": "one of two"})), owner.post(&path, json!({"value": "other of two"})));
        let wins = [&one, &other].into_iter().filter(|a| a.status == StatusCode::CREATED).count();
        let versions = owner.get(&path).await.expect(StatusCode::OK);
        assert_eq!(versions["items"].as_array().map(Vec::len), Some(1 + wins));
        for lost in [one, other].iter().filter(|a| a.status != StatusCode::CREATED) {
            assert_eq!((lost.status, lost.problem()), (StatusCode::CONFLICT, "secret_changed_meanwhile"));
        }
    }

    async fn a_name_is_taken_once_and_can_be_changed(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let id = bring(&owner, "a", "the first value").await;
        let taken = owner.post("/api/v1/secrets", json!({"name": "a", "kind": "password", "value": "x1"})).await;
        assert_eq!((taken.status, taken.problem()), (StatusCode::CONFLICT, "secret_name_taken"));
        let body = json!({"name": "b/c", "description": "What it is for", "rotation_days": null});
        let changed = owner.patch(&format!("/api/v1/secrets/{id}"), body).await.expect(StatusCode::OK);
        assert_eq!((text(&changed, "name"), &changed["rotate_at"]), ("b/c", &json!(null)));
        assert_eq!(value(&owner, &id).await, "the first value");
        let found = owner.get("/api/v1/secrets?name=b/c").await.expect(StatusCode::OK);
        assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
        owner.delete(&format!("/api/v1/secrets/{id}")).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(reveal(&owner, &id).await.status, StatusCode::NOT_FOUND);
    }
}
