//! Signing in with a password, and changing it.

use std::time::Duration;

use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Answer, TestServer, on_every_backend};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{OTHER_PASSWORD, entry, id_of, sign_in, text, tokens};

async fn try_password(server: &TestServer, email: &str, password: &str) -> Answer {
    server.visitor().post("/api/v1/auth/password", json!({"email": email, "password": password})).await
}

/// A problem without what differs from request to request.
fn said(answer: &Answer) -> serde_json::Value {
    let mut json = answer.json.clone();
    json.as_object_mut().expect("a problem").remove("request_id");
    json
}

on_every_backend! {
    async fn the_right_password_lets_in_however_the_address_is_written(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        for email in ["owner@example.org", "OWNER@example.org", " Owner@Example.Org"] {
            let answer = try_password(&server, email, PASSWORD).await;
            assert_eq!(answer.expect(StatusCode::OK)["status"], "signed_in", "{email}");
        }
    }

    async fn nobody_learns_who_has_an_account(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let known = try_password(&server, "owner@example.org", OTHER_PASSWORD).await;
        let unknown = try_password(&server, "nobody@example.org", OTHER_PASSWORD).await;
        assert_eq!(known.status, StatusCode::UNAUTHORIZED);
        assert_eq!((known.status, said(&known)), (unknown.status, said(&unknown)));
        let names = |a: &Answer| a.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&known), names(&unknown));
        // After too many tries both wait alike.
        for email in ["owner@example.org", "nobody@example.org"] {
            for _ in 0..4 {
                assert_eq!(try_password(&server, email, OTHER_PASSWORD).await.problem(), "credentials_wrong");
            }
            let waits = try_password(&server, email, OTHER_PASSWORD).await;
            assert_eq!((waits.status, waits.problem()), (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts"));
            assert!(waits.headers.contains_key("retry-after"));
        }
        assert_eq!(text(&entry(&owner, "sign_in.failed").await, "outcome"), "denied");
    }

    async fn a_new_password_ends_the_other_sessions_and_keeps_this_one(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let elsewhere = sign_in(&server, "owner@example.org").await;
        let program = tokens(&server, "owner@example.org").await;
        let body = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
        owner.put("/api/v1/me/password", body).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(elsewhere.get("/api/v1/me").await.problem(), "session_ended");
        let access = server.visitor().with_token(text(&program, "access_token"));
        assert_eq!(access.get("/api/v1/me").await.problem(), "session_ended");
        let refresh = json!({"refresh_token": program["refresh_token"]});
        assert_eq!(server.visitor().post("/api/v1/auth/refresh", refresh).await.problem(), "refresh_invalid");
        owner.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!(try_password(&server, "owner@example.org", PASSWORD).await.problem(), "credentials_wrong");
        try_password(&server, "owner@example.org", OTHER_PASSWORD).await.expect(StatusCode::OK);
    }

    async fn a_new_password_needs_the_present_one_and_must_be_good(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let put = |body| owner.put("/api/v1/me/password", body);
        let wrong = put(json!({"current_password": OTHER_PASSWORD, "new_password": OTHER_PASSWORD})).await;
        assert_eq!((wrong.status, wrong.problem()), (StatusCode::UNAUTHORIZED, "credentials_wrong"));
        let missing = put(json!({"new_password": OTHER_PASSWORD})).await;
        assert_eq!(missing.problem(), "fields_invalid");
        let weak = put(json!({"current_password": PASSWORD, "new_password": "qwertyuiopasdfgh"})).await;
        assert_eq!(weak.problem(), "password_too_weak");
        assert_eq!(text(&entry(&owner, "user.change_password").await, "outcome"), "denied");
    }

    async fn a_disabled_account_stays_out(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let amina = server.invite(&owner, "Amina", "developer").await;
        let id = id_of(&amina).await;
        owner.patch(&format!("/api/v1/users/{id}"), json!({"status": "disabled"})).await.expect(StatusCode::OK);
        assert_eq!(amina.get("/api/v1/me").await.problem(), "session_ended");
        let right = try_password(&server, "amina@example.org", PASSWORD).await;
        assert_eq!((right.status, right.problem()), (StatusCode::FORBIDDEN, "account_disabled"));
        let wrong = try_password(&server, "amina@example.org", OTHER_PASSWORD).await;
        assert_eq!(wrong.problem(), "credentials_wrong");
    }

    async fn only_listed_addresses_come_in(backend) {
        let allow = |address: &'static str| TestServer::builder().on(backend)
            .config(move |c| c.identity.allowed_addresses = vec![address.parse().expect("a network")]);
        let (server, owner) = allow("127.0.0.0/8").owned().await;
        owner.get("/api/v1/me").await.expect(StatusCode::OK);
        server.stop().await;
        let server = allow("203.0.113.0/24").start().await;
        let refused = try_password(&server, "owner@example.org", PASSWORD).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "address_not_allowed"));
        server.visitor().get("/api/v1/setup").await.expect(StatusCode::OK);
    }

    async fn who_must_have_a_second_factor_can_only_set_one_up(backend) {
        let builder = TestServer::builder().on(backend)
            .config(|c| c.identity.second_factor_required_for = diwan_identity::SecondFactorFor::Admins);
        let (_server, owner) = builder.owned().await;
        let me = owner.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!((&me["second_factor_needed"], &me["permissions"]), (&json!(true), &json!(["profile.self"])));
        let refused = owner.get("/api/v1/users").await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "second_factor_needed"));
        assert!(text(&refused.json, "next").contains("authenticator app"), "{}", refused.text);
        owner.post("/api/v1/me/totp", json!({})).await.expect(StatusCode::OK);
    }

    async fn the_time_does_not_tell_who_has_an_account(backend) {
        let proxies = vec!["127.0.0.1/32".parse().expect("a network")];
        let builder = TestServer::builder().on(backend).config(|c| c.server.trusted_proxies = proxies);
        let (server, _) = builder.owned().await;
        let visitor = server.visitor();
        let clock = diwan_kernel::World::real();
        let mut took = [vec![], vec![]];
        for n in 0..120 {
            for (kind, email) in ["owner@example.org", "nobody@example.org"].into_iter().enumerate() {
                let from = format!("203.0.{kind}.{n}");
                let body = json!({"email": email, "password": OTHER_PASSWORD});
                let start = clock.monotonic();
                let headers = [("x-forwarded-for", &*from)];
                let answer = visitor.send(Method::POST, "/api/v1/auth/password", Some(body), &headers).await;
                took[kind].push(clock.monotonic() - start);
                assert_eq!(answer.problem(), "credentials_wrong");
            }
        }
        // Whatever disturbs makes it longer: the quickest tell most.
        let quickest = |times: &mut Vec<Duration>| { times.sort(); times[times.len() / 10] };
        let [known, unknown] = took.each_mut().map(quickest);
        assert!(known.abs_diff(unknown) < Duration::from_millis(5), "{known:?} and {unknown:?}");
    }

    async fn tries_are_forgotten_with_time(backend) {
        let (server, _) = TestServer::builder().on(backend).manual_clock().owned().await;
        for _ in 0..5 {
            assert_eq!(try_password(&server, "owner@example.org", OTHER_PASSWORD).await.problem(), "credentials_wrong");
        }
        let waits = try_password(&server, "owner@example.org", PASSWORD).await;
        assert_eq!(waits.json["retry_after_s"], 30);
        server.advance(Duration::from_secs(30));
        try_password(&server, "owner@example.org", PASSWORD).await.expect(StatusCode::OK);
    }
}
