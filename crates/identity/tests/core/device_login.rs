//! Signing in at a command line, approved in a browser.

use std::time::Duration;

use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Answer, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{OTHER_PASSWORD, id_of, text};

async fn begin(server: &TestServer) -> Value {
    let body = json!({"client_name": "diwan on a laptop"});
    server.visitor().post("/api/v1/auth/device", body).await.expect(StatusCode::OK)
}

async fn poll(server: &TestServer, begun: &Value) -> Answer {
    server.visitor().post("/api/v1/auth/device/token", json!({"device_code": begun["device_code"]})).await
}

on_every_backend! {
    async fn a_command_line_signs_in_once_it_is_approved(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let begun = begin(&server).await;
        let code = text(&begun, "user_code");
        assert!(text(&begun, "verification_uri_complete").ends_with(&format!("/device?code={code}")));
        let pending = poll(&server, &begun).await;
        assert_eq!((pending.status, pending.problem()), (StatusCode::BAD_REQUEST, "authorization_pending"));
        let shown = owner.get(&format!("/api/v1/auth/device/{}", code.to_lowercase())).await.expect(StatusCode::OK);
        assert_eq!((text(&shown, "client_name"), text(&shown, "address")), ("diwan on a laptop", "127.0.0.1"));
        owner.post(&format!("/api/v1/auth/device/{code}/approve"), json!({})).await.expect(StatusCode::NO_CONTENT);
        server.advance(Duration::from_secs(5));
        let pair = poll(&server, &begun).await.expect(StatusCode::OK);
        let program = server.visitor().with_token(text(&pair, "access_token"));
        let me = program.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!((text(&me["user"], "role"), &me["session"]["step_up_until"]), ("owner", &Value::Null));
        server.advance(Duration::from_secs(5));
        assert_eq!(poll(&server, &begun).await.problem(), "device_code_expired", "it works once");
        let sessions = owner.get("/api/v1/me/sessions").await.expect(StatusCode::OK);
        assert_eq!(text(&sessions["items"][0], "client_name"), "diwan on a laptop");
        assert_eq!(text(&sessions["items"][0], "method"), "device");
    }

    async fn approving_needs_a_fresh_proof(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        server.advance(Duration::from_secs(600));
        let begun = begin(&server).await;
        let path = format!("/api/v1/auth/device/{}/approve", text(&begun, "user_code"));
        assert_eq!(owner.post(&path, json!({})).await.problem(), "step_up_required");
    }

    async fn an_approved_command_line_that_was_not_fetched_ends_with_the_sessions(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let amina = server.invite(&owner, "Amina", "developer").await;
        let path = format!("/api/v1/users/{}/sessions", id_of(&amina).await);
        for way in ["password", "others", "admin"] {
            let begun = begin(&server).await;
            let code = text(&begun, "user_code");
            amina.post(&format!("/api/v1/auth/device/{code}/approve"), json!({})).await.expect(StatusCode::NO_CONTENT);
            let answer = match way {
                "password" => {
                    let body = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
                    amina.put("/api/v1/me/password", body).await
                }
                "others" => amina.post("/api/v1/me/sessions/revoke-others", json!({})).await,
                _ => owner.delete(&path).await,
            };
            assert!(answer.status.is_success(), "{way}: {}", answer.text);
            server.advance(Duration::from_secs(5));
            let late = poll(&server, &begun).await;
            assert_eq!((late.status, late.problem()), (StatusCode::BAD_REQUEST, "device_code_expired"), "{way}");
        }
    }

    async fn a_denied_command_line_stays_out(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let begun = begin(&server).await;
        let path = format!("/api/v1/auth/device/{}", text(&begun, "user_code"));
        owner.post(&format!("{path}/deny"), json!({})).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(poll(&server, &begun).await.problem(), "access_denied");
        assert_eq!(owner.post(&format!("{path}/approve"), json!({})).await.problem(), "not_found");
    }

    async fn who_asks_too_often_is_slowed_down(backend) {
        let (server, _) = TestServer::builder().on(backend).manual_clock().owned().await;
        let begun = begin(&server).await;
        assert_eq!(poll(&server, &begun).await.problem(), "authorization_pending");
        assert_eq!(poll(&server, &begun).await.problem(), "slow_down");
        server.advance(Duration::from_secs(5));
        assert_eq!(poll(&server, &begun).await.problem(), "slow_down", "the pause is longer now");
        server.advance(Duration::from_secs(15));
        assert_eq!(poll(&server, &begun).await.problem(), "authorization_pending");
    }

    async fn a_code_expires(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let begun = begin(&server).await;
        server.advance(Duration::from_secs(600));
        assert_eq!(poll(&server, &begun).await.problem(), "device_code_expired");
        let path = format!("/api/v1/auth/device/{}", text(&begun, "user_code"));
        assert_eq!(owner.get(&path).await.problem(), "not_found");
    }

    async fn nobody_begins_them_without_end(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        for _ in 0..20 {
            begin(&server).await;
        }
        let body = json!({"client_name": "diwan on a laptop"});
        let refused = server.visitor().post("/api/v1/auth/device", body).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts"));
    }

    async fn of_many_polls_at_once_one_gets_the_tokens(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let begun = begin(&server).await;
        let path = format!("/api/v1/auth/device/{}/approve", text(&begun, "user_code"));
        owner.post(&path, json!({})).await.expect(StatusCode::NO_CONTENT);
        let answers = futures::future::join_all((0..10).map(|_| poll(&server, &begun))).await;
        assert_eq!(answers.iter().filter(|a| a.status == StatusCode::OK).count(), 1);
    }
}
