//! Sessions: cookies, lists, ends.

use std::time::Duration;

use diwan_testkit::server::PASSWORD;
use diwan_testkit::{TestServer, on_every_backend};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{entry, id_of, sign_in, text, tokens};

const COOKIE: &str = "diwan_session";

on_every_backend! {
    async fn signing_out_ends_the_session_at_once(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let value = owner.cookie(COOKIE).expect("a cookie");
        let answer = owner.post("/api/v1/auth/sign-out", json!({})).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert_eq!(owner.cookie(COOKIE), None);
        let thief = server.visitor();
        thief.set_cookie(COOKIE, &value);
        assert_eq!(thief.get("/api/v1/me").await.problem(), "session_ended");
    }

    async fn the_cookie_is_out_of_reach_for_scripts_and_other_sites(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        let body = json!({"email": "owner@example.org", "password": PASSWORD});
        let answer = server.visitor().post("/api/v1/auth/password", body).await;
        let cookies: Vec<&str> = answer.headers.get_all("set-cookie").iter().filter_map(|v| v.to_str().ok()).collect();
        let session = cookies.iter().find(|c| c.starts_with("diwan_session=")).expect("a session cookie");
        assert!(session.contains("; HttpOnly") && session.contains("; SameSite=Strict") && session.contains("; Path=/"));
        assert!(!session.contains("Domain"), "{session}");
        assert!(cookies.iter().any(|c| c.starts_with("diwan_device=") && c.contains("; HttpOnly")));
    }

    async fn signing_in_again_begins_another_session(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        let person = sign_in(&server, "owner@example.org").await;
        let first = person.cookie(COOKIE);
        let body = json!({"email": "owner@example.org", "password": PASSWORD});
        person.post("/api/v1/auth/password", body).await.expect(StatusCode::OK);
        assert_ne!(person.cookie(COOKIE), first);
    }

    async fn a_session_is_listed_and_ended_from_elsewhere(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let phone = sign_in(&server, "owner@example.org").await;
        let list = owner.get("/api/v1/me/sessions").await.expect(StatusCode::OK);
        let items = list["items"].as_array().expect("items");
        assert_eq!(items.iter().map(|s| &s["current"]).collect::<Vec<_>>(), [false, true]);
        assert_eq!((text(&items[0], "kind"), text(&items[0], "method")), ("browser", "password"));
        assert_eq!(text(&items[0], "address"), "127.0.0.1");
        let id = text(&items[0], "id");
        owner.delete(&format!("/api/v1/me/sessions/{id}")).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(phone.get("/api/v1/me").await.problem(), "session_ended");
        assert_eq!(owner.delete(&format!("/api/v1/me/sessions/{id}")).await.problem(), "not_found");
        assert_eq!(text(&entry(&owner, "session.revoke").await["resource"], "id"), id);
    }

    async fn somebody_elses_session_does_not_exist(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let amina = server.invite(&owner, "Amina", "developer").await;
        let list = owner.get("/api/v1/me/sessions").await.expect(StatusCode::OK);
        let id = text(&list["items"][0], "id");
        assert_eq!(amina.delete(&format!("/api/v1/me/sessions/{id}")).await.problem(), "not_found");
        owner.get("/api/v1/me").await.expect(StatusCode::OK);
    }

    async fn all_others_end_together(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let others = [sign_in(&server, "owner@example.org").await, sign_in(&server, "owner@example.org").await];
        let answer = owner.post("/api/v1/me/sessions/revoke-others", json!({})).await.expect(StatusCode::OK);
        assert_eq!(answer["revoked"], 2);
        for other in &others {
            assert_eq!(other.get("/api/v1/me").await.problem(), "session_ended");
        }
        owner.get("/api/v1/me").await.expect(StatusCode::OK);
    }

    async fn an_admin_ends_the_sessions_of_others_but_not_of_an_owner(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let admin = server.invite(&owner, "Adel", "admin").await;
        let amina = server.invite(&owner, "Amina", "developer").await;
        let (amina_id, owner_id) = (id_of(&amina).await, id_of(&owner).await);
        let list = admin.get(&format!("/api/v1/users/{amina_id}/sessions")).await.expect(StatusCode::OK);
        assert_eq!(list["items"].as_array().expect("items").len(), 1);
        let ended = admin.delete(&format!("/api/v1/users/{amina_id}/sessions")).await.expect(StatusCode::OK);
        assert_eq!(ended["revoked"], 1);
        assert_eq!(amina.get("/api/v1/me").await.problem(), "session_ended");
        let refused = admin.delete(&format!("/api/v1/users/{owner_id}/sessions")).await;
        assert_eq!(refused.problem(), "not_allowed");
    }

    async fn another_role_ends_every_session_of_its_bearer(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let amina = server.invite(&owner, "Amina", "admin").await;
        let program = tokens(&server, "amina@example.org").await;
        let access = server.visitor().with_token(text(&program, "access_token"));
        access.get("/api/v1/me").await.expect(StatusCode::OK);
        let id = id_of(&amina).await;
        owner.patch(&format!("/api/v1/users/{id}"), json!({"role": "viewer"})).await.expect(StatusCode::OK);
        assert_eq!(amina.get("/api/v1/me").await.problem(), "session_ended");
        assert_eq!(access.get("/api/v1/me").await.problem(), "session_ended");
        let again = sign_in(&server, "amina@example.org").await;
        assert_eq!(again.get("/api/v1/users").await.problem(), "not_allowed");
    }

    async fn a_cookie_is_renewed_with_use_and_the_old_value_fades(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let first = owner.cookie(COOKIE).expect("a cookie");
        owner.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!(owner.cookie(COOKIE).as_ref(), Some(&first), "not yet");
        server.advance(Duration::from_secs(15 * 60));
        owner.get("/api/v1/me").await.expect(StatusCode::OK);
        let second = owner.cookie(COOKIE).expect("a cookie");
        assert_ne!(second, first);
        // A browser that lost the answer still holds the first value, and gets the second again.
        let late = server.visitor();
        late.set_cookie(COOKIE, &first);
        late.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!(late.cookie(COOKIE), Some(second));
        // Once the second was used, the first is good for a minute only.
        owner.get("/api/v1/me").await.expect(StatusCode::OK);
        server.advance(Duration::from_secs(59));
        late.set_cookie(COOKIE, &first);
        late.get("/api/v1/me").await.expect(StatusCode::OK);
        server.advance(Duration::from_secs(1));
        late.set_cookie(COOKIE, &first);
        assert_eq!(late.get("/api/v1/me").await.problem(), "session_ended");
        owner.get("/api/v1/me").await.expect(StatusCode::OK);
    }

    async fn a_session_ends_when_nobody_uses_it_and_at_its_end(backend) {
        let builder = TestServer::builder().on(backend).config(|c| {
            c.identity.session_idle_minutes = 30;
            c.identity.session_absolute_hours = 12;
        });
        let (server, owner) = builder.manual_clock().owned().await;
        let idle = sign_in(&server, "owner@example.org").await;
        // Used every twenty minutes it lives for twelve hours, and no longer.
        for _ in 0..35 {
            server.advance(Duration::from_secs(20 * 60));
            owner.get("/api/v1/me").await.expect(StatusCode::OK);
        }
        assert_eq!(idle.get("/api/v1/me").await.problem(), "session_ended");
        server.advance(Duration::from_secs(20 * 60));
        assert_eq!(owner.get("/api/v1/me").await.problem(), "session_ended");
    }

    async fn a_session_outlives_a_restart(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let value = owner.cookie(COOKIE).expect("a cookie");
        let server = server.restart().await;
        let again = server.visitor();
        again.set_cookie(COOKIE, &value);
        again.get("/api/v1/me").await.expect(StatusCode::OK);
    }

    async fn made_up_credentials_are_refused_and_public_pages_still_open(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let program = tokens(&server, "owner@example.org").await;
        let access = text(&program, "access_token");
        let (signed, signature) = access.rsplit_once('.').expect("a signature");
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
        let unsigned = format!("{none}.{}.", signed.split('.').nth(1).expect("claims"));
        for token in [unsigned.as_str(), &format!("{signed}."), &format!("{signed}.{}", &signature[1..]), "x", "dwn_x", ""] {
            let header = format!("Bearer {token}");
            let forged = owner.send(Method::GET, "/api/v1/me", None, &[("authorization", &header)]).await;
            assert_eq!((forged.status, forged.problem()), (StatusCode::UNAUTHORIZED, "token_invalid"), "{token}");
        }
        let stale = server.visitor();
        stale.set_cookie(COOKIE, &"A".repeat(70));
        assert_eq!(stale.get("/api/v1/me").await.problem(), "session_ended");
        stale.get("/api/v1/setup").await.expect(StatusCode::OK);
        let body = json!({"email": "owner@example.org", "password": PASSWORD});
        stale.post("/api/v1/auth/password", body).await.expect(StatusCode::OK);
        stale.get("/api/v1/me").await.expect(StatusCode::OK);
    }

    async fn a_plan_bounds_the_sessions_and_the_oldest_gives_way(backend) {
        let builder = TestServer::builder().on(backend).config(|c| c.identity.default_plan = diwan_identity::Plan::Free);
        let (server, owner) = builder.owned().await;
        let amina = server.invite(&owner, "Amina", "viewer").await;
        for _ in 0..10 {
            sign_in(&server, "amina@example.org").await;
        }
        assert_eq!(amina.get("/api/v1/me").await.problem(), "session_ended");
    }
}
