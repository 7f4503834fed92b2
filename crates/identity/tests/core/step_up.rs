//! Fresh proofs for dangerous actions.

use std::time::Duration;

use diwan_testkit::server::PASSWORD;
use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::{OTHER_PASSWORD, entry, step_up, text, tokens};

fn token_body() -> serde_json::Value {
    json!({"name": "deploys", "scopes": ["status.read"]})
}

on_every_backend! {
    async fn a_dangerous_action_needs_a_fresh_proof(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        owner.post("/api/v1/me/tokens", token_body()).await.expect(StatusCode::CREATED);
        server.advance(Duration::from_secs(600));
        let stale = owner.post("/api/v1/me/tokens", token_body()).await;
        assert_eq!((stale.status, stale.problem()), (StatusCode::FORBIDDEN, "step_up_required"));
        let wrong = json!({"method": "password", "secret": OTHER_PASSWORD});
        assert_eq!(owner.post("/api/v1/auth/step-up", wrong).await.problem(), "credentials_wrong");
        let right = json!({"method": "password", "secret": PASSWORD});
        let answer = owner.post("/api/v1/auth/step-up", right).await.expect(StatusCode::OK);
        let me = owner.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!(me["session"]["step_up_until"], answer["valid_until"]);
        owner.post("/api/v1/me/tokens", token_body()).await.expect(StatusCode::CREATED);
        assert_eq!(text(&entry(&owner, "session.step_up").await, "outcome"), "ok");
    }

    async fn a_fresh_proof_does_not_help_who_holds_the_old_cookie(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        server.advance(Duration::from_secs(600));
        let old = owner.cookie("diwan_session").expect("a cookie");
        step_up(&owner).await;
        assert_ne!(owner.cookie("diwan_session").as_ref(), Some(&old));
        let thief = server.visitor();
        thief.set_cookie("diwan_session", &old);
        assert_eq!(thief.post("/api/v1/me/tokens", token_body()).await.problem(), "step_up_required");
        assert_eq!(thief.cookie("diwan_session"), Some(old), "and the new value is not handed out");
        owner.post("/api/v1/me/tokens", token_body()).await.expect(StatusCode::CREATED);
    }

    async fn guesses_at_a_step_up_are_counted(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let program = tokens(&server, "owner@example.org").await;
        let thief = server.visitor().with_token(text(&program, "access_token"));
        let wrong = || json!({"method": "password", "secret": OTHER_PASSWORD});
        for _ in 0..5 {
            assert_eq!(thief.post("/api/v1/auth/step-up", wrong()).await.problem(), "credentials_wrong");
        }
        assert_eq!(thief.post("/api/v1/auth/step-up", wrong()).await.problem(), "too_many_attempts");
        step_up(&owner).await;
    }

    async fn an_api_token_cannot_prove_anything(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let body = json!({"name": "bot", "scopes": ["profile.self", "users.read", "users.manage"]});
        let made = owner.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED);
        let bot = server.visitor().with_token(text(&made, "secret"));
        let proof = json!({"method": "password", "secret": PASSWORD});
        assert_eq!(bot.post("/api/v1/auth/step-up", proof).await.problem(), "session_required");
        assert_eq!(bot.post("/api/v1/me/tokens", token_body()).await.problem(), "session_required");
        let change = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
        assert_eq!(bot.put("/api/v1/me/password", change).await.problem(), "session_required");
        assert_eq!(bot.post("/api/v1/auth/sign-out", json!({})).await.problem(), "session_required");
    }
}
