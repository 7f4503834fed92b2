//! API tokens: what they may, where from, how long.

use std::time::Duration;

use diwan_testkit::{Person, TestServer, on_every_backend};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{id_of, text};

async fn make(person: &Person, body: Value) -> Value {
    person.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED)
}

on_every_backend! {
    async fn a_token_does_what_its_scopes_say_and_no_more(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let made = make(&owner, json!({"name": "reports", "scopes": ["users.read"]})).await;
        assert!(text(&made, "secret").starts_with(text(&made["token"], "prefix")));
        let bot = server.visitor().with_token(text(&made, "secret"));
        bot.get("/api/v1/users").await.expect(StatusCode::OK);
        for path in ["/api/v1/me", "/api/v1/invitations", "/api/v1/audit"] {
            assert_eq!(bot.get(path).await.problem(), "not_allowed", "{path}");
        }
        let list = owner.get("/api/v1/me/tokens").await.expect(StatusCode::OK);
        assert!(!list.to_string().contains(text(&made, "secret")));
        assert_eq!(list["items"][0]["scopes"], json!(["users.read"]));
    }

    async fn a_token_never_may_more_than_its_owner(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let amina = server.invite(&owner, "Amina", "admin").await;
        let refused = amina.post("/api/v1/me/tokens", json!({"name": "x", "scopes": ["settings.manage"]})).await;
        assert_eq!(refused.problem(), "not_allowed");
        let made = make(&amina, json!({"name": "x", "scopes": ["users.read", "invitations.manage"]})).await;
        let bot = server.visitor().with_token(text(&made, "secret"));
        bot.get("/api/v1/invitations").await.expect(StatusCode::OK);
        let id = id_of(&amina).await;
        owner.patch(&format!("/api/v1/users/{id}"), json!({"role": "developer"})).await.expect(StatusCode::OK);
        assert_eq!(bot.get("/api/v1/invitations").await.problem(), "not_allowed");
        bot.get("/api/v1/users").await.expect(StatusCode::OK);
        owner.patch(&format!("/api/v1/users/{id}"), json!({"status": "disabled"})).await.expect(StatusCode::OK);
        assert_eq!(bot.get("/api/v1/users").await.problem(), "token_invalid");
    }

    async fn a_revoked_token_is_void_at_once(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let made = make(&owner, json!({"name": "x", "scopes": ["profile.self"]})).await;
        let bot = server.visitor().with_token(text(&made, "secret"));
        let me = bot.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!(me["session"], Value::Null);
        let id = text(&made["token"], "id");
        owner.delete(&format!("/api/v1/me/tokens/{id}")).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(bot.get("/api/v1/me").await.problem(), "token_invalid");
        assert_eq!(owner.delete(&format!("/api/v1/me/tokens/{id}")).await.problem(), "not_found");
    }

    async fn somebody_elses_token_does_not_exist(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let amina = server.invite(&owner, "Amina", "admin").await;
        let made = make(&owner, json!({"name": "x", "scopes": ["profile.self"]})).await;
        let path = format!("/api/v1/me/tokens/{}", text(&made["token"], "id"));
        assert_eq!(amina.delete(&path).await.problem(), "not_found");
        server.visitor().with_token(text(&made, "secret")).get("/api/v1/me").await.expect(StatusCode::OK);
    }

    async fn a_token_ends_with_its_days_and_stays_in_its_network(backend) {
        let proxies = vec!["127.0.0.1/32".parse().expect("a network")];
        let builder = TestServer::builder().on(backend).config(|c| c.server.trusted_proxies = proxies);
        let (server, owner) = builder.manual_clock().owned().await;
        let body = json!({"name": "x", "scopes": ["profile.self"], "expires_in_days": 7,
            "allowed_addresses": ["203.0.113.0/24", "2001:db8::1"]});
        let made = make(&owner, body).await;
        assert_eq!(made["token"]["allowed_addresses"], json!(["203.0.113.0/24", "2001:db8::1"]));
        let bot = server.visitor().with_token(text(&made, "secret"));
        let from = |address: &'static str| {
            let bot = &bot;
            async move { bot.send(Method::GET, "/api/v1/me", None, &[("x-forwarded-for", address)]).await }
        };
        from("203.0.113.9").await.expect(StatusCode::OK);
        from("2001:db8::1").await.expect(StatusCode::OK);
        for address in ["203.0.114.9", "2001:db8::2"] {
            let refused = from(address).await;
            assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "address_not_allowed"));
        }
        server.advance(Duration::from_secs(7 * 24 * 3600));
        assert_eq!(from("203.0.113.9").await.problem(), "token_expired");
    }

    async fn a_plan_bounds_the_tokens(backend) {
        let builder = TestServer::builder().on(backend).config(|c| c.identity.default_plan = diwan_identity::Plan::Free);
        let (server, owner) = builder.owned().await;
        let amina = server.invite(&owner, "Amina", "viewer").await;
        let body = || json!({"name": "x", "scopes": ["profile.self"]});
        let many = (0..8).map(|_| amina.post("/api/v1/me/tokens", body()));
        let answers = futures::future::join_all(many).await;
        assert_eq!(answers.iter().filter(|a| a.status == StatusCode::CREATED).count(), 5);
        assert_eq!(amina.post("/api/v1/me/tokens", body()).await.problem(), "quota_reached");
    }

    async fn what_a_token_cannot_be_is_refused_field_by_field(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let body = json!({"name": " ", "scopes": [], "expires_in_days": 0, "allowed_addresses": ["10.0.0.0/33"]});
        let answer = owner.post("/api/v1/me/tokens", body).await;
        assert_eq!(answer.problem(), "fields_invalid");
        let fields: Vec<&str> = answer.json["errors"].as_array().expect("errors").iter().map(|e| text(e, "field")).collect();
        assert_eq!(fields, ["name", "scopes", "expires_in_days", "allowed_addresses[0]"]);
        let unknown = owner.post("/api/v1/me/tokens", json!({"name": "x", "scopes": ["everything"]})).await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn the_same_creation_sent_twice_makes_one_token(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let key = [("idempotency-key", "create-a-token-once")];
        let body = || Some(json!({"name": "x", "scopes": ["profile.self"]}));
        let first = owner.send(Method::POST, "/api/v1/me/tokens", body(), &key).await;
        let second = owner.send(Method::POST, "/api/v1/me/tokens", body(), &key).await;
        assert_eq!(first.status, StatusCode::CREATED);
        assert_eq!(second.problem(), "idempotency_secret_not_kept", "its secret is shown once");
        let list = owner.get("/api/v1/me/tokens").await.expect(StatusCode::OK);
        assert_eq!(list["items"].as_array().expect("items").len(), 1);
    }
}
