//! The way back with a link that is made on the server itself.

use std::time::Duration;

use diwan_identity::{RescueLink, RescueRefused};
use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Answer, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::{OTHER_PASSWORD, entry, id_of, sign_in, step_up, text};

async fn make(server: &TestServer, email: &str, drops: bool) -> Result<RescueLink, RescueRefused> {
    let base = Url::parse("https://diwan.example.org").expect("a URL");
    RescueLink::make(&server.product().db, &base, email, drops).await
}

/// The token of a fresh link.
async fn token(server: &TestServer, email: &str, drops: bool) -> String {
    let link = make(server, email, drops).await.expect("a link");
    let token = link.url.expose().strip_prefix("https://diwan.example.org/rescue#token=");
    token.expect("the link leads to the page").to_owned()
}

async fn redeem(server: &TestServer, token: &str, password: &str) -> Answer {
    server.visitor().post("/api/v1/auth/rescue", json!({"token": token, "password": password})).await
}

async fn try_password(server: &TestServer, password: &str) -> Answer {
    let body = json!({"email": "owner@example.org", "password": password});
    server.visitor().post("/api/v1/auth/password", body).await
}

on_every_backend! {
    async fn an_owner_who_forgot_the_password_comes_back(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let id = id_of(&owner).await;
        let elsewhere = sign_in(&server, "owner@example.org").await;
        let token = token(&server, " Owner@Example.org", false).await;
        let noted = entry(&owner, "user.rescue_link").await;
        assert_eq!((&noted["actor"]["kind"], &noted["actor"]["name"]), (&json!("system"), &json!("local")));
        assert_eq!(noted["resource"], json!({"kind": "user", "id": id}));

        let visitor = server.visitor();
        let preview = visitor.post("/api/v1/auth/rescue/preview", json!({"token": token})).await.expect(StatusCode::OK);
        assert_eq!((text(&preview, "email"), text(&preview, "name")), ("owner@example.org", "Omar"));
        assert_eq!((&preview["drops_second_factor"], &preview["second_factor_stays"]), (&json!(false), &json!(false)));
        owner.get("/api/v1/me").await.expect(StatusCode::OK);

        redeem(&server, &token, OTHER_PASSWORD).await.expect(StatusCode::NO_CONTENT);
        for gone in [&owner, &elsewhere] {
            assert_eq!(gone.get("/api/v1/me").await.problem(), "session_ended");
        }
        assert_eq!(try_password(&server, PASSWORD).await.problem(), "credentials_wrong");
        let back = server.visitor();
        let body = json!({"email": "owner@example.org", "password": OTHER_PASSWORD});
        back.post("/api/v1/auth/password", body).await.expect(StatusCode::OK);
        let noted = entry(&back, "user.rescue").await;
        assert_eq!((&noted["metadata"]["ended_sessions"], &noted["metadata"]["dropped_second_factor"]), (&json!(2), &json!(false)));
        assert_eq!(noted["actor"]["kind"], "anonymous");
        assert_eq!(redeem(&server, &token, PASSWORD).await.problem(), "rescue_link_invalid", "it is used");
        assert!(back.post("/api/v1/audit/verify", Value::Null).await.expect(StatusCode::OK)["ok"].as_bool().expect("a verdict"));
        server.stop().await;
    }

    async fn the_second_factor_stays_unless_the_link_says_otherwise(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        crate::second_factor::enrol(&server, &owner).await;
        let staying = token(&server, "owner@example.org", false).await;
        // A second factor beside it makes a short password good enough.
        redeem(&server, &staying, "zq7 kvm!").await.expect(StatusCode::NO_CONTENT);
        assert_eq!(try_password(&server, "zq7 kvm!").await.expect(StatusCode::OK)["status"], "second_factor_required");

        let dropping = token(&server, "owner@example.org", true).await;
        let weak = redeem(&server, &dropping, "zq7 kvm!").await;
        assert_eq!((weak.problem(), &weak.json["errors"][0]["code"]), ("password_too_weak", &json!("too_short")));
        redeem(&server, &dropping, OTHER_PASSWORD).await.expect(StatusCode::NO_CONTENT);
        let back = try_password(&server, OTHER_PASSWORD).await.expect(StatusCode::OK);
        assert_eq!((&back["status"], &back["user"]["two_factor"]), (&json!("signed_in"), &json!(false)));
        server.stop().await;
    }

    async fn only_the_newest_link_counts_once_and_for_a_quarter_of_an_hour(backend) {
        let (server, _owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let first = token(&server, "owner@example.org", false).await;
        let second = token(&server, "owner@example.org", false).await;
        assert_eq!(redeem(&server, &first, OTHER_PASSWORD).await.problem(), "rescue_link_invalid");
        for made_up in ["", "x", &"A".repeat(43), &second.to_lowercase()] {
            let answer = redeem(&server, made_up, OTHER_PASSWORD).await;
            assert!(["rescue_link_invalid", "fields_invalid"].contains(&answer.problem()), "{}", answer.text);
        }
        let many = futures::future::join_all((0..4).map(|_| redeem(&server, &second, OTHER_PASSWORD))).await;
        assert_eq!(many.iter().filter(|a| a.status == StatusCode::NO_CONTENT).count(), 1);
        let late = token(&server, "owner@example.org", false).await;
        server.advance(Duration::from_secs(15 * 60));
        assert_eq!(redeem(&server, &late, OTHER_PASSWORD).await.problem(), "rescue_link_invalid");
        let preview = server.visitor().post("/api/v1/auth/rescue/preview", json!({"token": late})).await;
        assert_eq!((preview.status, preview.problem()), (StatusCode::FORBIDDEN, "rescue_link_invalid"));
        server.stop().await;
    }

    async fn nobody_and_who_is_locked_out_get_no_link(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        assert!(matches!(make(&server, "nobody@example.org", false).await, Err(RescueRefused::Unknown(_))));
        assert!(matches!(make(&server, "Omar", false).await, Err(RescueRefused::NoAddress(_))));
        let amina = server.invite(&owner, "Amina", "developer").await;
        let early = token(&server, "amina@example.org", false).await;
        let path = format!("/api/v1/users/{}", id_of(&amina).await);
        owner.patch(&path, json!({"status": "disabled"})).await.expect(StatusCode::OK);
        assert!(matches!(make(&server, "amina@example.org", false).await, Err(RescueRefused::Disabled(_))));
        assert_eq!(redeem(&server, &early, OTHER_PASSWORD).await.problem(), "account_disabled");
        step_up(&owner).await;
        owner.delete(&path).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(redeem(&server, &early, OTHER_PASSWORD).await.problem(), "rescue_link_invalid");
        server.stop().await;
    }

    async fn who_tried_too_often_before_comes_in_at_once(backend) {
        let (server, _owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        for _ in 0..5 {
            assert_eq!(try_password(&server, OTHER_PASSWORD).await.problem(), "credentials_wrong");
        }
        assert_eq!(try_password(&server, PASSWORD).await.problem(), "too_many_attempts");
        let token = token(&server, "owner@example.org", false).await;
        redeem(&server, &token, OTHER_PASSWORD).await.expect(StatusCode::NO_CONTENT);
        try_password(&server, OTHER_PASSWORD).await.expect(StatusCode::OK);
        server.stop().await;
    }
}
