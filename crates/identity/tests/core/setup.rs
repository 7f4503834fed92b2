//! The first owner of a fresh installation.

use std::time::Duration;

use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Answer, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::text;

fn token(server: &TestServer) -> String {
    let link = server.product().setup_link.clone().expect("nobody owns it yet");
    link.expose().split("#token=").nth(1).expect("a token").to_owned()
}

async fn claim(server: &TestServer, token: &str, email: &str) -> Answer {
    let body = json!({"token": token, "email": email, "name": "Omar", "password": PASSWORD});
    server.visitor().post("/api/v1/setup/owner", body).await
}

async fn setup(server: &TestServer) -> Value {
    server.visitor().get("/api/v1/setup").await.expect(StatusCode::OK)
}

on_every_backend! {
    async fn the_first_link_makes_an_owner_once(backend) {
        let server = TestServer::builder().on(backend).start().await;
        assert_eq!(setup(&server).await["needs_owner"], true);
        let token = token(&server);
        let answer = claim(&server, &token, "Owner@Example.org ").await.expect(StatusCode::CREATED);
        assert_eq!(text(&answer["user"], "role"), "owner");
        assert_eq!(text(&answer["user"], "email"), "owner@example.org");
        assert_eq!(setup(&server).await["needs_owner"], false);
        let again = claim(&server, &token, "second@example.org").await;
        assert_eq!((again.status, again.problem()), (StatusCode::CONFLICT, "setup_already_done"));
        server.stop().await;
    }

    async fn of_many_who_claim_at_once_one_becomes_owner(backend) {
        let server = TestServer::builder().on(backend).start().await;
        let token = token(&server);
        let emails: Vec<String> = (0..8).map(|n| format!("owner{n}@example.org")).collect();
        let claims = emails.iter().map(|email| claim(&server, &token, email));
        let answers = futures::future::join_all(claims).await;
        assert_eq!(answers.iter().filter(|a| a.status == StatusCode::CREATED).count(), 1);
        for answer in answers.iter().filter(|a| a.status != StatusCode::CREATED) {
            assert!(["setup_link_invalid", "setup_already_done"].contains(&answer.problem()), "{}", answer.text);
        }
    }

    async fn an_old_link_and_a_made_up_one_do_not_count(backend) {
        let server = TestServer::builder().on(backend).manual_clock().start().await;
        let made_up = claim(&server, &"A".repeat(43), "a@example.org").await;
        assert_eq!((made_up.status, made_up.problem()), (StatusCode::FORBIDDEN, "setup_link_invalid"));
        server.advance(Duration::from_secs(15 * 60));
        let late = claim(&server, &token(&server), "a@example.org").await;
        assert_eq!(late.problem(), "setup_link_invalid");
    }

    async fn a_restart_voids_the_old_link_and_makes_another(backend) {
        let server = TestServer::builder().on(backend).start().await;
        let old = token(&server);
        let server = server.restart().await;
        assert_ne!(token(&server), old);
        assert_eq!(claim(&server, &old, "a@example.org").await.problem(), "setup_link_invalid");
        claim(&server, &token(&server), "a@example.org").await.expect(StatusCode::CREATED);
        let server = server.restart().await;
        assert!(server.product().setup_link.is_none(), "it is owned");
    }

    async fn a_weak_password_makes_no_owner_and_uses_nothing_up(backend) {
        let server = TestServer::builder().on(backend).start().await;
        let token = token(&server);
        for (password, code) in
            [("short", "too_short"), ("passwordpassword", "common"), ("owner@example.org", "same_as_identity")]
        {
            let body = json!({"token": token, "email": "owner@example.org", "name": "Omar", "password": password});
            let answer = server.visitor().post("/api/v1/setup/owner", body).await;
            assert_eq!(answer.problem(), "password_too_weak");
            assert_eq!(answer.json["errors"][0]["code"], code);
        }
        claim(&server, &token, "owner@example.org").await.expect(StatusCode::CREATED);
    }

    async fn every_wrong_field_is_named(backend) {
        let server = TestServer::builder().on(backend).start().await;
        let body = json!({"token": "x", "email": "nobody", "name": "a\u{202e}b", "password": ""});
        let answer = server.visitor().post("/api/v1/setup/owner", body).await;
        assert_eq!(answer.problem(), "fields_invalid");
        let fields: Vec<&str> = answer.json["errors"].as_array().expect("errors").iter().map(|e| text(e, "field")).collect();
        assert_eq!(fields, ["email", "name", "password"]);
    }
}
