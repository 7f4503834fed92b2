//! Refresh tokens: one successor, and what a copy does.

use std::time::Duration;

use diwan_testkit::{Answer, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{entry, text, tokens};

async fn refresh(server: &TestServer, token: &str) -> Answer {
    server.visitor().post("/api/v1/auth/refresh", json!({"refresh_token": token})).await
}

fn refresh_token(pair: &Value) -> &str {
    text(pair, "refresh_token")
}

on_every_backend! {
    async fn a_pair_is_exchanged_for_the_next_one(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        let first = tokens(&server, "owner@example.org").await;
        assert_eq!((text(&first, "token_type"), &first["expires_in_s"]), ("Bearer", &json!(3600)));
        let second = refresh(&server, refresh_token(&first)).await.expect(StatusCode::OK);
        assert_ne!(refresh_token(&second), refresh_token(&first));
        assert_ne!(text(&second, "access_token"), text(&first, "access_token"));
        let me = server.visitor().with_token(text(&second, "access_token")).get("/api/v1/me").await;
        assert_eq!(me.expect(StatusCode::OK)["user"]["email"], "owner@example.org");
    }

    async fn an_access_token_dies_after_an_hour_and_the_refresh_token_goes_on(backend) {
        let (server, _) = TestServer::builder().on(backend).manual_clock().owned().await;
        let pair = tokens(&server, "owner@example.org").await;
        let program = server.visitor().with_token(text(&pair, "access_token"));
        server.advance(Duration::from_secs(3599));
        program.get("/api/v1/me").await.expect(StatusCode::OK);
        server.advance(Duration::from_secs(1));
        assert_eq!(program.get("/api/v1/me").await.problem(), "token_expired");
        refresh(&server, refresh_token(&pair)).await.expect(StatusCode::OK);
    }

    async fn fifty_at_once_get_one_and_the_same_successor(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        let pair = tokens(&server, "owner@example.org").await;
        let answers = futures::future::join_all((0..50).map(|_| refresh(&server, refresh_token(&pair)))).await;
        let mut successors: Vec<String> = answers
            .into_iter()
            .map(|answer| refresh_token(&answer.expect(StatusCode::OK)).to_owned())
            .collect();
        successors.dedup();
        assert_eq!(successors.len(), 1);
        refresh(&server, &successors[0]).await.expect(StatusCode::OK);
    }

    async fn a_lost_answer_is_given_again_for_ten_seconds(backend) {
        let (server, _) = TestServer::builder().on(backend).manual_clock().owned().await;
        let first = tokens(&server, "owner@example.org").await;
        let second = refresh(&server, refresh_token(&first)).await.expect(StatusCode::OK);
        server.advance(Duration::from_secs(10));
        let again = refresh(&server, refresh_token(&first)).await.expect(StatusCode::OK);
        assert_eq!(refresh_token(&again), refresh_token(&second));
    }

    async fn a_copied_token_ends_the_whole_family(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let first = tokens(&server, "owner@example.org").await;
        let second = refresh(&server, refresh_token(&first)).await.expect(StatusCode::OK);
        let program = server.visitor().with_token(text(&second, "access_token"));
        program.get("/api/v1/me").await.expect(StatusCode::OK);
        server.advance(Duration::from_secs(11));
        let copied = refresh(&server, refresh_token(&first)).await;
        assert_eq!((copied.status, copied.problem()), (StatusCode::UNAUTHORIZED, "refresh_reused"));
        assert_eq!(refresh(&server, refresh_token(&second)).await.problem(), "refresh_invalid");
        assert_eq!(program.get("/api/v1/me").await.problem(), "session_ended");
        assert_eq!(text(&entry(&owner, "session.refresh_reuse").await, "outcome"), "denied");
    }

    async fn only_the_immediate_predecessor_is_forgiven(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        let first = tokens(&server, "owner@example.org").await;
        let second = refresh(&server, refresh_token(&first)).await.expect(StatusCode::OK);
        refresh(&server, refresh_token(&second)).await.expect(StatusCode::OK);
        assert_eq!(refresh(&server, refresh_token(&first)).await.problem(), "refresh_reused");
    }

    async fn a_made_up_token_ends_nothing(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        let pair = tokens(&server, "owner@example.org").await;
        for token in ["x", &"A".repeat(43), &format!("{}=", refresh_token(&pair))] {
            assert_eq!(refresh(&server, token).await.problem(), "refresh_invalid", "{token}");
        }
        refresh(&server, refresh_token(&pair)).await.expect(StatusCode::OK);
    }
}
